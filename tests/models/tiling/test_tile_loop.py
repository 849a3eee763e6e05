"""The tile loop: order, sums, finished tiles, and errors in its threads."""

import numpy as np
import pytest
from map_refiner.models.arrays.tiles import tiles
from map_refiner.models.tiling.tile_loop import TileResult, Totals, run_tiles

PARTS = list(tiles(20, 30, 10, 0))


def result(changed=(1, 2)):
    return TileResult([np.zeros((2, 10, 10), np.float32)], np.ones((10, 10), bool), changed, 3.0)


def test_tiles_are_written_in_order_and_summed():
    written, told = [], []
    totals = run_tiles(
        PARTS,
        lambda tile: tile.core,
        lambda tile, core: result(),
        lambda tile, found: written.append(tile.core),
        progress=told.append,
    )
    assert written == [tile.core for tile in PARTS]
    assert totals == Totals(600, (6, 12), 18.0)
    assert told == pytest.approx([n / 6 for n in range(1, 7)])


def test_a_finished_tile_is_neither_read_nor_computed():
    read, computed, written = [], [], []

    def compute(tile, core):
        computed.append(tile)
        return result()

    run_tiles(
        PARTS,
        lambda tile: read.append(tile),
        compute,
        lambda tile, found: written.append(tile),
        lambda tile: result() if tile is PARTS[1] else None,
    )
    assert read == computed == [PARTS[0], *PARTS[2:]]
    assert written == PARTS


@pytest.mark.parametrize("where", ["read", "compute", "write"])
def test_an_error_ends_the_loop(where):
    def fail(*_):
        raise OSError(where)

    steps = {"read": lambda tile: tile, "compute": lambda tile, found: result(), "write": lambda tile, found: None}
    steps[where] = fail
    with pytest.raises(OSError, match=where):
        run_tiles(PARTS, steps["read"], steps["compute"], steps["write"])
