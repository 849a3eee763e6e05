"""The worker's Python environment."""
