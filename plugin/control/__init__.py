"""Controllers that connect the dock, the worker and the layers."""
