"""The page of texts, and what it alone has."""
