"""The package's own folders."""

from __future__ import annotations

from pathlib import Path

PACKAGE_ROOT = Path(__file__).resolve().parents[2]
RESOURCES = PACKAGE_ROOT / "resources"
