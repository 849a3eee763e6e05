"""The foot of the dock: the device, what runs now, and the ways out."""

from __future__ import annotations


def milliseconds(value: float) -> str:
    """Write a time of computing."""
    return f"{value / 1000:.1f} s" if value >= 1000 else f"{value:.0f} ms"


def duration(seconds: float) -> str:
    """Write about how long something still takes."""
    if seconds < 60:
        return f"{max(1, round(seconds))} s"
    minutes = round(seconds / 60)
    return f"{minutes} min" if minutes < 60 else f"{minutes // 60} h {minutes % 60} min"


def percent(fraction: float) -> str:
    """Write a fraction as a percentage with two digits that count."""
    value = 100 * fraction
    return f"{value:.1f} %" if value >= 0.1 or value == 0 else f"{value:.2g} %"

