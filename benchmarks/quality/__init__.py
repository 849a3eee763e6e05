"""Quality benchmarks: accuracy on labelled scenes."""
