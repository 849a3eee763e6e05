"""Checkpoints: storage, compatibility and pretrained weights."""
