"""Model kinds, shipped weights and training summaries."""
