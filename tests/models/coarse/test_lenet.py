"""LeNet of the lecture: dense evaluation equals the patch classifier, and the lecture's exercises."""

import pytest
import torch
from map_refiner.models.coarse.lenet import LeNet
from torch.nn import functional

IMAGE = [[3, 1, 4, 3], [3, 2, 3, 1], [4, 3, 6, 4], [3, 3, 1, 7]]
FIRST = [[1, -1, 2], [3, 1, 4], [5, -2, 9]]


def tensor(rows):
    return torch.tensor(rows, dtype=torch.float64)[None, None]


def test_the_exercise_of_the_lecture():
    assert functional.conv2d(tensor(IMAGE), tensor(FIRST)).tolist() == [[[[101, 55], [64, 108]]]]
    assert functional.conv2d(tensor(IMAGE), torch.ones(1, 1, 3, 3).double()).tolist() == [[[[29, 27], [28, 30]]]]
    flipped = tensor(FIRST).flip(2, 3)  # convolution in the mathematical sense
    assert functional.conv2d(tensor(IMAGE), flipped).tolist() == [[[[79, 34], [79, 59]]]]


@pytest.mark.parametrize(
    ("size", "kernel", "pad", "stride"), [(4, 3, 0, 1), (5, 3, 0, 1), (5, 3, 0, 2), (28, 5, 2, 1), (7, 3, 1, 2)]
)
def test_the_output_sizes_of_the_lecture(size, kernel, pad, stride):
    image = torch.zeros(1, 1, size, size)
    found = functional.conv2d(image, torch.zeros(1, 1, kernel, kernel), padding=pad, stride=stride).shape[-1]
    assert found == (size + 2 * pad - kernel) // stride + 1


def test_the_poolings_of_the_lecture():
    image = torch.arange(16.0).reshape(1, 1, 4, 4)
    assert functional.max_pool2d(image, 2).tolist() == [[[[5, 7], [13, 15]]]]
    assert functional.avg_pool2d(image, 2).tolist() == [[[[2.5, 4.5], [10.5, 12.5]]]]


def test_the_weight_count_matches_the_textbooks():
    assert sum(weight.numel() for weight in LeNet(10, 1).parameters()) == 61_706


def test_dense_scores_equal_patch_scores():
    torch.manual_seed(0)
    net = LeNet(3, 2).double()
    image = torch.randn(1, 2, 39, 37, dtype=torch.float64)
    dense = net.scores(image)
    assert dense.shape == (1, 3, 7, 5)
    with torch.no_grad():
        for row, column in ((0, 0), (3, 1), (6, 4)):
            patch = image[..., row : row + 32, column : column + 32]
            assert torch.allclose(net.of_patches(patch)[0], dense[0, :, row, column], rtol=1e-12)
