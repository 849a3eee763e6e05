"""One scene being refined: its image, every step since the coarse map, and the refiner that makes them."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path

import torch

from ..arrays.grid import Window
from ..arrays.score_maps import Labels, Mask, ScoreMaps, Scores, uniform_where_invalid
from ..coarse.model import Pyramid
from ..errors import RefinerError
from ..io.files import write_whole
from ..io.raster_reader import GridReader
from ..io.raster_writer import NODATA
from ..io.score_raster import ScoreRaster
from ..refine.refiner import Refiner
from ..refine.registry import make_refiner
from ..runtime.device import TILE_PX
from ..runtime.progress import ProgressCallback, sub_progress
from ..scene.corrections import apply_to_scores
from ..scene.scene import Scene
from ..shared.model_kinds import TRAINING_FREE
from ..shared.text import Text, text
from ..tiling.classify_tile import score_levels
from ..weights.checkpoint import ModelCard, load_coarse, load_refiner
from ..weights.compatibility import check_bands, check_classes
from .step_engine import Start, StepEngine, Target
from .step_files import StepFiles, StepNames
from .unfinished_step import Kept, kept_tiles

MANIFEST = "session.json"


class Session:
    """A scene with its history of steps on disk; created, used and dropped."""

    def __init__(self, scene: Scene, run_dir: str | Path, device: torch.device) -> None:
        """Begin an empty history in an existing folder."""
        self.scene = scene
        self.run_dir = Path(run_dir)
        self.classes: tuple[str, ...] = ()
        self.history: list[StepFiles] = []
        self.levels: tuple[tuple[str, StepFiles], ...] = ()  # by name, what led to the coarse map; seen, never refined
        self.refiner: Refiner | None = None
        self.refiner_path = ""
        self._refiner_id = ""  # the refiner, as the steps that it made know it
        self._refined_classes: tuple[str, ...] = ()  # that the refiner is for
        self.corrections: Labels | None = None  # on the whole grid
        self.corrections_path = ""
        self._superseded: list[str] = []  # rasters that a correction has replaced
        self.engine = StepEngine(scene, self.run_dir, device)
        self._notices = self.engine.memory.notices
        self._serial = 0  # makes file names that were never used before: QGIS may hold the old ones open
        self._notices += scene.notices

    def notify(self, template: str, /, **values: object) -> None:
        """Add a notice for the user; the arguments are those of `shared.text.text`."""
        self._notices.append(text(template, **values))

    def take_notices(self) -> tuple[Text, ...]:
        """Return the notices since the last call."""
        notices = tuple(self._notices)
        self._notices.clear()
        return notices

    @property
    def device(self) -> torch.device:
        """Where steps are computed; the CPU once the memory of a GPU did not do."""
        return self.engine.memory.device

    # --- step 0 ----------------------------------------------------------------------------------------------

    def classify(self, model_path: str, watch: ProgressCallback, is_multi_scale: bool = False) -> StepFiles:
        """Make step 0 with a coarse model, which may look at the image at several scales.

        Raises:
            CheckpointError: for weights that do not fit the bands of the scene, or a kind that has one scale alone.
        """
        model, card = load_coarse(model_path, self.device, is_multi_scale)
        check_bands(card, self.scene, model_path)

        def logits(window: Window) -> tuple[list[Scores], Mask]:
            levels = score_levels(model, self.scene, window, self.device, card.statistics)
            return levels, self.scene.read(window)[1]

        coarser = model.coarser if isinstance(model, Pyramid) else ()
        return self._begin(
            logits, card.classes, watch=watch, side=self.scene.affordable(512), source=model_path, coarser=coarser
        )

    def load_scores(self, path: str, watch: ProgressCallback) -> StepFiles:
        """Make step 0 from a raster of scores."""
        existing = ScoreRaster(path, self.scene.grid)
        try:

            def logits(window: Window) -> tuple[list[Scores], Mask]:
                maps, valid = existing.read(window)
                return [maps], valid & self.scene.read(window)[1]

            return self._begin(logits, existing.classes, watch, self.scene.affordable(TILE_PX), path)
        finally:
            existing.close()

    def _begin(
        self,
        logits: Callable[[Window], tuple[list[Scores], Mask]],
        classes: tuple[str, ...],
        watch: ProgressCallback,
        side: int,
        source: str,
        coarser: tuple[str, ...] = (),
    ) -> StepFiles:
        """Make step 0 of the last of the levels; the coarser ones, by their names, are for seeing alone."""
        if self.corrections is not None and classes != self.classes:
            self.notify(
                "The corrections were for the classes {classes}; they no longer apply.", classes=", ".join(self.classes)
            )
            self.set_corrections(None, "")
        targets = [Target(self.new_names(0), classes, self.corrected) for _ in (*coarser, "")]
        *levels, step = self.engine.begin(targets, logits, side, source, watch)
        self.classes, self.history = classes, [step]
        self.levels = tuple(zip(coarser, levels))
        if self.refiner is not None and self._refined_classes != classes:
            self.notify(
                "The refiner was for the classes {classes}; choose another.", classes=", ".join(self._refined_classes)
            )
            self.refiner, self.refiner_path, self.engine.prepared = None, "", None
        self.save()
        return self.history[0]

    # --- refining --------------------------------------------------------------------------------------------

    def load_refiner(self, path: str) -> ModelCard:
        """Take the refiner from a file of weights, or the kind that needs none.

        Raises:
            CheckpointError: for weights that do not fit the bands or the classes of the scene.
        """
        if path in TRAINING_FREE:
            return self._make_refiner(path)
        refiner, card = load_refiner(path, self.device)
        check_bands(card, self.scene, path)
        if self.classes:
            check_classes(card, self.classes, path)
        self.use_refiner(refiner, path, card.classes)
        return card

    def _make_refiner(self, kind: str) -> ModelCard:
        """Take a refiner that works untaught, with its usual parameters."""
        if not self.classes:
            raise RefinerError("There is no coarse map yet; classify the scene first.")
        refiner = make_refiner(kind, len(self.classes), len(self.scene.bands)).to(self.device)
        self.use_refiner(refiner, kind, self.classes)
        return ModelCard(kind, self.classes, len(self.scene.bands), self.scene.pixel_size_m)

    def use_refiner(self, refiner: Refiner, path: str, classes: tuple[str, ...]) -> None:
        """Refine these classes with this from now on."""
        self.refiner, self.refiner_path, self.engine.prepared = refiner, str(path), None
        self._refiner_id = _refiner_id(self.refiner_path)
        self._refined_classes = classes
        self.save()

    def step(
        self, start: int, count: int, watch: ProgressCallback, before: Callable[[int], None] = lambda start: None
    ) -> Iterator[StepFiles]:
        """Refine `count` times from step `start`; yield each step once it is on disk in place of what came after.

        `before` is told of each step that is about to be refined.
        """
        if not self.history:
            raise RefinerError("There is no coarse map yet; classify the scene first.")
        if not 0 <= start < len(self.history):
            raise RefinerError(
                "There is no step {start}; the last one is {number}.", start=start, number=len(self.history) - 1
            )
        if self.refiner is None:
            raise RefinerError("There is no refiner yet; choose one, or train one on a labelled tile.")
        refiner = self.refiner
        for done in range(count):
            before(start + done)
            step = self._advance(refiner, start + done, sub_progress(watch, done / count, 1 / count))
            self.history[start + done + 1 :] = [step]
            self.save()
            yield step

    def steps_made(self, start: int) -> int:
        """Return how many steps in a row the refiner in use has made up to step `start`; after another's, none."""
        step = self.history[start]
        return step.iteration if step.refiner == self._refiner_id else 0

    def _advance(self, refiner: Refiner, start: int, watch: ProgressCallback) -> StepFiles:
        """Make the step after `start`."""
        iteration = self.steps_made(start)
        step = Start(
            refiner=refiner,
            refiner_id=self._refiner_id,
            previous_state=self.history[start].state,
            initial_state=self.history[start - iteration].state,
            iteration=iteration,
        )
        target = Target(self.new_names(start + 1), self.classes, self.corrected, self._corrections_hash())
        return self.engine.advance(target, step, watch)

    def unfinished(self) -> Kept | None:
        """Return how much of a step that was broken off is kept, and will be gone on from."""
        return kept_tiles(self.run_dir, self.scene.grid)

    # --- what is corrected by hand ---------------------------------------------------------------------------

    def set_corrections(self, corrections: Labels | None, path: str) -> None:
        """Bind the corrections of a layer, which are on the whole grid, from now on, or none."""
        self.corrections, self.corrections_path, self.engine.prepared = corrections, path, None

    def _corrections_hash(self) -> str:
        """Return a hash of the corrections, which tells apart tiles made with others; empty for a small scene."""
        if self.corrections is None or self.scene.is_small:
            return ""
        return hashlib.blake2b(self.corrections.tobytes(), digest_size=16).hexdigest()

    def corrected(self, scores: Scores, window: Window) -> Scores:
        """Return (channels, rows, columns) of a window with the corrections bound."""
        if self.corrections is None:
            return scores
        return apply_to_scores(scores, self.corrections[window.slices()], len(self.classes))

    # --- what the steps hold ---------------------------------------------------------------------------------

    def maps(self, index: int, window: Window) -> ScoreMaps:
        """Read a window of a step's logits, undecided where there is no data."""
        with GridReader(self.run_dir / self.history[index].state) as reader:
            scores, _ = reader.read(range(1, len(self.classes) + 1), window)
        valid = scores[0] != NODATA
        held = uniform_where_invalid(scores, valid, len(self.classes))
        return ScoreMaps(held, self.classes, self.scene.grid.crop(window), valid)

    def path(self, name: str) -> str:
        """Return the absolute path of a file of the run."""
        return str((self.run_dir / name).resolve())

    def prepared(self, initial_state: str) -> torch.Tensor | None:
        """Return the prepared terms of the whole scene for an initial state, if they are kept."""
        prepared = self.engine.prepared
        return prepared.terms if prepared is not None and prepared.initial_state == initial_state else None

    def new_name(self, stem: str) -> str:
        """Return a name of a raster that was never used before."""
        self._serial += 1
        return f"{stem}_{self._serial:04d}.tif"

    def new_names(self, index: int) -> StepNames:
        """Return names for the files of a step that were never used before."""
        self._serial += 1
        stem = f"step_{index:03d}_{self._serial:04d}"
        state = f"{stem}_state.{'tif' if self.scene.is_small else 'vrt'}"
        return StepNames(index, f"{stem}.tif", f"{stem}_classes.tif", state)

    def replace_step(self, step: StepFiles) -> None:
        """Show other rasters of a step, whose state stays; the former rasters are deleted at the next correction."""
        old = self.history[step.index]
        self._superseded += [old.scores, old.classes_raster]
        self.history[step.index] = step
        self.save()

    def delete_superseded(self) -> None:
        """Delete the rasters that `replace_step` has replaced; QGIS shows the newer ones by now."""
        for name in self._superseded:
            for path in self.run_dir.glob(f"{name.rpartition('.')[0]}.*"):
                with suppress(OSError):  # a raster that is still open somewhere stays
                    path.unlink()
        self._superseded = []

    def on_resumed(self, call: Callable[[Kept], None]) -> None:
        """Have a function called when a step resumes from finished tiles."""
        self.engine.resumed = call

    def restore(self, classes: tuple[str, ...], history: list[StepFiles], serial: int) -> None:
        """Go on with the steps of an earlier session in the same folder."""
        self.classes, self.history, self._serial = classes, history, serial

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
            "history": [step.record() for step in self.history],
        }
        write_whole(self.run_dir / MANIFEST, json.dumps(content, indent=1).encode())

    def close(self) -> None:
        """Let go of the image."""
        self.scene.close()


def _refiner_id(path: str) -> str:
    """Name a refiner so that other weights in a file of the same name are another."""
    return f"{path} of {Path(path).stat().st_mtime_ns}" if Path(path).is_file() else path
