"""What the controller does, one module a concern."""
