"""Device selection, memory errors and tile sizes."""

import pytest
import torch
from map_refiner.models.errors import RefinerError
from map_refiner.models.runtime import device


def test_the_cpu_is_always_available():
    assert device.choose_device("cpu") == torch.device("cpu")
    assert "threads" in device.describe_device(torch.device("cpu"))


def test_auto_selects_the_best_available_device():
    best = "cuda" if torch.cuda.is_available() else "mps" if torch.backends.mps.is_available() else "cpu"
    assert device.choose_device("auto").type == best


@pytest.mark.parametrize("wanted", ["tpu", "", "cuda:x", "cuda:-1", "cpu cuda", "meta"])
def test_invalid_device_names_are_refused(wanted):
    with pytest.raises(RefinerError, match="There is no device"):
        device.choose_device(wanted)


def test_an_unavailable_device_is_refused_with_the_available_ones():
    with pytest.raises(RefinerError, match=r"cuda:99 is not there: PyTorch .* sees \d+ CUDA devices"):
        device.choose_device("cuda:99")
    if not torch.backends.mps.is_available():
        with pytest.raises(RefinerError, match="sees no Apple GPU"):
            device.choose_device("mps")


def test_out_of_memory_errors_are_recognized():
    with pytest.raises(RuntimeError) as caught:
        torch.empty(10**15)
    assert device.out_of_memory(caught.value)
    assert device.out_of_memory(MemoryError())
    assert device.out_of_memory(torch.OutOfMemoryError("CUDA out of memory"))
    assert not device.out_of_memory(RuntimeError("shapes do not fit"))


@pytest.mark.parametrize(
    ("kind", "free", "side"),
    [
        ("cpu", None, 512),  # free memory unknown
        ("cpu", 24e9, 512),
        ("cpu", 5e8, 256),
        ("cpu", 1e6, 128),
        ("cuda", 140e9, 4096),
        ("cuda", 20e9, 2048),
        ("cuda", 1e9, 512),
    ],
)
def test_the_tile_size_depends_on_the_free_memory(monkeypatch, kind, free, side):
    monkeypatch.setattr(device, "free_bytes", lambda _: free)
    assert device.tile_side(torch.device(kind)) == side


def test_the_free_memory_is_plausible():
    free = device.free_bytes(torch.device("cpu"))
    assert free is None or 1e7 < free < 1e14
