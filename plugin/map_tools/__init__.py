"""map_tools."""
