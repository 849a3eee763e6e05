"""Saving and loading weights: complete, of the right kind, and harmless."""

import json
import pickle
import struct

import pytest
import torch
from map_refiner.models.coarse.fcn import FCN
from map_refiner.models.errors import CheckpointError, OutputError
from map_refiner.models.refine.rnn import RefinementRNN
from map_refiner.models.weights.checkpoint import ModelCard, load_coarse, load_refiner, read_card, save_model
from safetensors.torch import save

CARD = ModelCard("faithful", ("background", "Gebäude", "road"), 4, 0.5, 5, "a tile", "mean IoU 0.7", "CC BY 4.0")


@pytest.fixture
def path(tmp_path):
    return tmp_path / "weights.safetensors"


def content(card=CARD, tensors=None, **changes):
    """Return the bytes of a weights file with arbitrary changes to its card."""
    about = {**json.loads(json.dumps(card.__dict__)), **changes}
    tensors = RefinementRNN(3, 4).state_dict() if tensors is None else tensors
    return save(
        {name: value.contiguous() for name, value in tensors.items()}, {"format": "1", "card": json.dumps(about)}
    )


LOAD = {"coarse": load_coarse, "refiner": load_refiner}


def refuse(path, role="refiner"):
    with pytest.raises(CheckpointError) as caught:
        LOAD[role](path)
    assert path.name in str(caught.value)
    return str(caught.value)


@pytest.mark.parametrize(
    ("model", "card", "role"),
    [
        (RefinementRNN(3, 4), CARD, "refiner"),
        (FCN(2, 1), ModelCard("fcn", ("no", "yes"), 1, None), "coarse"),
    ],
    ids=["refiner", "coarse"],
)
def test_a_saved_model_loads_unchanged(path, model, card, role):
    save_model(path, model, card)
    loaded, found = LOAD[role](path)
    assert found == card == read_card(path)
    assert found.role == role
    assert type(loaded) is type(model)
    assert not loaded.training
    for name, value in model.state_dict().items():
        assert torch.equal(loaded.state_dict()[name], value)


def test_the_summary_describes_the_card():
    assert CARD.summary() == "refiner faithful: background, Gebäude, road; 4 bands, 0.50 m"
    assert "any pixel size" in ModelCard("fcn", ("a", "b"), 1, None).summary()


def test_saving_leaves_only_the_complete_file_or_raises_an_output_error(path, tmp_path):
    save_model(path, RefinementRNN(3, 4), CARD)
    assert [entry.name for entry in tmp_path.iterdir()] == [path.name]
    for place in (tmp_path / "missing" / "w.safetensors", path / "w.safetensors"):
        with pytest.raises(OutputError, match="cannot be written"):
            save_model(place, RefinementRNN(3, 4), CARD)


def test_a_missing_file_is_refused(path):
    assert "There is no file" in refuse(path)


@pytest.mark.parametrize("size", [0, 5, 8, 100, 20_000, -1])
def test_a_truncated_file_is_refused(path, size):
    path.write_bytes(content()[:size])
    assert "not a whole file of weights" in refuse(path)


def test_a_pickle_is_never_loaded(path, tmp_path):
    class Bomb:
        def __reduce__(self):
            return (open, (str(tmp_path / "exploded"), "w"))

    path.write_bytes(pickle.dumps(Bomb()))
    assert "not a whole file of weights" in refuse(path)
    torch.save({"weights": torch.zeros(3)}, path)
    assert "not a whole file of weights" in refuse(path)
    assert not (tmp_path / "exploded").exists()


@pytest.mark.parametrize("header", [2**62, 2**32, 10**8])
def test_a_header_with_a_huge_size_is_refused(path, header):
    path.write_bytes(struct.pack("<Q", header) + b"{}" + b"\0" * 100)
    assert "not a whole file of weights" in refuse(path)


def test_a_huge_file_is_refused(path):
    with path.open("wb") as file:
        file.truncate(5 * 10**9)  # sparse: takes no disk space
    assert "too large" in refuse(path)


def test_weights_of_other_programs_are_refused(path):
    path.write_bytes(save({"layer": torch.zeros(3)}))
    assert "not Map Refiner's" in refuse(path)
    path.write_bytes(save({"layer": torch.zeros(3)}, {"format": "pt"}))
    assert "not Map Refiner's" in refuse(path)


@pytest.mark.parametrize(
    "changes",
    [
        {"kind": "transformer"},
        {"kind": ["faithful"]},
        {"classes": []},
        {"classes": ["one"]},
        {"classes": ["a", "a"]},
        {"classes": [f"class {n}" for n in range(256)]},
        {"classes": None},
        {"classes": 3},
        {"bands": 0},
        {"bands": -1},
        {"bands": 10**9},
        {"bands": "4"},
        {"bands": None},
        {"pixel_size_m": -1},
        {"pixel_size_m": 1e9},
        {"pixel_size_m": "wide"},
        {"pixel_size_m": float("nan")},
    ],
    ids=str,
)
def test_a_card_with_invalid_values_is_refused(path, changes):
    path.write_bytes(content(**changes))
    refuse(path)
    with pytest.raises(CheckpointError):
        read_card(path)


@pytest.mark.parametrize("card", ["", "null", "[]", "3", "{}", "{", '{"kind": "faithful"}', "[" * 100_000])
def test_a_malformed_card_is_refused(path, card):
    path.write_bytes(save(RefinementRNN(3, 4).state_dict(), {"format": "1", "card": card}))
    assert "card" in refuse(path) or "cannot be read" in refuse(path)


def test_unknown_fields_of_a_later_card_version_are_ignored(path):
    path.write_bytes(content(colour="green", pixel_size_m="0.5"))
    _, card = load_refiner(path)
    assert card == CARD
    assert card.summary() == CARD.summary()


@pytest.mark.parametrize("bad", [float("nan"), float("inf")])
def test_weights_that_are_not_finite_are_refused(path, bad):
    tensors = RefinementRNN(3, 4).state_dict()
    tensors["hidden"] = tensors["hidden"].clone()
    tensors["hidden"][1, 2, 3] = bad
    path.write_bytes(content(tensors=tensors))
    assert "not finite" in refuse(path)


def without(name):
    return {key: value for key, value in RefinementRNN(3, 4).state_dict().items() if key != name}


@pytest.mark.parametrize(
    "tensors",
    [
        without("out"),
        {**without(""), "more": torch.zeros(2)},
        {**without("out"), "out": torch.zeros(3, 1, 33)},
        RefinementRNN(4, 4).state_dict(),
        RefinementRNN(3, 3).state_dict(),
        FCN(3, 4).state_dict(),
        {},
    ],
    ids=["one less", "one more", "another shape", "other classes", "other bands", "another model", "none"],
)
def test_weights_of_another_shape_are_refused(path, tensors):
    path.write_bytes(content(tensors=tensors))
    assert "not those of its kind" in refuse(path)


def test_a_model_of_the_other_role_is_refused(path, coarse_path, refiner_path):
    with pytest.raises(CheckpointError, match="holds a coarse model; a refiner is needed"):
        load_refiner(coarse_path)
    with pytest.raises(CheckpointError, match="holds a refiner; a coarse model is needed"):
        load_coarse(refiner_path)


def test_half_precision_weights_are_loaded_as_single_precision(path):
    half = {name: value.half() for name, value in RefinementRNN(3, 4).state_dict().items()}
    path.write_bytes(content(tensors=half))
    loaded, _ = load_refiner(path)
    assert all(value.dtype == torch.float32 for value in loaded.state_dict().values())
