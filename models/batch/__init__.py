"""Whole scenes from files to files, block by block."""
