"""Sessions: a scene with its refinement steps, previews, corrections and derived layers."""
