"""Coarse models that classify single spectra."""
