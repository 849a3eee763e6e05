"""LRR: hand-computed bases, masks and edges, and matching levels."""

import numpy as np
import pytest
import torch
from map_refiner.models.arrays.grid import Window
from map_refiner.models.coarse.fcn_skips import FCN8s, FCN16s, FCN32s
from map_refiner.models.coarse.lrr import LRR, boundary_mask, dilated_and_eroded, learn_bases, train_lrr
from map_refiner.models.coarse.train_patches import TrainingImage, TrainingOptions
from map_refiner.models.io.raster_reader import GridReader
from map_refiner.models.scene.scene import Scene
from map_refiner.models.session.session import Session
from map_refiner.models.tiling.classify_tile import score_levels, score_window
from map_refiner.models.weights.checkpoint import ModelCard, save_model


def test_the_basis_of_half_masks_is_plus_and_minus_one_half(monkeypatch):
    """Masks filled on the left or right differ from their mean by a half; there is no other variation."""
    from map_refiner.models.coarse import lrr

    left, right = np.zeros((32, 32), "uint8"), np.zeros((32, 32), "uint8")
    left[:, :16], right[:, 16:] = 1, 1
    halves = torch.from_numpy(np.stack([left, right, left, right]).reshape(4, -1).astype("float32"))
    monkeypatch.setattr(lrr, "_masks", lambda labels, k, generator: halves if k else halves[:1])
    bases = learn_bases([], 2, 0).reshape(2, 10, 8, 8)
    assert not bases[0].any()  # a single mask does not vary
    first = bases[1, 0]
    assert torch.allclose(first.abs(), torch.full((8, 8), 0.5), atol=1e-3)
    assert torch.allclose(first[:, :4], -first[:, 4:], atol=1e-3)
    assert torch.allclose(bases[1, 1:], torch.zeros(9, 8, 8), atol=1e-3)


def test_bases_are_computed_from_masks_of_present_classes():
    labels = np.zeros((64, 80), "uint8")
    labels[20:40, 30:50] = 1
    bases = learn_bases([labels], 3, 0).reshape(3, 10, 8, 8)
    assert bases[1].abs().amax(dim=(1, 2)).min() > 0.005
    assert (bases[1].square().sum(dim=(1, 2)).diff() < 1e-3).all()  # leading ones first
    assert not bases[2].any()
    assert torch.equal(bases, learn_bases([labels], 3, 0).reshape(3, 10, 8, 8))


def test_the_boundary_mask_is_the_local_maximum_minus_the_minimum():
    scores = torch.zeros(1, 2, 20, 20)
    scores[:, 0, :, :10], scores[:, 0, :, 10:] = 3.0, -3.0
    mask = boundary_mask(scores)
    contrast = torch.sigmoid(torch.tensor(3.0)) - torch.sigmoid(torch.tensor(-3.0))
    expected = torch.zeros(20)
    expected[6:14] = contrast  # within four pixels of the edge
    assert torch.allclose(mask, expected.expand(1, 2, 20, 20), atol=1e-6)


def test_dilation_and_erosion_use_a_disk():
    masks = torch.zeros(1, 1, 15, 15)
    masks[..., 7, 7] = 1
    wide, narrow = dilated_and_eroded(masks, 3)
    rows, columns = torch.meshgrid(torch.arange(15) - 7, torch.arange(15) - 7, indexing="ij")
    disk = (rows**2 + columns**2 <= 9).float()
    assert torch.equal(wide[0, 0], disk)
    assert not narrow.any()
    back = dilated_and_eroded(wide, 3)[1]
    assert torch.equal(back, masks)
    random = (torch.rand(1, 2, 32, 48, generator=torch.Generator().manual_seed(0)) < 0.02).float()
    for thinned, full in zip(dilated_and_eroded(random, 5, 8), dilated_and_eroded(random, 5), strict=True):
        assert torch.equal(thinned, full[..., 4::8, 4::8])
    whole = torch.ones(1, 2, 9, 9)
    assert torch.equal(dilated_and_eroded(whole, 4)[1], whole)  # pixels beyond the borders do not erode


