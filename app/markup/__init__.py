"""HTML in words: rows of pictures, cards, formulas."""
