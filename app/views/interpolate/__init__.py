"""The page of paths, and what it alone has."""
