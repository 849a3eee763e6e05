"""The common framework of all benchmarks: options, cached results, and the results page under docs/measured/.

A benchmark measures cells: one kind (of model or case) on one scene with one seed. Each cell's result is a JSON file,
so an interrupted run resumes with the next cell, and a later run adds scenes, kinds and seeds to the page.
"""

from __future__ import annotations

import argparse
import itertools
import json
import re
import shlex
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import torch
from map_refiner.models.errors import RefinerError
from map_refiner.models.io.raster_reader import environment
from map_refiner.models.runtime import device as devices

from .machine import describe_machine

ROOT = Path(__file__).resolve().parents[1]
PAGES = ROOT / "docs" / "measured"
RESULTS = ROOT / "build" / "benchmarks"
Values = dict[str, Any]  # result of a cell, as JSON


class UsageError(Exception):
    """A usage error; the message is a full sentence."""


@dataclass(frozen=True)
class Cell:
    """One measurement: a kind on a scene with a seed."""

    scene: str = ""
    kind: str = ""
    seed: int = 0

    def file_name(self) -> str:
        """Return the name of the cell's result file."""
        words = filter(None, (self.scene, self.kind, str(self.seed), "json"))
        return re.sub(r"[^\w.-]+", "_", ".".join(words))


class Results(dict[Cell, Values]):
    """Cached results of a benchmark, in the order of its scenes, kinds and seeds."""

    def scenes(self) -> list[str]:
        """Return the scenes that have results."""
        return list(dict.fromkeys(cell.scene for cell in self))

    def kinds(self, scene: str | None = None) -> list[str]:
        """Return the kinds that have results, on one scene or on any."""
        return list(dict.fromkeys(cell.kind for cell in self if scene in (None, cell.scene)))

    def seeds(self) -> list[int]:
        """Return the seeds that have results."""
        return sorted({cell.seed for cell in self})

    def by_seed(self, scene: str = "", kind: str = "") -> dict[int, Values]:
        """Return the results of one kind on one scene, by seed."""
        return {cell.seed: values for cell, values in self.items() if (cell.scene, cell.kind) == (scene, kind)}


@dataclass(frozen=True)
class Option:
    """An option of one benchmark; its type is the type of the default, and a tuple accepts several values."""

    name: str
    default: Any
    help: str
    choices: Sequence[str] | None = None
    changes_results: bool = True  # different values are cached in different folders

    def add_to(self, parser: argparse.ArgumentParser) -> None:
        """Add the option to an argument parser."""
        flag = f"--{self.name.replace('_', '-')}"
        if isinstance(self.default, bool):
            parser.add_argument(flag, action="store_true", help=self.help)
            return
        several = isinstance(self.default, tuple)
        kind = type(self.default[0] if several else self.default)
        default = " ".join(_texts(self.default))
        text = f"{self.help} (default: {default})" if default else self.help
        parser.add_argument(
            flag, type=kind, nargs="*" if several else None, default=self.default, choices=self.choices, help=text
        )


@dataclass(frozen=True)
class Settings:
    """Options of a run."""

    results: Path  # results folder of all benchmarks
    folder: Path  # cell folder of this benchmark
    pages: Path
    options: argparse.Namespace
    device: torch.device
    data_folder: Path | None = None

    @property
    def data(self) -> Path:
        """Return the folder of scenes.

        Raises:
            UsageError: if the folder is not given or does not exist.
        """
        if self.data_folder is None:
            raise UsageError("This benchmark reads scenes from a folder: give it with --data FOLDER.")
        if not self.data_folder.is_dir():
            raise UsageError(f"The folder of scenes {self.data_folder} does not exist.")
        return self.data_folder

    def work_folder(self, name: str) -> Path:
        """Return a folder for the intermediate files of this benchmark."""
        folder = self.folder / "work" / name
        folder.mkdir(parents=True, exist_ok=True)
        return folder

    def shared_folder(self, name: str) -> Path:
        """Return a folder for intermediate files that several benchmarks use."""
        folder = self.results / name
        folder.mkdir(parents=True, exist_ok=True)
        return folder


