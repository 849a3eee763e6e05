"""The memory fallback: smaller tiles after each failure, then the CPU, then an error message."""

import pytest
import torch
from map_refiner.models.errors import RefinerError
from map_refiner.models.tiling.memory_fallback import MemoryFallback


def fails(times, error=MemoryError):
    """Return a `MemoryFallback`, a computation that fails `times` times, and its tries (side, device)."""
    tried = []

    def compute():
        tried.append((memory.side, memory.device.type))
        if len(tried) <= times:
            raise error
        return "done"

    memory = MemoryFallback(torch.device("cpu"), 512)
    return memory, compute, tried


def test_tiles_become_smaller_until_they_fit():
    memory, compute, tried = fails(2)
    assert memory.run(compute, lambda device: None) == "done"
    assert [side for side, _ in tried] == [512, 256, 128]
    assert len(memory.notices) == 2
    assert "tiles of 128 pixels" in str(memory.notices[-1])


def test_a_smaller_current_tile_is_halved_instead_of_the_tile_size():
    memory, compute, tried = fails(1)
    memory.run(compute, lambda device: None, side=300)
    assert [side for side, _ in tried] == [512, 144]  # half of 300, a multiple of 16


def test_a_large_current_tile_is_halved():
    memory, compute, tried = fails(2)
    memory.side = 4096
    memory.run(compute, lambda device: None, side=4096)
    assert [side for side, _ in tried] == [4096, 2048, 1024]


def test_the_cpu_is_the_last_resort():
    memory, compute, tried = fails(1)
    memory.device, memory.side, moved = torch.device("meta"), 128, []
    assert memory.run(compute, moved.append) == "done"
    assert tried == [(128, "meta"), (128, "cpu")]
    assert moved == [torch.device("cpu")]


def test_too_little_memory_for_the_smallest_tiles_is_reported():
    memory, compute, _ = fails(9)
    with pytest.raises(RefinerError, match="too little memory"):
        memory.run(compute, lambda device: None)


def test_other_errors_are_not_treated_as_out_of_memory():
    memory, compute, tried = fails(1, RuntimeError("shapes do not match"))
    with pytest.raises(RuntimeError, match="shapes"):
        memory.run(compute, lambda device: None)
    assert len(tried) == 1
