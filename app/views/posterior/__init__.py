"""The page of the true posterior, and what it alone has."""
