"""A synthetic aerial scene with exact truth and imprecise map vectors, for the demo, the tests and training."""
