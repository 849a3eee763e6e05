"""Refiners, one module each, which compute the scores of a step from those of the previous step."""
