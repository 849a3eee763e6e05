"""Code that the plugin and the worker share; standard library only."""
