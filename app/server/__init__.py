"""The server: who may do what on it."""
