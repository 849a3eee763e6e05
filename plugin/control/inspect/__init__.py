"""Controllers for inspecting steps."""
