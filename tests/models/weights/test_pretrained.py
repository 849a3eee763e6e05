"""Coarse models that start from the shipped weights; refiners are in pipelines/test_train_refiner."""

import pytest
import torch
from map_refiner.models.coarse.lite_unet import LiteUNet
from map_refiner.models.weights import pretrained
from map_refiner.models.weights.checkpoint import ModelCard, save_model
from map_refiner.models.weights.pretrained import start_coarse

CLASSES = ("background", "building", "road")


@pytest.fixture
def shipped(tmp_path, monkeypatch):
    """A folder of shipped weights with one U-Net, whose layers are all random."""
    torch.manual_seed(0)
    net = LiteUNet(3, 3)
    torch.nn.init.normal_(net.out.weight)
    torch.nn.init.normal_(net.out.bias)
    save_model(tmp_path / "coarse_x.safetensors", net, ModelCard(net.kind, CLASSES, 3, 0.5, trained_on="towns"))
    monkeypatch.setattr(pretrained, "WEIGHTS_FOLDER", tmp_path)
    return net.eval()


def scores(net, image):
    """Return the scores of the middle of an image."""
    return net.eval().scores(image)


@pytest.fixture
def image():
    """An image of one output window."""
    side = 2 * LiteUNet.halo + 32
    return torch.randn(1, 3, side, side)


def test_the_same_classes_and_bands_give_the_same_scores(shipped, image):
    net = LiteUNet(3, 3)
    assert start_coarse(net, CLASSES, 3).trained_on == "towns"
    assert torch.equal(scores(net, image), scores(shipped, image))


def test_classes_are_matched_by_name_and_new_ones_start_at_zero(shipped, image):
    net = LiteUNet(4, 3)
    start_coarse(net, ("background", "road", "water", "building"), 3)
    found, expected = scores(net, image), scores(shipped, image)
    assert torch.allclose(found[:, [0, 1, 3]], expected[:, [0, 2, 1]], atol=1e-5)
    assert not found[:, 2].any()


@pytest.mark.parametrize("bands", [1, 5])
def test_a_grey_image_gives_the_same_scores_with_other_bands(shipped, image, bands):
    net = LiteUNet(3, bands)
    start_coarse(net, CLASSES, bands)
    grey = image[:, :1]
    expected = scores(shipped, grey.expand(-1, 3, -1, -1))
    assert torch.allclose(scores(net, grey.expand(-1, bands, -1, -1)), expected, atol=1e-3 * expected.abs().max())


def test_without_shipped_weights_the_network_stays_as_it_is(tmp_path, monkeypatch):
    monkeypatch.setattr(pretrained, "WEIGHTS_FOLDER", tmp_path)
    net = LiteUNet(3, 3)
    before = [weight.clone() for weight in net.parameters()]
    assert start_coarse(net, CLASSES, 3) is None
    assert all(torch.equal(*pair) for pair in zip(before, net.parameters(), strict=True))
