"""Devices, threads, process groups, clusters and progress."""
