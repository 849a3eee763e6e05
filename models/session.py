"""One scene being refined: its image, every step since the coarse map, and the refiner that makes them."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing, suppress
from dataclasses import asdict
from functools import partial
from pathlib import Path

import numpy as np
import torch

from .checkpoint import Card, load_coarse, load_refiner
from .coarse.existing import ExistingScores
from .coarse.model import Pyramid, score_levels
from .corrections import bind, read_corrections
from .device import SMALLEST_TILE, TILE, out_of_memory, tile_side
from .errors import CheckpointError, LabelError, RefinerError
from .files import write_whole
from .overlap import Behind, ahead
from .progress import Watch, share
from .rasters import NODATA, GridReader
from .refine.kinds import UNTAUGHT, make
from .refine.refiner import Refiner
from .refine.run import margin
from .scene import Scene
from .score_maps import LOG_FLOOR, Labels, Mask, ScoreMaps, Scores, Window
from .steps import Step, StepWriter
from .tile_step import best_classes, prepare_tile, refine_tile, undecided
from .tiles import Tile, tiles

MANIFEST = "session.json"


class Session:
    """A scene with its history of steps on disk; created, used and dropped."""

    def __init__(self, scene: Scene, run_dir: str | Path, device: torch.device) -> None:
        """Begin an empty history in an existing folder."""
        self.scene = scene
        self.run_dir = Path(run_dir)
        self.device = device
        self.classes: tuple[str, ...] = ()
        self.history: list[Step] = []
        self.levels: tuple[tuple[str, Step], ...] = ()  # by name, what led to the coarse map; seen, never refined
        self.refiner: Refiner | None = None
        self.refiner_path = ""
        self._maker = ""  # the refiner, as the steps that it made know it
        self._refined_classes: tuple[str, ...] = ()  # that the refiner is for
        self.corrections: Labels | None = None  # on the whole grid
        self.corrections_path = ""
        self._superseded: list[str] = []  # rasters that a correction has replaced
        self.notices: list[str] = []  # sentences for the analyst that no result carries
        self._serial = 0  # makes file names that were never used before: QGIS may hold the old ones open
        self._prepared: tuple[str, torch.Tensor] | None = None  # by the state it began with, where the scene is whole
        whole = max(scene.grid.width, scene.grid.height)
        self._tile = whole if scene.is_small else scene.affordable(tile_side(device))
        if scene.warning:
            self.notices.append(scene.warning)

    # --- step 0 ----------------------------------------------------------------------------------------------

    def classify(self, model_path: str, watch: Watch) -> Step:
        """Make step 0 with a coarse model.

        Raises:
            CheckpointError: for weights that do not fit the bands of the scene.
        """
        model, card = load_coarse(model_path, self.device)
        check_bands(card, self.scene, model_path)

        def logits(window: Window) -> tuple[list[Scores], Mask]:
            levels = score_levels(model, self.scene, window, self.device, card.statistics)
            return levels, self.scene.read(window)[1]

        coarser = model.coarser if isinstance(model, Pyramid) else ()
        return self._begin(logits, card.classes, watch, self.scene.affordable(512), coarser)

    def load_scores(self, path: str, watch: Watch) -> Step:
        """Make step 0 from a raster of scores."""
        existing = ExistingScores(path, self.scene.grid)
        try:

            def logits(window: Window) -> tuple[list[Scores], Mask]:
                maps, valid = existing.read(window)
                return [maps], valid & self.scene.read(window)[1]

            return self._begin(logits, existing.classes, watch, tile=TILE)
        finally:
            existing.close()

    def _begin(
        self,
        logits: Callable[[Window], tuple[list[Scores], Mask]],
        classes: tuple[str, ...],
        watch: Watch,
        tile: int,
        coarser: tuple[str, ...] = (),
    ) -> Step:
        """Make step 0 of the last of the levels; the coarser ones, by their names, are for seeing alone."""
        grid = self.scene.grid
        if self.corrections is not None and classes != self.classes:
            self.notices.append(f"The corrections were for the classes {', '.join(self.classes)}; they bind no longer.")
            self.corrections, self.corrections_path = None, ""
        seconds, known = 0.0, False
        with ExitStack() as files:
            size = self.scene.pixel_size_m
            seen = [
                files.enter_context(StepWriter(self._names(0), self.run_dir, grid, classes, size, keep_state=True))
                for _ in coarser
            ]
            writer = files.enter_context(StepWriter(self._names(0), self.run_dir, grid, classes, size))
            behind = files.enter_context(Behind())
            parts = [part.core for part in tiles(grid.height, grid.width, tile, 0)]
            for n, window in enumerate(parts):
                started = time.perf_counter()
                levels, valid = logits(window)
                seconds += time.perf_counter() - started
                for level, maps in zip(seen, levels):
                    behind.do(partial(level.write, maps, valid, window))
                log = torch.log_softmax(torch.from_numpy(levels[-1]), dim=0).clamp_min(np.log(LOG_FLOOR)).numpy()
                behind.do(partial(writer.write, log, valid, window, self.bound(log, window)))
                known = known or bool(valid.any())
                watch((n + 1) / len(parts))
            if not known:
                raise RefinerError("There is no data within the scene; choose another area, or scores that lie on it.")
        self.classes = classes
        self.history = [writer.step(None, seconds * 1000)]
        self.levels = tuple((name, level.step(None, 0.0)) for name, level in zip(coarser, seen, strict=True))
        if self.refiner is not None and self._refined_classes != classes:
            self.notices.append(f"The refiner was for the classes {', '.join(self._refined_classes)}; choose another.")
            self.refiner, self.refiner_path, self._prepared = None, "", None
        self.save()
        return self.history[0]

    # --- refining --------------------------------------------------------------------------------------------

    def load_refiner(self, path: str) -> Card:
        """Take the refiner from a file of weights, or the kind that needs none.

        Raises:
            CheckpointError: for weights that do not fit the bands or the classes of the scene.
        """
        if path in UNTAUGHT:
            return self._make_refiner(path)
        refiner, card = load_refiner(path, self.device)
        check_bands(card, self.scene, path)
        if self.classes:
            check_classes(card, self.classes, path)
        self.use_refiner(refiner, path, card.classes)
        return card

    def _make_refiner(self, kind: str) -> Card:
        """Take a refiner that works untaught, with its usual parameters."""
        if not self.classes:
            raise RefinerError("There is no coarse map yet; classify the scene first.")
        refiner = make(kind, len(self.classes), len(self.scene.bands)).to(self.device)
        self.use_refiner(refiner, kind, self.classes)
        return Card(kind, self.classes, len(self.scene.bands), self.scene.pixel_size_m)

    def use_refiner(self, refiner: Refiner, path: str, classes: tuple[str, ...]) -> None:
        """Refine these classes with this from now on."""
        self.refiner, self.refiner_path, self._prepared = refiner, str(path), None
        self._maker = _maker(self.refiner_path)
        self._refined_classes = classes
        self.save()

    def step(
        self, start: int, count: int, watch: Watch, before: Callable[[int], None] = lambda start: None
    ) -> Iterator[Step]:
        """Refine `count` times from step `start`; yield each step once it is on disk in place of what came after.

        `before` is told of each step that is about to be refined.
        """
        if not self.history:
            raise RefinerError("There is no coarse map yet; classify the scene first.")
        if not 0 <= start < len(self.history):
            raise RefinerError(f"There is no step {start}; the last one is {len(self.history) - 1}.")
        if self.refiner is None:
            raise RefinerError("There is no refiner yet; choose one, or teach one on a labelled tile.")
        for done in range(count):
            before(start + done)
            step = self._advance(start + done, share(watch, done / count, 1 / count))
            self.history[start + done + 1 :] = [step]
            self.save()
            yield step

    def steps_made(self, start: int) -> int:
        """Return how many steps in a row the refiner in use has made up to step `start`; after another's, none."""
        step = self.history[start]
        return step.age if step.refiner == self._maker else 0

    def back(self) -> Step:
        """Forget the last step, and return the one before."""
        if len(self.history) < 2:
            raise RefinerError("This is the coarse map; there is no step before it.")
        self.history.pop()
        self.save()
        return self.history[-1]

    def _advance(self, start: int, watch: Watch) -> Step:
        """Make the step after `start`, with smaller tiles and then on the CPU where the device's memory runs out."""
        while True:
            try:
                return self._advance_tiled(start, watch)
            except (RuntimeError, MemoryError) as error:
                if not out_of_memory(error):
                    raise
                self._prepared = None
                if self._tile > SMALLEST_TILE:
                    self._tile = max(SMALLEST_TILE, min(self._tile, 2 * TILE) // 2)
                    self.notices.append(f"Out of memory on {self.device}: going on with tiles of {self._tile} pixels.")
                elif self.device.type != "cpu" and self.refiner is not None:
                    self.notices.append(f"Out of memory on {self.device}: going on with the CPU.")
                    self.device = torch.device("cpu")
                    self.refiner = self.refiner.to(self.device)
                else:
                    raise RefinerError("There is too little memory even for the smallest tiles.") from error

    def _advance_tiled(self, start: int, watch: Watch) -> Step:
        grid, refiner = self.scene.grid, self.refiner
        if refiner is None:
            raise RefinerError("There is no refiner yet; choose one, or teach one on a labelled tile.")
        origin = self.history[start]
        index = self.steps_made(start)
        beginning = self.history[start - index].state
        if self._prepared is not None and self._prepared[0] != beginning:
            self._prepared = None
        memory = refiner.channels - refiner.classes
        parts = list(tiles(grid.height, grid.width, self._tile, margin(refiner)))
        flips = pixels = 0
        seconds = 0.0
        with (
            GridReader(self.run_dir / origin.state) as before,
            GridReader(self.run_dir / beginning) as first,
            StepWriter(
                self._names(start + 1), self.run_dir, grid, self.classes, self.scene.pixel_size_m, memory
            ) as writer,
            Behind() as behind,
        ):
            count = len(self.classes)
            bands = range(1, (refiner.channels if index else count) + 1)
            is_prepared = self._prepared is not None and len(parts) == 1

            def read(tile: Tile) -> tuple[Tile, Scores, Scores, Scores, Mask]:
                state = self.bound(before.values(bands, tile.outer), tile.outer)
                begun = state
                if index and not is_prepared:
                    begun = self.bound(first.values(range(1, count + 1), tile.outer), tile.outer)
                image, valid = self.scene.read(tile.outer)
                return tile, state, begun, image, valid & (state[0] != NODATA)

            with closing(ahead(read, parts)) as reads:
                for n, (tile, state, begun, image, valid) in enumerate(reads):
                    keep = beginning if len(parts) == 1 else ""
                    started = time.perf_counter()
                    prepared = self._prepare(refiner, tile, begun, image, valid, keep)
                    after = refine_tile(refiner, tile, state, prepared, valid, index, self.device)
                    seconds += time.perf_counter() - started
                    rows, columns = tile.core.slices(tile.outer)
                    kept = valid[rows, columns]
                    seen = self.bound(after, tile.core)
                    old, new = best_classes(state[:count, rows, columns]), best_classes(seen[:count])
                    flips += int(np.count_nonzero((old != new) & kept))
                    pixels += int(np.count_nonzero(kept))
                    behind.do(partial(writer.write, after, kept, tile.core, seen))
                    watch((n + 1) / len(parts))
        return writer.step(flips / max(1, pixels), seconds * 1000, self._maker, index + 1)

    def _prepare(
        self, refiner: Refiner, tile: Tile, begun: Scores, image: Scores, valid: Mask, keep: str
    ) -> torch.Tensor:
        """Prepare a tile from the scores that the refiner began with; keep it under a name where there is one."""
        if self._prepared is not None and keep:
            return self._prepared[1]
        prepared = prepare_tile(refiner, image, begun, valid, tile.borders, self.device)
        self._prepared = (keep, prepared) if keep else None
        return prepared

    # --- correcting ------------------------------------------------------------------------------------------

    def correct(self, path: str, start: int, watch: Watch) -> Iterator[Step]:
        """Bind the corrections of a layer from now on; rewrite step `start` and those after it, and yield each.

        The next step begins anew from there, so that what was corrected spreads as far as at a first step.

        Raises:
            LabelError: for a layer that holds no corrections; those that were bound before stay.
        """
        if not 0 <= start < len(self.history):
            raise RefinerError(f"There is no step {start}; the last one is {len(self.history) - 1}.")
        self.corrections = read_corrections(path, self.scene.grid, self.classes)
        self.corrections_path, self._prepared = path, None
        self._clear_superseded()
        count = len(self.history) - start
        for n, index in enumerate(range(start, len(self.history))):
            old, step = self.history[index], self._rewritten(index, share(watch, n / count, 1 / count))
            self._superseded += [old.scores, old.classes_raster]
            self.history[index] = step
            self.save()
            yield step

    def _rewritten(self, index: int, watch: Watch) -> Step:
        """Write anew what is seen of a step, from its state and the corrections."""
        grid, step, count = self.scene.grid, self.history[index], len(self.classes)
        scores, classes_raster, _, _ = self._names(index)
        names = (scores, classes_raster, step.state, index)
        parts = [part.core for part in tiles(grid.height, grid.width, TILE, 0)]
        with (
            GridReader(self.run_dir / step.state) as reader,
            StepWriter(names, self.run_dir, grid, self.classes, self.scene.pixel_size_m, keep_state=True) as writer,
        ):
            for n, window in enumerate(parts):
                state, _ = reader.read(range(1, count + 1), window)
                writer.write(state, state[0] != NODATA, window, self.bound(state, window))
                watch((n + 1) / len(parts))
        return writer.step(step.changed, step.milliseconds, step.refiner)

    def bound(self, scores: Scores, window: Window) -> Scores:
        """Return (channels, rows, columns) of a window with the corrections bound."""
        if self.corrections is None:
            return scores
        return bind(scores, self.corrections[window.slices()], len(self.classes))

    def _clear_superseded(self) -> None:
        """Delete what the correction before the last one replaced; QGIS shows the newer rasters by now."""
        for name in self._superseded:
            for path in self.run_dir.glob(f"{Path(name).stem}.*"):
                with suppress(OSError):  # a raster that is still open somewhere stays
                    path.unlink()
        self._superseded = []

    # --- what the steps hold ---------------------------------------------------------------------------------

    def maps(self, index: int, window: Window) -> ScoreMaps:
        """Read a window of a step's logits, undecided where there is no data."""
        with GridReader(self.run_dir / self.history[index].state) as reader:
            scores, _ = reader.read(range(1, len(self.classes) + 1), window)
        valid = scores[0] != NODATA
        held = undecided(scores, valid, len(self.classes))
        return ScoreMaps(held, self.classes, self.scene.grid.crop(window), valid)

    def path(self, name: str) -> str:
        """Return the absolute path of a file of the run."""
        return str((self.run_dir / name).resolve())

    def prepared(self, beginning: str) -> torch.Tensor | None:
        """Return what was prepared of the whole scene, where that is kept, for a state that a refiner began with."""
        return self._prepared[1] if self._prepared is not None and self._prepared[0] == beginning else None

    def new_name(self, stem: str) -> str:
        """Return a name of a raster that was never used before."""
        self._serial += 1
        return f"{stem}_{self._serial:04d}.tif"

    def _names(self, index: int) -> tuple[str, str, str, int]:
        self._serial += 1
        stem = f"step_{index:03d}_{self._serial:04d}"
        return f"{stem}.tif", f"{stem}_classes.tif", f"{stem}_state.tif", index

    def save(self) -> None:
        """Write down what a restarted worker needs to go on."""
        content = {
            "image": str(self.scene.path),
            "bands": self.scene.bands,
            "area": self.scene.area,
            "pixel_size_m": self.scene.asked_pixel_size_m,
            "classes": self.classes,
            "refiner": self.refiner_path,
            "corrections": self.corrections_path,
            "serial": self._serial,
            "history": [asdict(step) for step in self.history],
        }
        write_whole(self.run_dir / MANIFEST, json.dumps(content, indent=1).encode())

    def close(self) -> None:
        """Let go of the image."""
        self.scene.close()


def resume(run_dir: str | Path, device: torch.device) -> Session:
    """Open the scene of an earlier run again, with the steps whose files are still there.

    Raises:
        RefinerError: for a folder that is no run's.
    """
    folder = Path(run_dir)
    try:
        content = json.loads((folder / MANIFEST).read_text(encoding="utf-8"))
        area = content["area"]
        scene = Scene(content["image"], content["bands"], tuple(area) if area else None, content["pixel_size_m"])
        session = Session(scene, folder, device)
        session.classes = tuple(content["classes"])
        session._serial = int(content["serial"])
        for entry in content["history"]:
            step = Step(**entry)
            if not all((folder / name).is_file() for name in (step.scores, step.classes_raster, step.state)):
                break
            session.history.append(step)
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise RefinerError(f"{folder} is not the folder of a run that can be gone on with: {error}.") from error
    for left in folder.glob(".*.part"):  # by a worker that was killed while it wrote
        left.unlink(missing_ok=True)
    if content.get("corrections"):
        try:
            session.corrections = read_corrections(content["corrections"], scene.grid, session.classes)
            session.corrections_path = content["corrections"]
        except LabelError as error:
            session.notices.append(f"The corrections are bound no longer: {error}")
    if content["refiner"]:
        try:
            session.load_refiner(content["refiner"])
        except CheckpointError as error:
            session.notices.append(f"{error} Choose a refiner again.")
    return session


def _maker(path: str) -> str:
    """Name a refiner so that other weights in a file of the same name are another."""
    return f"{path} of {Path(path).stat().st_mtime_ns}" if Path(path).is_file() else path


def check_bands(card: Card, scene: Scene, path: str) -> None:
    """Refuse weights that are for another number of bands."""
    if card.bands != len(scene.bands):
        raise CheckpointError(
            f"{Path(path).name} expects {card.bands} bands; {len(scene.bands)} of {scene.path.name} are chosen."
        )


def check_classes(card: Card, classes: tuple[str, ...], path: str) -> None:
    """Refuse a refiner that is for other classes."""
    if card.classes != classes:
        raise CheckpointError(
            f"{Path(path).name} refines the classes {', '.join(card.classes)}; "
            f"the coarse map has {', '.join(classes)}. Teach a refiner on a tile of this scene."
        )
