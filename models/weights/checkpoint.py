"""Checkpoints: weights and their model card in one safetensors file, without pickle."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import asdict, dataclass, fields, replace
from pathlib import Path
from typing import Literal, cast

import torch
from safetensors import SafetensorError, safe_open
from safetensors.torch import save
from torch import Tensor, nn

from ..arrays.score_maps import UNLABELLED
from ..arrays.statistics import Statistics
from ..coarse.model import CoarseModel, Pyramid
from ..coarse.multi_scale import MultiScale
from ..coarse.registry import COARSE_CLASSES
from ..coarse.spectral.sklearn_arrays import SklearnArrays
from ..errors import CheckpointError
from ..io.files import write_whole
from ..refine.refiner import Refiner
from ..refine.registry import make_refiner
from ..shared.model_kinds import COARSE_KINDS, REFINER_KINDS
from ..shared.weights_header import CARD, FORMAT, FORMAT_KEY, HeaderError, card_metadata, parse_card

MOST_CLASSES = UNLABELLED  # a class index must fit in a byte
MOST_MODEL_BANDS = 2000
MOST_BYTES = 500_000_000

Role = Literal["coarse", "refiner"]


@dataclass(frozen=True)
class ModelCard:
    """Model card of a checkpoint."""

    kind: str
    classes: tuple[str, ...]
    bands: int
    pixel_size_m: float | None  # None: trained on an image without a CRS
    best_step: int = 0  # of a refiner, by held-out labels
    trained_on: str = ""
    quality: str = ""
    licence: str = ""
    mean: tuple[float, ...] = ()  # of the training bands of a spectral model, in the images' own units
    std: tuple[float, ...] = ()

    @property
    def statistics(self) -> Statistics | None:
        """Return the statistics to standardise the bands with, or None to use the image's own."""
        return Statistics(self.mean, self.std) if self.mean else None

    @property
    def role(self) -> Role:
        """Return whether the weights belong to a coarse model or a refiner."""
        return "refiner" if self.kind in REFINER_KINDS else "coarse"

    def summary(self) -> str:
        """Return a one-line description for users."""
        size = f"{self.pixel_size_m:.2f} m" if self.pixel_size_m else "any pixel size"
        return f"{self.role} {self.kind}: {', '.join(self.classes)}; {self.bands} bands, {size}"


def save_model(path: str | Path, model: nn.Module, card: ModelCard) -> None:
    """Write weights and their model card atomically."""
    tensors = {name: value.detach().cpu().contiguous() for name, value in model.state_dict().items()}
    write_whole(path, save(tensors, card_metadata(asdict(card))))


def read_card(path: str | Path) -> ModelCard:
    """Read the model card of a weights file.

    Raises:
        CheckpointError: if the file is missing, damaged, or not from Map Refiner.
    """
    return _read(Path(path), tensors=False)[0]


def load_coarse(
    path: str | Path, device: torch.device | str = "cpu", is_multi_scale: bool = False
) -> tuple[CoarseModel, ModelCard]:
    """Load a coarse model onto a device, ready for inference, optionally at several scales.

    Raises:
        CheckpointError: if the file is missing, damaged, malicious, a refiner's, or of a kind with only one scale.
    """
    model, card = _load(path, "coarse", lambda card: COARSE_CLASSES[card.kind](len(card.classes), card.bands))
    model = model.to(device)
    if not COARSE_KINDS[card.kind].is_spectral:
        model = model.to(memory_format=torch.channels_last)  # type: ignore[call-overload]  # 2.6 x on CPUs
    if not is_multi_scale:
        return cast(CoarseModel, model), card
    if not isinstance(model, Pyramid):
        raise CheckpointError(
            "{name} is of the kind {card_kind!r}; only lrr can look at several scales.",
            name=Path(path).name,
            card_kind=card.kind,
        )
    return MultiScale(model), card


