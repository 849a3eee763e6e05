"""Training pipelines, from examples to the weights file."""
