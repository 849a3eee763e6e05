"""Scenes: images on a working grid, with their labels, corrections and training examples."""
