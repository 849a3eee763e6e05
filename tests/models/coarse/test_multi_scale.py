"""A pyramid at several scales: joined scores, and tiling without differences."""

import numpy as np
import pytest
import torch
from map_refiner.models.arrays.grid import Window
from map_refiner.models.coarse.backbone import SMALL_BACKBONE, BackboneSize
from map_refiner.models.coarse.fcn import FCN
from map_refiner.models.coarse.lrr import LRR
from map_refiner.models.coarse.multi_scale import MultiScale, grown, shrunk
from map_refiner.models.errors import CheckpointError
from map_refiner.models.scene.scene import Scene
from map_refiner.models.tiling.classify_tile import score_levels, score_window
from map_refiner.models.weights.checkpoint import ModelCard, load_coarse, save_model

CPU = torch.device("cpu")


def thin():
    """Return a fast pyramid with the receptive field of the small one."""
    torch.manual_seed(0)
    size = BackboneSize((3, 3, 3, 3, 3), SMALL_BACKBONE.convolutions, 3)
    net = type("Thin", (LRR,), {"size": size})(2, 1).eval()
    with torch.no_grad():
        for weight in [*net.parameters(), *net.buffers()]:
            weight.normal_(0, (weight[0].numel() if weight.dim() > 1 else 10) ** -0.5)
    return net


def test_five_pixels_shrink_to_four_or_three_weighted_by_area():
    row = torch.tensor([0.0, 1, 2, 3, 4]).expand(5, 5)
    assert shrunk(row, 4)[0].tolist() == pytest.approx([0.2, 1.4, 2.6, 3.8])
    assert shrunk(row.t(), 3)[:, 0].tolist() == pytest.approx([0.4, 2.0, 3.6])


@pytest.mark.parametrize("part", [3, 4])
def test_shrunk_maps_grow_back_to_their_positions(part):
    ramp = torch.arange(20, dtype=torch.float64) + 0.5
    plane = ramp[:, None] + 2 * ramp
    small = (torch.arange(-1, 4 * part + 1, dtype=torch.float64) + 0.5) * 5 / part
    pixels_are_flat = 0.3  # unlike the ramp
    assert torch.allclose(shrunk(plane, part), small[1:-1, None] + 2 * small[1:-1], atol=pixels_are_flat)
    assert torch.allclose(grown(small[:, None] + 2 * small, part), plane)


def test_each_class_keeps_its_largest_probability():
    class Level:
        halo, stride, coarser = 32, 32, ("coarse",)

        def scores(self, image):
            seen = image[..., 32:-32, 32:-32]
            return torch.cat([torch.full_like(seen, image.shape[-1] / 100), seen], dim=1)

        def pyramid(self, image):
            return torch.zeros(1), self.scores(image)

    scales = MultiScale(Level())
    assert (scales.halo, scales.stride) == (160, 160)
    image = torch.zeros(1, 1, 480, 480)
    level, joined = scales.pyramid(image)
    assert torch.equal(level, torch.zeros(1))
    assert torch.equal(joined, scales.scores(image))
    first = torch.tensor([(160 + 64) / 100, (128 + 64 + 64) / 100, (96 + 64 + 64) / 100]).sigmoid().tolist()
    assert torch.allclose(joined.exp()[0, 0], torch.tensor(max(first)), atol=1e-6)
    assert torch.allclose(joined.exp()[0, 1], torch.tensor(1 - min(first)), atol=1e-6)


def test_tiling_does_not_change_the_scores_at_any_offset(raster):
    net = thin()
    scales = MultiScale(net)
    with Scene(raster("a.tif", np.random.default_rng(0).normal(100, 20, (1, 60, 200)).astype("float32"))) as scene:
        *levels, whole = score_levels(scales, scene, Window(0, 0, 60, 200), CPU)
        for window in (Window(0, 163, 60, 37), Window(11, 64, 33, 128)):
            part = score_window(scales, scene, window, CPU)
            assert np.abs(whole[(slice(None), *window.slices())] - part).max() <= 1e-5 * np.abs(whole).max()
        own = score_levels(net, scene, Window(0, 0, 60, 200), CPU)
    assert all(np.allclose(level, alone, atol=1e-4) for level, alone in zip(levels, own[:-1], strict=True))
    assert np.abs(whole - torch.from_numpy(own[-1]).log_softmax(0).numpy()).max() > 0.01


def test_only_a_pyramid_supports_several_scales(tmp_path):
    path = tmp_path / "coarse.safetensors"
    save_model(path, FCN(2, 1), ModelCard("fcn", ("background", "road"), 1, None))
    with pytest.raises(CheckpointError, match=r"coarse\.safetensors is of the kind 'fcn'; only lrr can"):
        load_coarse(path, is_multi_scale=True)
    save_model(path, LRR(2, 1), ModelCard("lrr", ("background", "road"), 1, None))
    assert isinstance(load_coarse(path, is_multi_scale=True)[0], MultiScale)
    assert isinstance(load_coarse(path)[0], LRR)
