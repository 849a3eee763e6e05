"""Sections of the dock."""
