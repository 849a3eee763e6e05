"""Map tools and shortcuts."""
