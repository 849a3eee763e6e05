"""Controllers of the corrections."""
