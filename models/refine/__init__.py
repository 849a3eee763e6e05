"""Refiners, one module each: from the scores of one step to those of the next."""
