"""The page of one style in every class, and what it alone has."""
