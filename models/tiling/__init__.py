"""Tiled inference, the same for sessions, previews, whole scenes and clusters."""
