"""Map layers and their styles."""
