"""Session of one scene: its image, its steps since the coarse map, and its refiner."""

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
from ..tiling.classify_tile import score_levels, suitable_side
from ..weights.checkpoint import ModelCard, load_coarse, load_refiner
from ..weights.compatibility import check_bands, check_class_names
from .step_engine import Start, StepEngine, Target
from .step_files import StepFiles, StepNames
from .unfinished_step import KeptTiles, kept_tiles

SESSION_RECORD = "session.json"


class Session:
    """A scene with its history of steps on disk."""

    def __init__(self, scene: Scene, run_dir: str | Path, device: torch.device) -> None:
        """Start with an empty history in an existing folder."""
        self.scene = scene
        self.run_dir = Path(run_dir)
        self.classes: tuple[str, ...] = ()
        self.history: list[StepFiles] = []
        self.levels: tuple[tuple[str, StepFiles], ...] = ()  # coarser maps by name; shown, never refined
        self.refiner: Refiner | None = None
        self.refiner_path = ""
        self._refiner_id = ""  # identity of the refiner, as recorded in its steps
        self._refined_classes: tuple[str, ...] = ()  # of the refiner
        self.corrections: Labels | None = None  # on the whole grid
        self.corrections_path = ""
        self._scores_path = ""  # of step 0, if it was loaded in this process
        self._superseded: list[str] = []  # rasters replaced by corrections
        self.engine = StepEngine(scene, self.run_dir, device)
        self._notices = self.engine.memory.notices
        self._serial = 0  # makes new file names, because QGIS may hold the old files open
        self._notices += scene.notices

    @property
    def inputs(self) -> tuple[str, ...]:
        """The files that an export must not replace."""
        return str(self.scene.path), self._scores_path, self.corrections_path

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
        """Device that computes the steps; the CPU if the memory of the GPU did not suffice."""
        return self.engine.memory.device

    # --- step 0 ----------------------------------------------------------------------------------------------

    def classify(self, model_path: str, progress: ProgressCallback, is_multi_scale: bool = False) -> StepFiles:
        """Make step 0 with a coarse model, optionally at several scales of the image.

        Raises:
            CheckpointError: if the weights do not fit the bands of the scene, or the kind has only one scale.
        """
        model, card = load_coarse(model_path, self.device, is_multi_scale)
        check_bands(card, self.scene, model_path)

        def logits(window: Window) -> tuple[list[Scores], Mask]:
            levels = score_levels(model, self.scene, window, self.device, card.statistics)
            return levels, self.scene.read(window)[1]

        coarser = model.coarser if isinstance(model, Pyramid) else ()
        side = self.scene.affordable(suitable_side(model, TILE_PX))
        return self._begin(logits, card.classes, progress=progress, side=side, source=model_path, coarser=coarser)

    def load_scores(self, path: str, progress: ProgressCallback) -> StepFiles:
        """Make step 0 from a raster of scores."""
        existing = ScoreRaster(path, self.scene.grid)
        self._scores_path = path
        try:

            def logits(window: Window) -> tuple[list[Scores], Mask]:
                maps, valid = existing.read(window)
                return [maps], valid & self.scene.read(window)[1]

            return self._begin(logits, existing.classes, progress, self.scene.affordable(TILE_PX), path)
        finally:
            existing.close()

    def _begin(
        self,
        logits: Callable[[Window], tuple[list[Scores], Mask]],
        classes: tuple[str, ...],
        progress: ProgressCallback,
        side: int,
        source: str,
        coarser: tuple[str, ...] = (),
    ) -> StepFiles:
        """Make step 0 from the last level; the named coarser levels are only shown."""
        if self.corrections is not None and classes != self.classes:
            self.notify(
                "The corrections were for the classes {classes}; they no longer apply.", classes=", ".join(self.classes)
            )
            self.set_corrections(None, "")
        targets = [Target(self.new_names(0), classes, self.corrected) for _ in (*coarser, "")]
        *levels, step = self.engine.begin(targets, logits, side, source, progress)
        self.classes, self.history = classes, [step]
        self.levels = tuple(zip(coarser, levels))
        if self.refiner is not None and self._refined_classes != classes:
            self.notify(
                "The refiner was for the classes {classes}; choose another.", classes=", ".join(self._refined_classes)
            )
            self.refiner, self.refiner_path = None, ""
            self.engine.discard_prepared()
        self.save()
        return self.history[0]

    # --- refining --------------------------------------------------------------------------------------------

    def load_refiner(self, path: str) -> ModelCard:
        """Load a refiner from a weights file, or make one of a kind that needs no training.

        Raises:
            CheckpointError: if the weights do not fit the bands or the classes of the scene.
        """
        if path in TRAINING_FREE:
            return self._make_refiner(path)
        refiner, card = load_refiner(path, self.device)
        check_bands(card, self.scene, path)
        if self.classes:
            check_class_names(card, self.classes, path)
        self.use_refiner(refiner, path, card.classes)
        return card

    def _make_refiner(self, kind: str) -> ModelCard:
        """Use a refiner that needs no training, with its default parameters."""
        if not self.classes:
            raise RefinerError("There is no coarse map yet; classify the scene first.")
        refiner = make_refiner(kind, len(self.classes), len(self.scene.bands)).to(self.device)
        self.use_refiner(refiner, kind, self.classes)
        return ModelCard(kind, self.classes, len(self.scene.bands), self.scene.pixel_size_m)

    def use_refiner(self, refiner: Refiner, path: str, classes: tuple[str, ...]) -> None:
        """Use a refiner for these classes."""
        self.refiner, self.refiner_path = refiner, str(path)
        self.engine.discard_prepared()
        self._refiner_id = _refiner_id(self.refiner_path)
        self._refined_classes = classes
        self.save()

    def step(
        self, start: int, count: int, progress: ProgressCallback, before: Callable[[int], None] = lambda start: None
    ) -> Iterator[StepFiles]:
        """Refine `count` times from step `start`; yield each step once it is on disk and has replaced the later steps.

        `before` is called with the previous step's index before each refinement.
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
            step = self._advance(refiner, start + done, sub_progress(progress, done / count, 1 / count))
            self.history[start + done + 1 :] = [step]
            self.save()
            yield step

    def steps_made(self, start: int) -> int:
        """Return the number of consecutive steps of this refiner up to step `start`; 0 after another refiner."""
        step = self.history[start]
        return step.iteration if step.refiner == self._refiner_id else 0

    def _advance(self, refiner: Refiner, start: int, progress: ProgressCallback) -> StepFiles:
        """Compute the step after `start`."""
        iteration = self.steps_made(start)
        step = Start(
            refiner=refiner,
            refiner_id=self._refiner_id,
            previous_state=self.history[start].state,
            initial_state=self.history[start - iteration].state,
            iteration=iteration,
        )
        target = Target(self.new_names(start + 1), self.classes, self.corrected, self._corrections_hash())
        return self.engine.advance(target, step, progress)

    def unfinished(self) -> KeptTiles | None:
        """Return the progress of an interrupted step that will be resumed, or None if there is none."""
        return kept_tiles(self.run_dir, self.scene.grid)

    # --- what is corrected by hand ---------------------------------------------------------------------------

    def set_corrections(self, corrections: Labels | None, path: str) -> None:
        """Apply the corrections of a layer, given on the whole grid, or None for no corrections."""
        self.corrections, self.corrections_path = corrections, path
        self.engine.discard_prepared()

    def _corrections_hash(self) -> str:
        """Return a hash of the corrections, to distinguish tiles made with others; empty for a small scene."""
        if self.corrections is None or self.scene.is_small:
            return ""
        return hashlib.blake2b(self.corrections.tobytes(), digest_size=16).hexdigest()

    def corrected(self, scores: Scores, window: Window) -> Scores:
        """Return (channels, rows, columns) of a window with the corrections applied."""
        if self.corrections is None:
            return scores
        return apply_to_scores(scores, self.corrections[window.slices()], len(self.classes))

    # --- what the steps hold ---------------------------------------------------------------------------------

    def maps(self, index: int, window: Window) -> ScoreMaps:
        """Read a window of a step's logits, with equal scores at NoData."""
        with GridReader(self.run_dir / self.history[index].state) as reader:
            scores, _ = reader.read(range(1, len(self.classes) + 1), window)
        valid = scores[0] != NODATA
        held = uniform_where_invalid(scores, valid, len(self.classes))
        return ScoreMaps(held, self.classes, self.scene.grid.crop(window), valid)

    def path(self, name: str) -> str:
        """Return the absolute path of a file of the run."""
        return str((self.run_dir / name).resolve())

    def new_name(self, stem: str) -> str:
        """Return a raster name that was never used before."""
        self._serial += 1
        return f"{stem}_{self._serial:04d}.tif"

    def new_names(self, index: int) -> StepNames:
        """Return names that were never used before for the files of a step."""
        self._serial += 1
        stem = f"step_{index:03d}_{self._serial:04d}"
        state = f"{stem}_state.{'tif' if self.scene.is_small else 'vrt'}"
        return StepNames(index, f"{stem}.tif", f"{stem}_classes.tif", state)

    def replace_step(self, step: StepFiles) -> None:
        """Replace the shown rasters of a step but not its state; the old ones are deleted at the next correction."""
        old = self.history[step.index]
        self._superseded += [old.scores, old.classes_raster]
        self.history[step.index] = step
        self.save()

    def delete_superseded(self) -> None:
        """Delete the rasters that `replace_step` has replaced; QGIS shows the newer ones by then."""
        for name in self._superseded:
            for path in self.run_dir.glob(f"{name.rpartition('.')[0]}.*"):
                with suppress(OSError):  # keep a raster that is still open elsewhere
                    path.unlink()
        self._superseded = []

    def on_resumed(self, call: Callable[[KeptTiles], None]) -> None:
        """Register a function to call when a step resumes from finished tiles."""
        self.engine.on_resumed(call)

    def restore(self, classes: tuple[str, ...], history: list[StepFiles], serial: int) -> None:
        """Restore the steps of an earlier session in the same folder."""
        self.classes, self.history, self._serial = classes, history, serial

    def save(self) -> None:
        """Write the record from which a restarted worker resumes."""
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
        write_whole(self.run_dir / SESSION_RECORD, json.dumps(content, indent=1).encode())

    def close(self) -> None:
        """Close the image."""
        self.scene.close()


def _refiner_id(path: str) -> str:
    """Return an identity of a refiner that differs for other weights in a file of the same name."""
    return f"{path} of {Path(path).stat().st_mtime_ns}" if Path(path).is_file() else path
