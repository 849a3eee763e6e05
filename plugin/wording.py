"""Translation, and the wording of durations and fractions."""

from __future__ import annotations

from collections.abc import Iterable

from qgis.PyQt.QtCore import QCoreApplication

from ..models.shared.events import Failed

CONTEXT = "MapRefiner"  # of texts outside of widgets
WORKER_CONTEXT = "Worker"  # of templates in models/, which scripts/translations collects


def tr(text: str) -> str:
    """Translate a text of the plugin."""
    return QCoreApplication.translate(CONTEXT, text)


def worker_text(template: str, values: Iterable[tuple[str, str | float]] = ()) -> str:
    """Translate a template of the worker and fill in its values."""
    text = QCoreApplication.translate(WORKER_CONTEXT, template)
    filled = dict(values)
    return text.format(**filled) if filled else text


def failure_text(event: Failed) -> str:
    """Return the translated message of a request that failed."""
    return worker_text(event.template, event.values) if event.template else event.message


def milliseconds(value: float) -> str:
    """Format a computing time."""
    return f"{value / 1000:.1f} s" if value >= 1000 else f"{value:.0f} ms"


def duration(seconds: float) -> str:
    """Format a remaining time, rounded to seconds or minutes."""
    if seconds < 60:
        return f"{max(1, round(seconds))} s"
    minutes = round(seconds / 60)
    return f"{minutes} min" if minutes < 60 else f"{minutes // 60} h {minutes % 60} min"


def percent(fraction: float) -> str:
    """Format a fraction as a percentage with at least two significant digits."""
    value = 100 * fraction
    return f"{value:.1f} %" if value >= 0.1 or value == 0 else f"{value:.2g} %"
