"""What explorers are asked: one study a module."""
