"""The report page: one self-contained HTML file."""

from __future__ import annotations

import base64
from collections.abc import Iterable, Sequence
from html import escape

from ..wording import tr
from .report import ReportStep, RunReport

NONE = "–"
THIN = "\u202f"  # thousands separator: a comma is the decimal mark in half of the world
HECTARE_M2 = 10_000
STYLE = """
:root { color-scheme: light dark; --line: #c8c8c8; --soft: #f2f2f2; --quiet: #5c5c5c }
@media (prefers-color-scheme: dark) { :root { --line: #4a4a4a; --soft: #2a2a2a; --quiet: #ababab } }
body { font: 15px/1.5 system-ui, sans-serif; max-width: 68rem; margin: 2rem auto; padding: 0 1rem }
h1 { overflow-wrap: anywhere } h2 { margin-top: 2rem }
.wide { overflow-x: auto } .quiet, caption { color: var(--quiet) }
table { border-collapse: collapse } caption { text-align: left }
th, td { padding: .25rem .75rem; border-bottom: 1px solid var(--line); text-align: left; vertical-align: top }
td { overflow-wrap: anywhere } td:not(.n) { min-width: 7rem }
td.n, th.n { text-align: right; font-variant-numeric: tabular-nums }
td.n { white-space: nowrap }
tr.shown { background: var(--soft); font-weight: 600 }
.swatch { display: inline-block; width: .9em; height: .9em; margin-right: .5em; border: 1px solid var(--line) }
figure { display: inline-block; margin: 0 1rem 1rem 0; max-width: 32rem; vertical-align: top }
img { width: 32rem; max-width: 100%; image-rendering: pixelated; border: 1px solid var(--line) }
"""


def page(report: RunReport, table_name: str) -> str:
    """Return the page; `table_name` is the name of the file with the figures next to it."""
    parts = [
        f"<h1>{escape(report.title)}</h1>",
        f'<p class="quiet">{escape(tr("Map Refiner, {}").format(report.made))}. '
        f"{escape(tr('All figures are also in {}.').format(table_name))}</p>",
        _heading(tr("Map")),
        *_pictures(report),
        _heading(tr("Scene")),
        _pairs(report.scene),
        _heading(tr("Models and settings")),
        _pairs(report.models),
        _heading(tr("Steps")),
        _steps(report),
        _heading(tr("Areas at step {}").format(report.shown)),
        _areas(report),
        *_confusion(report),
    ]
    body = "\n".join(parts)
    return (
        '<!DOCTYPE html>\n<html><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        f"<title>{escape(report.title)}</title><style>{STYLE}</style></head>\n<body>\n{body}\n</body></html>\n"
    )


def _pictures(report: RunReport) -> Iterable[str]:
    for picture in report.pictures:
        data, caption = base64.b64encode(picture.png).decode("ascii"), escape(picture.caption)
        yield (
            f'<figure><img alt="{caption}" src="data:image/png;base64,{data}">'
            f"<figcaption>{caption}</figcaption></figure>"
        )
    yield "<p>" + " &emsp; ".join(_named(report, k) for k in range(len(report.classes))) + "</p>"


def _steps(report: RunReport) -> str:
    heads = [tr("Step"), tr("Made by"), tr("Changed pixels")]
    if report.is_measured:
        heads += [tr("Overall accuracy"), tr("Mean IoU"), tr("Mean boundary IoU")]
        heads += [tr("IoU {}").format(name) for name in report.classes]
        heads += [tr("Boundary IoU {}").format(name) for name in report.classes]
    rows = [_step_cells(step, report) for step in report.steps]
    marked = next((n for n, step in enumerate(report.steps) if step.index == report.shown), -1)
    if report.is_measured:
        note = tr(
            "Fractions from 0 to 1, against the labels chosen under Train. Scores are optimistic where "
            "the model was trained on these labels. The boundary IoU covers the pixels within 2 pixels "
            "of the outlines."
        )
    else:
        note = tr("The accuracy was not evaluated. Choose labels under Train and click Evaluate.")
    return _table(heads, rows, (1,), marked) + f'<p class="quiet">{escape(note)}</p>'


def _step_cells(step: ReportStep, report: RunReport) -> list[str]:
    cells = [str(step.index), escape(step.maker), NONE if step.changed is None else f"{100 * step.changed:.2f} %"]
    if not report.is_measured:
        return cells
    found, count = step.accuracy, len(report.classes)
    if found is None:
        return cells + [NONE] * (3 + 2 * count)
    values = [found.overall, found.mean_iou, found.mean_boundary_iou]
    for by_class in (found.iou, found.boundary_iou):
        values += (*by_class[:count], *[None] * (count - len(by_class)))
    return cells + [NONE if value is None else f"{value:.4f}" for value in values]


def _areas(report: RunReport) -> str:
    total = max(1, sum(report.pixels))
    rows = []
    for k, pixels in enumerate(report.pixels):
        area = report.area_m2(pixels)
        ground = [NONE, NONE] if area is None else [_number(area), _number(area / HECTARE_M2, 4)]
        rows.append([_named(report, k), _number(pixels), f"{100 * pixels / total:.2f} %", *ground])
    heads = [tr("Class"), tr("Pixels"), tr("Share"), tr("Area (m²)"), tr("Area (ha)")]
    note = tr("Areas are pixel counts times the ground area of a pixel at the centre of the scene.")
    if report.pixel_m2 is None:
        note = tr("The image has no CRS, so areas on the ground are unknown.")
    return _table(heads, rows, (0,)) + f'<p class="quiet">{escape(note)}</p>'


def _confusion(report: RunReport) -> Iterable[str]:
    if not report.confusion:
        return
    yield _heading(tr("Confusion matrix of step {}").format(report.shown))
    heads = [tr("True class"), *(tr("mapped as {}").format(name) for name in report.classes)]
    yield _table(heads, [[_named(report, k), *map(_number, row)] for k, row in enumerate(report.confusion)], (0,))
    yield f'<p class="quiet">{escape(tr("Labelled pixels."))}</p>'


def _number(value: float, decimals: int = 0) -> str:
    return f"{value:_.{decimals}f}".replace("_", THIN)


def _named(report: RunReport, index: int) -> str:
    swatch = f'<span class="swatch" style="background: {escape(report.colours[index])}"></span>'
    return f"<span>{swatch}{escape(report.classes[index])}</span>"


def _pairs(pairs: Sequence[tuple[str, str]]) -> str:
    rows = "\n".join(f"<tr><th>{escape(what)}</th><td>{escape(value)}</td></tr>" for what, value in pairs)
    return f'<div class="wide"><table>{rows}</table></div>'


def _table(heads: Sequence[str], rows: Sequence[Sequence[str]], texts: Sequence[int], marked: int = -1) -> str:
    """Return an HTML table; `heads` are plain text, `rows` are HTML, and `texts` lists the columns without numbers."""
    kinds = ["" if column in texts else ' class="n"' for column in range(len(heads))]
    head = "".join(f"<th{kind}>{escape(text)}</th>" for kind, text in zip(kinds, heads))
    lines = [
        ('<tr class="shown">' if n == marked else "<tr>")
        + "".join(f"<td{kind}>{cell}</td>" for kind, cell in zip(kinds, cells))
        + "</tr>"
        for n, cells in enumerate(rows)
    ]
    return f'<div class="wide"><table><tr>{head}</tr>\n' + "\n".join(lines) + "</table></div>"


def _heading(text: str) -> str:
    return f"<h2>{escape(text)}</h2>"
