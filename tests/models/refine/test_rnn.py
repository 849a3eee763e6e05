"""The refinement RNN: the fused form equals the paper's, and training equals inference."""

import numpy as np
import pytest
import torch
from map_refiner.models.arrays.borders import WHOLE, Borders
from map_refiner.models.refine.refiner import crop_halo
from map_refiner.models.refine.rnn import RefinementRNN

SIZES = [(1, 1), (1, 19), (23, 1), (2, 2), (7, 13), (31, 29), (40, 97)]


def scene(refiner, height, width, seed=0):
    generator = torch.Generator().manual_seed(seed)
    return (
        2 * torch.randn(refiner.classes, height, width, generator=generator),
        torch.randn(refiner.bands, height, width, generator=generator),
    )


def relative(found, wanted):
    return float((found - wanted).abs().max() / wanted.abs().max())


def test_the_number_of_weights_is_that_of_the_paper():
    assert sum(weight.numel() for weight in RefinementRNN(3, 3).parameters()) == 9539
    assert sum(weight.numel() for weight in RefinementRNN(2, 1).parameters()) == 800 + 800 + 2 * 2113


def test_the_filters_have_the_shapes_of_the_paper(refiner):
    net = refiner(4, 5)
    assert net.score_filters.shape == (32, 25)  # M
    assert net.image_filters.shape == (32, 5 * 25)  # N
    assert net.hidden.shape == (4, 32, 64)  # W1 of each class
    assert net.out.shape == (4, 1, 32)  # W2 of each class
    assert net.fused().shape == (4, 32, 25 + 32)


def test_initial_weights_lie_within_caffes_bounds():
    torch.manual_seed(0)
    net = RefinementRNN(3, 3)
    for weights, inputs in ((net.score_filters, 25), (net.image_filters, 75), (net.hidden, 64), (net.out, 32)):
        bound = (3 / inputs) ** 0.5
        assert weights.abs().max() <= bound
        assert weights.std().item() == pytest.approx(bound / 3**0.5, rel=0.1)
    assert not net.hidden_bias.any()
    assert not net.out_bias.any()


def by_hand(net, scores, image):
    """Compute the paper's update pixel by pixel, in float64."""
    m, n = net.score_filters.double(), net.image_filters.double()
    padded = [np.pad(maps.double().numpy(), ((0, 0), (2, 2), (2, 2)), mode="reflect") for maps in (scores, image)]
    after = scores.double().clone()
    for row in range(scores.shape[1]):
        for column in range(scores.shape[2]):
            near = [torch.from_numpy(maps[:, row : row + 5, column : column + 5].copy()) for maps in padded]
            for k in range(net.classes):
                phi = torch.cat([m @ near[0][k].flatten(), n @ near[1].flatten()])
                hidden = (net.hidden[k].double() @ phi + net.hidden_bias[k].double()).relu()
                after[k, row, column] += net.out[k, 0].double() @ hidden + net.out_bias[k].double()
    return after


@pytest.mark.parametrize(("classes", "bands"), [(3, 3), (2, 1)])
def test_the_plain_form_equals_the_formula_of_the_paper(refiner, classes, bands):
    net = refiner(classes, bands)
    scores, image = scene(net, 6, 9)
    with torch.no_grad():
        assert relative(net.plain_step(scores, image, WHOLE).double(), by_hand(net, scores, image)) < 1e-5


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize(("classes", "bands"), [(3, 3), (2, 1), (5, 4)])
def test_the_fused_form_equals_the_plain_one(refiner, size, classes, bands):
    net = refiner(classes, bands, seed=sum(size))
    scores, image = scene(net, *size)
    plain = fused = scores
    with torch.no_grad():
        prepared = net.prepare(image, scores, WHOLE)
        for _ in range(5):
            plain = net.plain_step(plain, image, WHOLE)
            fused = net.step(fused, prepared, WHOLE, 0)
    assert fused.shape == scores.shape
    assert relative(fused, plain) < 1e-5


@pytest.mark.parametrize("strip", [1, 30, 10**6])
def test_strips_do_not_change_the_result(refiner, monkeypatch, strip):
    net = refiner()
    scores, image = scene(net, 37, 29)
    with torch.no_grad():
        whole = net.plain_step(scores, image, WHOLE)
        monkeypatch.setattr("map_refiner.models.refine.rnn.STRIP_PIXELS", strip)
        monkeypatch.setattr("map_refiner.models.refine.rnn.PART_PIXELS", strip)
        prepared = net.prepare(image, scores, WHOLE)
        assert relative(net.step(scores, prepared, WHOLE, 0), whole) < 1e-5


