"""VGG-16 weights in the backbone.

Modules that this file covers: models/coarse/fcn_skips.py.
"""

import numpy as np
import pytest
import torch
from map_refiner.models.arrays.grid import Window
from map_refiner.models.coarse import fcn_skips, lrr
from map_refiner.models.coarse.backbone import VGG16, VGG16_CONVOLUTIONS, Backbone, BackboneSize
from map_refiner.models.coarse.fcn_skips import FCN8s, FCN8sVGG16
from map_refiner.models.coarse.lrr import LRR, LRRVGG16
from map_refiner.models.coarse.registry import COARSE_CLASSES
from map_refiner.models.errors import CheckpointError
from map_refiner.models.pipelines.train_coarse import load_backbone
from map_refiner.models.scene.scene import Scene
from map_refiner.models.tiling.classify_tile import score_window
from map_refiner.models.weights.checkpoint import ModelCard, load_coarse, save_model
from safetensors.torch import save_file


def random_weights():
    """Return tensors with the names and shapes of torchvision's VGG-16, and one of its classifier."""
    widths = [3, 64, 64, 128, 128, 256, 256, 256, 512, 512, 512, 512, 512, 512]
    tensors = {"classifier.6.bias": torch.zeros(1000)}
    for n, before, after in zip(VGG16_CONVOLUTIONS, widths, widths[1:], strict=False):
        tensors[f"features.{n}.weight"] = torch.randn(after, before, 3, 3)
        tensors[f"features.{n}.bias"] = torch.randn(after)
    return tensors


def test_the_weights_are_loaded_into_the_right_layers(tmp_path):
    tensors = random_weights()
    save_file(tensors, tmp_path / "vgg16.safetensors")
    backbone = Backbone(3, VGG16)
    backbone.begin_from(tmp_path / "vgg16.safetensors")
    layers = [layer for layer in backbone.stages.modules() if isinstance(layer, torch.nn.Conv2d)]
    assert len(layers) == 13
    for n, layer in zip(VGG16_CONVOLUTIONS, layers, strict=True):
        assert torch.equal(layer.weight, tensors[f"features.{n}.weight"])
        assert torch.equal(layer.bias, tensors[f"features.{n}.bias"])
    image = torch.randn(1, 3, 32, 32)
    with torch.no_grad():
        assert [tuple(maps.shape[1:]) for maps in backbone(image)] == [
            (256, 8, 8),
            (512, 4, 4),
            (512, 2, 2),
            (512, 1, 1),
        ]


def test_weights_that_do_not_fit_are_refused_and_change_nothing(tmp_path):
    path, backbone = tmp_path / "vgg16.safetensors", Backbone(4, VGG16)
    before = {name: value.clone() for name, value in backbone.state_dict().items()}
    save_file(random_weights(), path)
    with pytest.raises(CheckpointError, match=r"is 64 x 3 x 3 x 3; VGG-16 for 4 bands has 64 x 4 x 3 x 3"):
        backbone.begin_from(path)
    tensors = random_weights()
    del tensors["features.28.bias"]
    save_file(tensors, path)
    with pytest.raises(CheckpointError, match=r"vgg16\.safetensors holds no features\.28\.bias"):
        Backbone(3, VGG16).begin_from(path)
    path.write_bytes(path.read_bytes()[:100])
    with pytest.raises(CheckpointError, match="not a whole safetensors file"):
        backbone.begin_from(path)
    with pytest.raises(CheckpointError, match="There is no file"):
        backbone.begin_from(tmp_path / "gone.safetensors")
    assert all(torch.equal(value, before[name]) for name, value in backbone.state_dict().items())
    with pytest.raises(CheckpointError, match="'lrr' has no VGG-16 backbone; fcn-8s-vgg16, lrr-vgg16 have one"):
        load_backbone(LRR(2, 3), "lrr", str(path))


@pytest.mark.parametrize(("small", "large"), [(LRR, LRRVGG16), (FCN8s, FCN8sVGG16)])
def test_the_large_kinds_have_a_larger_or_equal_halo_and_are_saved(small, large, tmp_path):
    assert large.halo >= small.halo
    assert large.halo % 32 == 0
    net = COARSE_CLASSES[large.kind](2, 3)
    assert net.trunk.stages[4][4].weight.shape == (512, 512, 3, 3)
    save_model(tmp_path / "large.safetensors", net, ModelCard(large.kind, ("background", "road"), 3, 0.5))
    loaded, _ = load_coarse(tmp_path / "large.safetensors")
    assert loaded.halo == large.halo
    assert torch.equal(loaded.trunk.top[0].weight, net.trunk.top[0].weight)


THIN = BackboneSize((3, 3, 3, 3, 3), VGG16.convolutions, 3)  # same halo, but fast


@pytest.mark.parametrize(("base", "halo"), [(LRR, lrr.halo_of(THIN)), (FCN8s, fcn_skips.halo_of(THIN))])
def test_tiling_does_not_change_the_scores_of_the_large_kinds(base, halo, raster):
    assert halo == {LRR: LRRVGG16, FCN8s: FCN8sVGG16}[base].halo
    torch.manual_seed(0)
    net = type("Thin", (base,), {"size": THIN, "halo": halo})(2, 1).eval()
    with torch.no_grad():
        for weight in [*net.parameters(), *net.buffers()]:
            weight.normal_(0, (weight[0].numel() if weight.dim() > 1 else 10) ** -0.5)
    cpu = torch.device("cpu")
    with Scene(raster("a.tif", np.random.default_rng(0).normal(100, 20, (1, 64, 160)).astype("float32"))) as scene:
        whole = score_window(net, scene, Window(0, 0, 64, 160), cpu)
        part = score_window(net, scene, Window(32, 96, 32, 64), cpu)
    assert np.abs(whole[:, 32:, 96:] - part).max() <= 1e-5 * np.abs(whole).max()
