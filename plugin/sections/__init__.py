"""The sections of the dock, one module each: widgets, signals out, setters in."""