@pytest.mark.parametrize("borders", [Borders(False, False, False, False), Borders(True, False, False, True)])
def test_both_forms_consume_the_halo_at_sides_that_are_not_borders(refiner, borders):
    net = refiner()
    scores, image = scene(net, 15, 18)
    with torch.no_grad():
        plain = net.plain_step(scores, image, borders)
        fused = net.step(scores, net.prepare(image, scores, borders), borders, 0)
    rows, columns = 15 - 2 * (2 - borders.top - borders.bottom), 18 - 2 * (2 - borders.left - borders.right)
    assert plain.shape == fused.shape == (3, rows, columns)
    assert relative(fused, plain) < 1e-5


@pytest.mark.parametrize("steps", [1, 3, 5])
def test_the_training_form_equals_the_inference_form(refiner, steps):
    net = refiner()
    scores, image = scene(net, 33, 41)
    nowhere = Borders(False, False, False, False)
    with torch.no_grad():
        trained = net(scores[None], image[None], steps)[0]
        stepped, prepared = scores, net.prepare(image, scores, nowhere)
        for _ in range(steps):
            stepped = net.step(stepped, prepared, nowhere, 0)
            prepared = crop_halo(prepared, 2, nowhere)
    assert trained.shape == (3, 33 - 4 * steps, 41 - 4 * steps)
    assert relative(stepped, trained) < 1e-5


def test_a_batch_equals_its_patches_refined_one_by_one(refiner):
    net = refiner()
    scores, image = torch.randn(4, 3, 21, 21), torch.randn(4, 3, 21, 21)
    with torch.no_grad():
        together = net(scores, image, 2)
        for n in range(4):
            assert relative(together[n : n + 1], net(scores[n : n + 1], image[n : n + 1], 2)) < 1e-5


def test_gradients_reach_every_weight(refiner):
    net = refiner()
    net.train()
    net(torch.randn(2, 3, 25, 25), torch.randn(2, 3, 25, 25), 3).square().mean().backward()
    for name, weight in net.named_parameters():
        assert weight.grad is not None, name
        assert torch.isfinite(weight.grad).all(), name
        assert weight.grad.abs().max() > 0, name


def test_gradients_of_the_training_form_equal_those_of_the_plain_form(refiner):
    """The fused weights are recomputed each time, so gradients must flow to M and W1 through the product."""
    net = refiner().double()
    nowhere = Borders(False, False, False, False)
    scores, image = torch.randn(3, 13, 13, dtype=torch.float64), torch.randn(3, 13, 13, dtype=torch.float64)
    net(scores[None], image[None], 1).square().sum().backward()
    fused = {name: weight.grad.clone() for name, weight in net.named_parameters()}
    net.zero_grad()
    net.plain_step(scores, image, nowhere).square().sum().backward()
    for name, weight in net.named_parameters():
        assert torch.allclose(fused[name], weight.grad, rtol=1e-8, atol=1e-10), name


def test_classes_do_not_influence_each_other(refiner):
    """A property of the paper's model (SCIENCE: "classes never interact during iteration")."""
    net = refiner()
    scores, image = scene(net, 12, 12)
    other = scores.clone()
    other[2] += 1
    with torch.no_grad():
        prepared = net.prepare(image, scores, WHOLE)
        one, two = net.step(scores, prepared, WHOLE, 0), net.step(other, prepared, WHOLE, 0)
    assert torch.equal(one[:2], two[:2])
    assert not torch.allclose(one[2], two[2])


def test_the_reach_is_two_pixels_per_step(refiner):
    net = refiner()
    scores, image = scene(net, 21, 21)
    other = scores.clone()
    other[:, 10, 10] += 5
    with torch.no_grad():
        prepared = net.prepare(image, scores, WHOLE)
        changed = (net.step(scores, prepared, WHOLE, 0) != net.step(other, prepared, WHOLE, 0)).any(0)
    rows, columns = torch.nonzero(changed, as_tuple=True)
    assert (rows.min(), rows.max(), columns.min(), columns.max()) == (8, 12, 8, 12)
