"""One idea a page, on a real model, with one thing to do."""
