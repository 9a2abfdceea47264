"""The page that trains: a form for the next run, and what is seen of those that there are."""
