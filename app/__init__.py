"""The explorer in the browser: a page shows, a figure draws, an explorer computes."""