def load_refiner(path: str | Path, device: torch.device | str = "cpu") -> tuple[Refiner, ModelCard]:
    """Load a refiner onto a device, ready for inference.

    Raises:
        CheckpointError: if the file is missing, damaged, malicious, or a coarse model's.
    """
    model, card = _load(
        path, "refiner", lambda card: cast(nn.Module, make_refiner(card.kind, len(card.classes), card.bands))
    )
    return cast(Refiner, model.to(device)), card


def _load(path: str | Path, role: Role, build: Callable[[ModelCard], nn.Module]) -> tuple[nn.Module, ModelCard]:
    card, tensors = _read(Path(path), tensors=True)
    if card.role != role:
        wanted = "a coarse model" if role == "coarse" else "a refiner"
        found = "a coarse model" if card.role == "coarse" else "a refiner"
        raise CheckpointError(
            "{name} holds {found}; {wanted} is needed here.", name=Path(path).name, found=found, wanted=wanted
        )
    with torch.device("meta"):
        model = build(card)
    try:
        if isinstance(model, SklearnArrays):
            model.take(tensors)
        else:
            model.load_state_dict(tensors, strict=True, assign=True)
    except (RuntimeError, ValueError) as error:
        raise CheckpointError(
            "The weights in {name} are not those of its kind, {card_kind!r}.", name=Path(path).name, card_kind=card.kind
        ) from error
    if not all(torch.isfinite(value).all() for value in tensors.values()):
        raise CheckpointError(
            "{name} holds weights that are not finite numbers; its training failed.", name=Path(path).name
        )
    return model.eval(), card


def _read(path: Path, tensors: bool) -> tuple[ModelCard, dict[str, Tensor]]:
    if not path.is_file():
        raise CheckpointError("There is no file {path}.", path=path)
    if path.stat().st_size > MOST_BYTES:
        raise CheckpointError(
            "{path_name} is too large for weights ({number:.1f} GB).",
            path_name=path.name,
            number=path.stat().st_size / 1000000000.0,
        )
    try:
        with safe_open(path, framework="pt") as file:
            metadata = file.metadata() or {}
            weights = {name: file.get_tensor(name).float() for name in file.keys()} if tensors else {}  # noqa: SIM118  (safe_open has no __contains__)
    except (SafetensorError, OSError, ValueError) as error:
        raise CheckpointError(
            "{path_name} is not a whole file of weights: {error}.", path_name=path.name, error=error
        ) from error
    if metadata.get(FORMAT_KEY) != FORMAT or CARD not in metadata:
        raise CheckpointError("{path_name} holds weights, but not Map Refiner's.", path_name=path.name)
    return _card(metadata, path.name), weights


def _card(metadata: dict[str, str], name: str) -> ModelCard:
    """Parse and validate a model card from an untrusted file."""
    try:
        content = parse_card(metadata)
        known = {field.name for field in fields(ModelCard)}
        card = ModelCard(**{key: value for key, value in content.items() if key in known})
        classes = tuple(str(value) for value in card.classes)
        size = None if card.pixel_size_m is None else float(card.pixel_size_m)
        mean, std = tuple(map(float, card.mean)), tuple(map(float, card.std))
        sound = (
            card.kind in (*REFINER_KINDS, *COARSE_KINDS)
            and 2 <= len(classes) <= MOST_CLASSES
            and len(set(classes)) == len(classes)
            and isinstance(card.bands, int)
            and 1 <= card.bands <= MOST_MODEL_BANDS
            and (size is None or 0 < size < 1e5)
            and len(mean) == len(std) == (card.bands if mean else 0)
            and all(math.isfinite(value) for value in (*mean, *std))
            and all(value > 0 for value in std)
        )
    except (HeaderError, ValueError, TypeError, AttributeError) as error:
        raise CheckpointError("The card in {name} cannot be read.", name=name) from error
    if not sound:
        raise CheckpointError(
            "{name} is of a kind that this version does not know: {text}.", name=name, text=metadata[CARD][:80]
        )
    return replace(card, classes=classes, pixel_size_m=size, mean=mean, std=std)
