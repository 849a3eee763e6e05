"""Widgets of the dock."""
