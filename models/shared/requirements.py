"""The libraries that the worker's Python needs, with their lower bounds, as in pyproject.toml."""

from __future__ import annotations

REQUIREMENTS = (
    *("torch>=2.4", "numpy>=1.26", "rasterio>=1.3.9", "shapely>=2.1", "pyogrio>=0.9", "pyproj>=3.6", "scipy>=1.11"),
    *("click>=8.1", "safetensors>=0.4.3", "typing_extensions>=4.4"),
)
MODULES = tuple(requirement.partition(">=")[0] for requirement in REQUIREMENTS)
