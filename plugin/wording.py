"""Translation, and the wording of durations and fractions."""

from __future__ import annotations

from collections.abc import Iterable

from qgis.PyQt.QtCore import QCoreApplication

from ..models.shared.text import Text

CONTEXT = "MapRefiner"  # for texts outside widgets
WORKER_CONTEXT = "Worker"  # for templates in models/, collected by scripts/translations


def tr(text: str) -> str:
    """Translate a text of the plugin."""
    return QCoreApplication.translate(CONTEXT, text)


def worker_text(text: Text | str) -> str:
    """Translate a text of the worker, or a template without values."""
    template, values = (text, ()) if isinstance(text, str) else (text.template, text.values)
    translated = QCoreApplication.translate(WORKER_CONTEXT, template)
    return translated.format(**dict(values)) if values else translated


def worker_texts(texts: Iterable[Text]) -> str:
    """Translate texts of the worker as one message."""
    return " ".join(map(worker_text, texts))


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
