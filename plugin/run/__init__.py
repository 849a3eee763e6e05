"""Runs, scenes and extents."""