def test_level_sizes_and_their_loss():
    torch.manual_seed(0)
    net = LRR(3, 2)
    net.bases.normal_()
    image = torch.randn(1, 2, 2 * net.margin + 64, 2 * net.margin + 64)  # training uses a margin, not the halo
    levels, edges = net.levels(image)
    side = image.shape[-1]
    assert [level.shape[-1] for level in levels] == [side // 8, side // 4, side // 2, side]
    assert [edge.shape[-1] for edge in edges] == [side // 8] * 2
    labels = torch.randint(0, 3, (1, 64, 64))
    labels[:, :5] = 255
    loss = net.loss(image, labels)
    assert loss.item() == pytest.approx(4 * np.log(3) + 2 * np.log(2), rel=1e-5)  # coefficients start at zero
    loss.backward()
    assert net.coefficients[0].weight.grad.abs().max() > 0
    assert net.edges[1].weight.grad.abs().max() > 0


def test_without_masks_the_levels_add_up():
    net = LRR(2, 1, is_masked=False, has_edges=False)
    net.bases.fill_(0.1)
    with torch.no_grad():
        for head in net.coefficients:
            head.bias.fill_(1.0)
        levels, edges = net.levels(torch.zeros(1, 1, 64, 64))
    assert edges == []
    middles = [level[0, 0, level.shape[-1] // 2, level.shape[-1] // 2].item() for level in levels]
    assert middles == pytest.approx([4, 8, 12, 16], rel=1e-5)  # ten bases of 0.1 over four overlapping blocks


def test_one_update_moves_the_levels_but_not_the_bases(monkeypatch):
    monkeypatch.setattr(LRR, "patch", 32)
    torch.manual_seed(0)
    labels = np.zeros((48, 48), "uint8")
    labels[10:30, 12:34] = 1
    net = LRR(2, 1)
    image = TrainingImage(np.random.default_rng(0).normal(0, 1, (1, 48, 48)).astype("float32"), labels)
    (epoch,) = train_lrr(net, [image], TrainingOptions(1, 0, batch=1), torch.device("cpu"))
    assert epoch.loss == pytest.approx(4 * np.log(2) + 2 * np.log(2), rel=1e-5)
    assert torch.equal(net.bases, learn_bases([labels], 2, 0))
    moved = [bool(head.weight.any()) for head in net.coefficients]
    assert moved == [True, False, False, False]  # zero scores at the coarsest level mask the finer levels


@pytest.mark.parametrize("kind", [FCN32s, FCN16s, FCN8s])
def test_the_skips_start_with_zero_scores_and_keep_the_size(kind):
    net = kind(3, 2).eval()
    scores = net.scores(torch.randn(1, 2, 2 * net.halo + 32, 2 * net.halo + 64))
    assert scores.shape == (1, 3, 32, 64)
    assert not scores.any()
    assert len(net.heads) == {"fcn-32s": 1, "fcn-16s": 2, "fcn-8s": 3}[kind.kind]


def test_the_pyramid_ends_in_the_scores_and_tiling_does_not_change_it(raster, tmp_path):
    """Check three coarser levels at full resolution; the last level gives the coarse map."""
    torch.manual_seed(0)
    net = LRR(2, 1).eval()
    net.bases.normal_()
    for head in net.coefficients:
        torch.nn.init.normal_(head.weight, std=0.02)
    image = raster("a.tif", np.random.default_rng(0).normal(100, 20, (1, 60, 90)).astype("float32"))
    cpu, whole = torch.device("cpu"), Window(0, 0, 60, 90)
    with Scene(image) as scene:
        levels = score_levels(net, scene, whole, cpu)
        assert len(levels) == len(net.coarser) + 1
        assert np.allclose(levels[-1], score_window(net, scene, whole, cpu), atol=1e-5)
        window = Window(32, 64, 28, 26)
        parts = score_levels(net, scene, window, cpu)
        for level, part in zip(levels, parts, strict=True):
            assert np.abs(level[:, 32:, 64:] - part).max() <= 1e-5 * np.abs(level).max()
        rough = [np.abs(np.diff(level, axis=2)).mean() / level.std() for level in levels]
        assert rough == sorted(rough)  # each level is sharper than the one before
        save_model(tmp_path / "lrr.safetensors", net, ModelCard("lrr", ("background", "road"), 1, None))
        session = Session(scene, tmp_path, cpu)
        step = session.classify(str(tmp_path / "lrr.safetensors"), lambda fraction: None)
        assert [name for name, _ in session.levels] == ["32x", "16x", "8x"]
        files = {each.scores for each in (step, *(level for _, level in session.levels))}
        assert len(files) == 4
        for (_, each), expected in zip(session.levels, levels[:-1], strict=True):
            with GridReader(tmp_path / each.scores) as reader:
                found, _ = reader.read((1, 2), whole)
            assert np.allclose(found, torch.from_numpy(expected).softmax(dim=0).numpy(), atol=1e-4)
