"""The content of a run's report, its table of figures, and the writing of both files."""

from __future__ import annotations

import csv
import io
import os
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from ..errors import UserError
from ..state import StepAccuracy
from ..wording import tr

TABLE_COLUMNS = ("table", "step", "class", "measure", "value")
FORMULA = ("=", "+", "-", "@", "\t", "\r")  # first characters that make a spreadsheet compute a cell
Row = tuple[str, str, str, str, str]


@dataclass(frozen=True)
class ReportStep:
    """One step; `changed` is the fraction of changed pixels, None for the coarse map."""

    index: int
    maker: str  # the coarse model, or the refiner
    changed: float | None = None
    accuracy: StepAccuracy | None = None


@dataclass(frozen=True)
class Picture:
    """A picture of a map."""

    caption: str
    png: bytes


@dataclass(frozen=True)
class RunReport:
    """The content of a report. Names are not escaped: the writer of each format escapes them."""

    title: str
    made: str  # date and time
    scene: tuple[tuple[str, str], ...]  # name and value
    models: tuple[tuple[str, str], ...]
    classes: tuple[str, ...]  # background first
    colours: tuple[str, ...]  # "#rrggbb", by class
    steps: tuple[ReportStep, ...]
    shown: int
    pixels: tuple[int, ...] = ()  # per class at the shown step
    pixel_m2: float | None = None  # ground area of a pixel; None: unknown
    pictures: tuple[Picture, ...] = ()

    @property
    def is_measured(self) -> bool:
        """Return whether the accuracy of any step is known."""
        return any(step.accuracy is not None for step in self.steps)

    @property
    def confusion(self) -> tuple[tuple[int, ...], ...]:
        """Return the pixels of the shown step by true class, then by mapped class; empty if it was not evaluated."""
        found = next((step.accuracy for step in self.steps if step.index == self.shown), None)
        return found.confusion if found is not None else ()

    def area_m2(self, pixels: int) -> float | None:
        """Return the ground area of pixels in square metres, or None if it is unknown."""
        return None if self.pixel_m2 is None else pixels * self.pixel_m2


def table(report: RunReport) -> str:
    """Return the figures as CSV in full precision, one figure per row."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(TABLE_COLUMNS)
    writer.writerows((*map(_plain, row[:4]), _value(row)) for row in _rows(report))
    return text.getvalue()


def write(page: str, figures: str, path: Path, check: Callable[[], None] = lambda: None) -> Path:
    """Write a page and a table next to it, each completely or not at all. Return the path of the table.

    `check` is called before the files are moved into place, and may raise to leave everything unchanged.

    Raises:
        UserError: if a file cannot be written.
    """
    figures_path = path.with_suffix(".csv")
    targets = ((figures_path, figures, "utf-8-sig"), (path, page, "utf-8"))  # spreadsheets need the BOM
    parts = [target.with_name(f".{target.name}.part") for target, _, _ in targets]
    try:
        for part, (_, text, encoding) in zip(parts, targets):
            part.write_bytes(text.encode(encoding, errors="replace"))
        check()
        for part, (target, _, _) in zip(parts, targets):
            os.replace(part, target)
    except OSError as error:
        sentence = tr(
            "The report cannot be written to {}: {}. Close the files where they are open, make room, or choose "
            "another place."
        )
        raise UserError(sentence.format(path.parent, error.strerror or error)) from error
    finally:
        for part in parts:
            _remove(part)
    return figures_path


def _remove(part: Path) -> None:
    try:
        part.unlink(missing_ok=True)
    except OSError:
        return  # the folder is missing or locked, which is reported already


def _rows(report: RunReport) -> Iterator[Row]:
    for name, pairs in (("scene", report.scene), ("models", report.models)):
        yield from ((name, "", "", what, value) for what, value in pairs)
    for step in report.steps:
        index = str(step.index)
        yield ("steps", index, "", "made by", step.maker)
        if step.changed is not None:
            yield ("steps", index, "", "changed fraction", repr(step.changed))
        if step.accuracy is not None:
            yield from _accuracy_rows(report, index, step.accuracy)
    shown = str(report.shown)
    for name, pixels in zip(report.classes, report.pixels):
        yield ("areas", shown, name, "pixels", str(pixels))
        area = report.area_m2(pixels)
        if area is not None:
            yield ("areas", shown, name, "area m2", f"{area:.2f}")
    for truth, row in zip(report.classes, report.confusion):
        yield from (
            ("confusion", shown, truth, f"pixels mapped as {name}", str(n)) for name, n in zip(report.classes, row)
        )


def _accuracy_rows(report: RunReport, index: str, accuracy: StepAccuracy) -> Iterator[Row]:
    yield ("accuracy", index, "", "overall accuracy", repr(accuracy.overall))
    yield ("accuracy", index, "", "mean IoU", repr(accuracy.mean_iou))
    if accuracy.mean_boundary_iou is not None:
        yield ("accuracy", index, "", "mean boundary IoU", repr(accuracy.mean_boundary_iou))
    for measure, values in (("IoU", accuracy.iou), ("boundary IoU", accuracy.boundary_iou)):
        for name, value in zip(report.classes, values):
            if value is not None:
                yield ("accuracy", index, name, measure, repr(value))


def _value(row: Row) -> str:
    """Return the last cell of a row; only text is protected from being read as a formula."""
    is_text = row[0] in ("scene", "models") or row[3] == "made by"
    return _plain(row[4]) if is_text else row[4]


def _plain(text: str) -> str:
    """Keep a spreadsheet from computing a file name or class name as a formula."""
    return f"'{text}" if text.startswith(FORMULA) else text
