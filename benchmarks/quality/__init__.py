"""Benchmarks of quality: accuracy on scenes with labels."""