@dataclass(frozen=True)
class Page:
    """The text of a results page; `name` and `title` override the benchmark's, `files` are written next to the page."""

    about: str
    table: str
    name: str | None = None
    title: str | None = None
    files: Mapping[str | Path, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Benchmark:
    """A measurement and the page that shows its results."""

    name: str  # also names the module, results folder and page
    title: str
    run: Callable[[Settings, Cell], Values]
    table: Callable[[Settings, Results], Page]
    scenes: Sequence[str] = ("",)
    kinds: Sequence[str] = ("",)
    seeds: Sequence[int] = ()  # default; empty if results do not depend on a seed
    usual_scenes: Sequence[str] = ()  # scenes run by default; empty for all
    options: Sequence[Option] = ()
    reads_data: bool = True
    has_page: bool = True  # if False, the table is only printed
    has_device: bool = False
    is_timed: bool = False  # times are compared within one run, so each run repeats every cell
    threads: int | None = None  # default; None for all cores
    cells: Callable[[Settings], Iterable[Cell]] | None = None  # default: every seed with every kind and scene
    summary: Callable[[Values], str] | None = None  # of one cell, printed when it finishes

    def parser(self) -> argparse.ArgumentParser:
        """Return the argument parser."""
        parser = argparse.ArgumentParser(prog=f"python -m benchmarks {self.name}", description=self.title)
        parser.set_defaults(data=None, device="cpu", scenes=self.scenes, kinds=self.kinds, seeds=(0,))
        if self.reads_data:
            parser.add_argument("--data", type=Path, help="folder of scenes")
        for name, known, usual in (("scenes", self.scenes, self.usual_scenes), ("kinds", self.kinds, ())):
            if len(known) > 1:
                text = f"of {', '.join(known)} (default: {' '.join(usual) or 'all'})"
                parser.add_argument(
                    f"--{name}", nargs="+", choices=known, default=usual or known, metavar=name.upper(), help=text
                )
        if self.seeds:
            text = f"numbers (default: {' '.join(_texts(self.seeds))})"
            parser.add_argument("--seeds", type=int, nargs="+", default=self.seeds, metavar="SEEDS", help=text)
        for option in self.options:
            option.add_to(parser)
        if self.has_device:
            parser.add_argument("--device", default="cpu", help="cpu, cuda, cuda:N, mps or auto (default: cpu)")
        text = "all cores" if self.threads is None else str(self.threads)
        parser.add_argument("--threads", type=int, default=self.threads, help=f"threads to use (default: {text})")
        parser.add_argument("--results", type=Path, default=RESULTS, help="folder of cached results and scratch files")
        parser.add_argument("--pages", type=Path, default=PAGES, help="folder of the page")
        parser.add_argument("--only-write", action="store_true", help="write the page from cached results only")
        return parser

    def command(self, given: argparse.Namespace, results: Results) -> str:
        """Return the command that reproduces the whole page, without folders and threads."""
        words = ["python", "-m", "benchmarks", self.name]
        usual = self.parser().parse_args([])
        values = {name: getattr(given, name) for name in ("scenes", "kinds", "seeds")}
        if self.cells is None:  # the page also includes cells of earlier runs
            values = {"scenes": results.scenes(), "kinds": results.kinds(), "seeds": results.seeds()}
        for name in (*(option.name for option in self.options), "device"):
            values[name] = getattr(given, name)
        for name, value in values.items():
            if set(_texts(value)) != set(_texts(getattr(usual, name))):
                words += [f"--{name.replace('_', '-')}", *(_texts(value) if value is not True else ())]
        return shlex.join(words)

    def settings(self, given: argparse.Namespace) -> Settings:
        """Select the device and the threads, and return the settings of a run.

        Raises:
            UsageError: if the device does not exist.
        """
        devices.use_all_cores()
        if given.threads:
            torch.set_num_threads(given.threads)
        folder = given.results / self.name
        for option in self.options:
            value = getattr(given, option.name)
            if option.changes_results and _texts(value) != _texts(option.default):
                folder /= f"{option.name}={'_'.join(_texts(value))}".replace("/", "_")
        try:
            device = devices.choose_device(given.device)
        except RefinerError as error:
            raise UsageError(str(error)) from error
        if device.type != "cpu":
            folder /= str(device)
        return Settings(given.results, folder, pages=given.pages, options=given, device=device, data_folder=given.data)

    def missing(self, settings: Settings) -> list[Cell]:
        """Return the cells to measure in this run."""
        given = settings.options
        if self.cells is not None:
            wanted = list(self.cells(settings))
        else:
            wanted = [
                Cell(scene, kind, seed)
                for seed, kind, scene in itertools.product(given.seeds, given.kinds, given.scenes)
            ]
        return [cell for cell in wanted if self.is_timed or not (settings.folder / cell.file_name()).exists()]

    def main(self, arguments: Sequence[str]) -> None:
        """Run the missing cells, and write the page from all cached results.

        Raises:
            UsageError: if there are no results to show.
        """
        given = self.parser().parse_args(arguments)
        settings = self.settings(given)
        if not given.only_write:
            with environment():
                self._measure(settings)
        results = read_results(settings.folder, self.scenes, self.kinds)
        if not results:
            raise UsageError(f"There are no results of {self.name} in {settings.folder} yet.")
        page = self.table(settings, results)
        if self.has_page:
            page = replace(page, name=page.name or self.name, title=page.title or self.title)
            write_page(given.pages, page, self.command(given, results))
        print(page.table)

    def _measure(self, settings: Settings) -> None:
        missing = self.missing(settings)
        if self.is_timed:
            for path in settings.folder.glob("*.json"):
                path.unlink()
        settings.folder.mkdir(parents=True, exist_ok=True)
        for number, cell in enumerate(missing, start=1):
            started = time.monotonic()
            values = self.run(settings, cell)
            write_result(settings.folder, cell, values)
            words = filter(None, (cell.scene, cell.kind, f"seed {cell.seed}" if self.seeds else ""))
            label = ", ".join((f"{number} of {len(missing)}", *words))
            summary = f": {self.summary(values)}" if self.summary else ""
            print(f"{label}{summary} ({time.monotonic() - started:.0f} s)", flush=True)


def write_result(folder: Path, cell: Cell, values: Values) -> None:
    """Write the result of a cell atomically."""
    content = {"scene": cell.scene, "kind": cell.kind, "seed": cell.seed, "values": values}
    part = folder / f"{cell.file_name()}.part"
    part.write_text(json.dumps(content), encoding="utf-8")
    part.replace(folder / cell.file_name())


def read_results(folder: Path, scenes: Sequence[str] = ("",), kinds: Sequence[str] = ("",)) -> Results:
    """Read the cached results of the given scenes and kinds, in that order; an empty sequence accepts all."""
    found = Results()
    for path in sorted(folder.glob("*.json")):
        content = json.loads(path.read_text(encoding="utf-8"))
        cell = Cell(content["scene"], content["kind"], content["seed"])
        if (not scenes or cell.scene in scenes) and (not kinds or cell.kind in kinds):
            found[cell] = content["values"]

    def order(cell: Cell) -> tuple[int, int, int]:
        return scenes.index(cell.scene) if scenes else 0, kinds.index(cell.kind) if kinds else 0, cell.seed

    return Results((cell, found[cell]) for cell in sorted(found, key=order))


def write_page(folder: Path, page: Page, command: str) -> None:
    """Write a page and its accompanying files."""
    folder.mkdir(parents=True, exist_ok=True)
    head = f"# {page.title}\n\nWritten by `{command}` on {describe_machine()}."
    text = f"{head}\n\n{page.about.strip()}\n\n{page.table.strip()}\n"
    (folder / f"{page.name}.md").write_text(text, encoding="utf-8")
    for path, content in page.files.items():
        (folder / path).write_text(content, encoding="utf-8")


def markdown_table(heads: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """Return a Markdown table."""
    lines = [f"| {' | '.join(heads)} |", "|" + "---|" * len(heads)]
    return "\n".join([*lines, *(f"| {' | '.join(row)} |" for row in rows)])


def _texts(value: Any) -> list[str]:
    return [str(each) for each in value] if isinstance(value, (list, tuple)) else [str(value)]
