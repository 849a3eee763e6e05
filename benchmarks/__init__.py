"""Benchmarks of map quality and processing speed. Not part of the released package."""
