"""Fine-tuning on corrections: every learned kind improves at the corrections and changes little elsewhere."""

import numpy as np
import pytest
import torch
from map_refiner.models.arrays.borders import WHOLE
from map_refiner.models.arrays.score_maps import UNLABELLED
from map_refiner.models.errors import Interrupted
from map_refiner.models.refine.registry import make_refiner
from map_refiner.models.refine.training.fine_tune import EVALUATED, _evaluation_tiles, fine_tune_weights, share_right
from map_refiner.models.refine.training.samples import LabelledTile
from map_refiner.models.refine.unroll import refine_steps

CPU = torch.device("cpu")


def corrected(tile):
    """Return a tile labelled only in a few squares of the truth, like corrections by an analyst."""
    labels = np.full_like(tile.labels, UNLABELLED)
    for row, column in ((15, 16), (66, 48), (44, 30), (80, 80), (20, 63), (75, 100)):
        labels[row - 5 : row + 6, column - 5 : column + 6] = tile.labels[row - 5 : row + 6, column - 5 : column + 6]
    return LabelledTile(tile.scores, tile.image, labels)


def wrong(refiner, tile):
    """Return the cross-entropy after five steps on the labelled pixels."""
    *_, after = refine_steps(refiner, torch.from_numpy(tile.scores), torch.from_numpy(tile.image), WHOLE, 5)
    labels = torch.from_numpy(tile.labels).long()
    return float(torch.nn.functional.cross_entropy(after[None], labels[None], ignore_index=UNLABELLED))


@pytest.mark.parametrize("kind", ["extended", "faithful", "unshared"])
def test_fine_tuning_improves_every_learned_kind(tile, kind):
    torch.manual_seed(0)
    refiner, part = make_refiner(kind, 3, 3), corrected(tile)
    before = wrong(refiner, part)
    assert len(list(fine_tune_weights(refiner, [part], [], 2, 0, CPU))) == 2
    assert wrong(refiner, part) < before
    assert 0 < share_right(refiner, [part], CPU) < 1


@pytest.mark.parametrize("kind", ["extended", "faithful"])
def test_the_correct_share_equals_that_of_the_whole_tile(tile, kind):
    """Only the surroundings of the corrections are refined."""
    torch.manual_seed(0)
    refiner = make_refiner(kind, 3, 3)
    wide = [(0, 0), (40, 150), (60, 160)]
    scores, image = (np.pad(each, wide, mode="reflect") for each in (tile.scores, tile.image))
    labels = np.full(scores.shape[1:], UNLABELLED, dtype=np.uint8)
    labels[0:9, 0:9], labels[150:160, 200:206], labels[170:176, 90:99] = 0, 1, 2
    *_, after = refine_steps(refiner, torch.from_numpy(scores), torch.from_numpy(image), WHOLE, 5)
    known = labels != UNLABELLED
    right = (after.argmax(0).numpy() == labels)[known].mean()
    assert share_right(refiner, [LabelledTile(scores, image, labels)], CPU) == pytest.approx(right, abs=1e-9)


def test_evaluating_corrections_can_be_cancelled_between_them(tile):
    asked = []

    def check():
        asked.append(1)
        if len(asked) == 3:
            raise Interrupted("Cancelled.")

    with pytest.raises(Interrupted):
        share_right(make_refiner("faithful", 3, 3), [corrected(tile)] * 3, CPU, check)
    assert len(asked) == 3


def test_unlabelled_pixels_keep_most_of_their_classes(tile):
    torch.manual_seed(0)
    refiner, part = make_refiner("extended", 3, 3), corrected(tile)
    *_, before = refine_steps(refiner, torch.from_numpy(tile.scores), torch.from_numpy(tile.image), WHOLE, 5)
    list(fine_tune_weights(refiner, [part], [], 3, 0, CPU))
    *_, after = refine_steps(refiner, torch.from_numpy(tile.scores), torch.from_numpy(tile.image), WHOLE, 5)
    far = torch.from_numpy(part.labels == UNLABELLED)
    same = (before.argmax(0) == after.argmax(0))[far].float().mean()
    assert same > 0.9
    assert not torch.equal(before, after)


def test_the_same_seed_gives_the_same_losses(tile):
    found = []
    for seed in (1, 1, 2):
        torch.manual_seed(0)
        refiner = make_refiner("extended", 3, 3)
        found.append([epoch.loss for epoch in fine_tune_weights(refiner, [corrected(tile)], [tile], 2, seed, CPU)])
    assert found[0] == found[1] != found[2]


def test_a_step_with_gradients_equals_a_step_without(tile, refiner):
    """Training and inference therefore use the same function."""
    one = refiner()
    scores, image = torch.from_numpy(tile.scores), torch.from_numpy(tile.image)
    with torch.no_grad():
        plain = one.step(scores, one.prepare(image, scores, WHOLE), WHOLE, 0)
    learning = one.step(scores, one.prepare(image, scores, WHOLE), WHOLE, 0)
    assert learning.requires_grad
    assert torch.allclose(plain, learning.detach(), atol=1e-5)


def test_only_some_of_many_corrections_are_evaluated():
    labels = np.full((600, 620), UNLABELLED, dtype=np.uint8)
    labels[50:550:250, 60:600:100] = 1
    maps = np.zeros((3, 600, 620), dtype=np.float32)
    few, many = (_evaluation_tiles([LabelledTile(maps, maps, labels)] * count, reach=8) for count in (1, 4))
    assert (len(few), len(many)) == (12, EVALUATED)
    assert {part.labels.shape for part in few} == {(48, 48)}
    assert [int((part.labels != UNLABELLED).sum()) for part in few] == [1] * 12
