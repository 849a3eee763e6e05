"""Arrays on a pixel grid: score maps, tiles, borders and statistics."""
