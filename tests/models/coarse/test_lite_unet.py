"""The U-Net on the pretrained encoder; tests of all kinds are in test_registry."""

import numpy as np
import torch
from map_refiner.models.arrays.score_maps import UNLABELLED
from map_refiner.models.coarse.lite_unet import HALO_PX, LiteUNet
from map_refiner.models.coarse.train_patches import TrainingImage, TrainingOptions, evaluate_held_out, train_patches

CPU = torch.device("cpu")


def test_the_network_is_small():
    assert sum(weight.numel() for weight in LiteUNet(3, 3).parameters()) < 1_000_000


def test_the_halo_covers_the_receptive_field():
    torch.manual_seed(0)
    net = LiteUNet(2, 1).double().eval()
    torch.nn.init.normal_(net.out.weight)
    image = torch.randn(1, 1, 2 * HALO_PX + 16, 2 * HALO_PX + 64, dtype=torch.float64, requires_grad=True)
    net(image)[0, 1, :, 16:32].sum().backward()
    columns = torch.nonzero(image.grad[0, 0].abs().sum(dim=0)).flatten()
    first, last = HALO_PX + 16, HALO_PX + 31
    assert first - columns.min() < HALO_PX
    assert columns.max() - last < HALO_PX


def test_unlabelled_pixels_have_no_effect_on_the_loss():
    torch.manual_seed(0)
    net = LiteUNet(3, 3)
    torch.nn.init.normal_(net.out.weight)
    image, labels = torch.randn(2, 3, 128, 128), torch.randint(0, 3, (2, 64, 64))
    labels[:, :, 40:] = UNLABELLED
    first = net.loss(image, labels)
    logits = net(image)
    known = labels != UNLABELLED
    entropy = torch.nn.functional.cross_entropy(logits.movedim(1, -1)[known], labels[known])
    assert entropy < first < entropy + 0.5
    assert net.loss(image, torch.full_like(labels, UNLABELLED)) == 0


def test_a_few_updates_learn_bright_squares():
    generator = np.random.default_rng(0)
    labels = np.kron(generator.integers(0, 2, (10, 10)), np.ones((16, 16))).astype(np.uint8)
    image = (labels + generator.normal(0, 0.5, (3, 160, 160))).astype(np.float32)
    torch.manual_seed(0)
    net = LiteUNet(2, 3)
    example = TrainingImage(image, labels)
    for _ in train_patches(net, [example], TrainingOptions(60, 0, batch=4), CPU):
        pass
    assert evaluate_held_out(net, [example], [labels], CPU) > 0.8
