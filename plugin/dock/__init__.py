"""The dock and its widgets."""
