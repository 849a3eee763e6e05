"""Coarse models, one module each: from an image to the scores of step 0."""
