"""The extended refiner: neutral when untrained, bounded, exact in tiles, and the same in training and inference."""

import pytest
import torch
from map_refiner.models.arrays.borders import WHOLE, Borders
from map_refiner.models.refine import extended as module
from map_refiner.models.refine.extended import (
    FEATURES,
    FULL,
    HALO_PX,
    HIDDEN_CHANNELS,
    MAX_SCORE_UPDATE,
    UPDATE_DECAY,
    ExtendedRefiner,
    _messages,
)
from map_refiner.models.refine.refiner import crop_halo
from map_refiner.models.refine.unroll import refine_steps


def trained(classes=3, bands=3, seed=0):
    torch.manual_seed(seed)
    net = ExtendedRefiner(classes, bands)
    with torch.no_grad():
        net.out.weight.normal_(0, 0.5)
        net.out.bias.normal_(0, 0.1)
    return net.eval()


def test_the_refiner_has_at_most_30000_weights():
    assert sum(weight.numel() for weight in ExtendedRefiner(3, 3).parameters()) <= 30_000


def test_an_untrained_refiner_does_not_change_the_map():
    scores = torch.randn(3, 12, 14)
    for after in refine_steps(ExtendedRefiner(3, 3), scores, torch.randn(3, 12, 14), WHOLE, 3):
        assert torch.allclose(after, scores.log_softmax(0), atol=1e-6)


def test_score_updates_are_bounded_and_decay():
    net = trained()
    with torch.no_grad():
        net.out.weight.mul_(100)
    states = list(refine_steps(net, torch.randn(3, 20, 21), torch.randn(3, 20, 21), WHOLE, 40))
    moved = [float((b - a).abs().max()) for a, b in zip(states, states[1:], strict=False)]
    for step, most in enumerate(moved, start=1):
        assert most <= MAX_SCORE_UPDATE * UPDATE_DECAY ** max(0, step + 1 - FULL) + 1e-4
    assert moved[0] > 0.5 * MAX_SCORE_UPDATE * UPDATE_DECAY
    assert moved[-1] < 1e-3


def test_calm_reduces_the_updates():
    scores, image = torch.randn(3, 20, 21), torch.randn(3, 20, 21)
    moved = []
    for share in (1.0, 0.1):
        net = trained()
        net.calm(share)
        (after,) = refine_steps(net, scores, image, WHOLE, 1)
        moved.append(float((after - scores.log_softmax(0)).abs().mean()))
    assert 0 < moved[1] < 0.3 * moved[0]


def test_classes_influence_each_other():
    net = trained()
    scores, image = torch.zeros(3, 9, 9), torch.randn(3, 9, 9)
    other = scores.clone()
    other[2, 4, 4] = 3
    (one,), (two,) = (list(refine_steps(net, each, image, WHOLE, 1)) for each in (scores, other))
    assert (one[0] - two[0])[3:6, 3:6].abs().max() > 1e-3


def test_messages_pass_only_between_similar_neighbours():
    """One pixel certain of class 0: its message arrives only at neighbours with a similar image."""
    net = ExtendedRefiner(2, 1)
    with torch.no_grad():
        for layer in (net.near, net.far, net.features, net.out):
            for weight in layer.parameters():
                weight.zero_()
        net.heard.weight.zero_()
        net.heard.weight[0, 0] = 1  # the first hidden unit: the message of class 0 from the nearer neighbours
        net.out.weight[0, 0] = 1
    scores, image = torch.zeros(2, 31, 31), torch.zeros(1, 31, 31)
    image[:, :, 16:] = 5
    scores[0, 15, 15] = 6
    (after,) = refine_steps(net, scores, image, WHOLE, 1)
    raised = after[0] - scores.log_softmax(0)[0]
    assert raised[15, 13] > 0.01
    assert abs(raised[15, 17]) < 1e-6  # across the edge
    assert abs(raised[15, 14]) < 1e-6  # no neighbour at that distance


def test_the_hidden_state_stores_more_than_the_scores():
    net = trained()
    scores, image = torch.randn(3, 15, 15), torch.randn(3, 15, 15)
    with torch.no_grad():
        state = net.start(scores)
        prepared = net.prepare(image, scores, WHOLE)
        first = net.step(state, prepared, WHOLE, 0)
        assert first[3:].abs().max() > 0
        forgot = net.start(first[:3])
        assert not torch.allclose(
            net.step(first, prepared, WHOLE, 1)[:3], net.step(forgot, prepared, WHOLE, 1)[:3], atol=1e-3
        )


@pytest.mark.parametrize("strip", [30, 200, 10_000])
@pytest.mark.parametrize("part", [50, 900])
def test_strips_and_parts_do_not_change_the_result(monkeypatch, strip, part):
    net = trained()
    scores, image = torch.randn(3, 61, 23), torch.randn(3, 61, 23)
    with torch.enable_grad():
        whole = net.step(net.start(scores), net.look(image, scores, WHOLE), WHOLE, 0).detach()
    monkeypatch.setattr(module, "STRIP_PIXELS", strip)
    monkeypatch.setattr(module, "PART_PIXELS", part)
    (after,) = refine_steps(net, scores, image, WHOLE, 1)
    assert torch.allclose(after, whole[:3], rtol=1e-5, atol=1e-5)


@pytest.mark.parametrize("borders", [Borders(False, True, False, False), Borders(True, False, True, False)])
def test_parts_of_a_tile_consume_its_halo(monkeypatch, borders):
    net, image, scores = trained(), torch.randn(3, 150, 80), torch.randn(3, 150, 80)
    monkeypatch.setattr(module, "PART_PIXELS", 100)
    with torch.no_grad():
        whole = net.look(image, scores, borders)
        assert torch.allclose(net.prepare(image, scores, borders), whole, rtol=1e-5, atol=1e-5)
    assert whole.shape[1:] == crop_halo(image, net.context_radius, borders).shape[1:]


def test_a_batch_equals_its_patches_refined_one_by_one():
    net = trained()
    scores, image = torch.randn(2, 3, 24, 24), torch.randn(2, 3, 24, 24)
    with torch.enable_grad():
        together = net.step(net.start(scores), net.look(image, scores, WHOLE), WHOLE, 0)
    for n in range(2):
        (alone,) = refine_steps(net, scores[n], image[n], WHOLE, 1)
        assert torch.allclose(together[n, :3].detach(), alone, rtol=1e-5, atol=1e-5)


def test_gradients_reach_every_weight():
    net = trained().train()
    state, prepared = (
        net.start(torch.randn(1, 3, 20, 20)),
        net.look(torch.randn(1, 3, 20, 20), torch.randn(1, 3, 20, 20), WHOLE),
    )
    for index in range(2):
        state = net.step(state, prepared, WHOLE, index)
    state.square().mean().backward()
    for name, weight in net.named_parameters():
        assert weight.grad is not None, name
        assert weight.grad.abs().max() > 0, name


def test_context_radius_and_halo_match_the_actual_reach():
    net = trained()
    image, scores = torch.randn(3, 81, 81), torch.randn(3, 81, 81)
    changed = image.clone()
    changed[:, 40, 40] += 1
    with torch.no_grad():
        moved = (net.look(image, scores, WHOLE) - net.look(changed, scores, WHOLE)).abs().amax(0).nonzero() - 40
        assert moved.abs().max() == net.context_radius
        state = net.start(scores)
        other = state.clone()
        other[0, 40, 40] += 1
        prepared = net.prepare(image, scores, WHOLE)
        moved = (net.step(state, prepared, WHOLE, 0) - net.step(other, prepared, WHOLE, 0)).abs().amax(0).nonzero()
        assert (moved - 40).abs().max() == net.halo == HALO_PX
    assert net.channels == 3 + HIDDEN_CHANNELS


def test_gradients_of_messages_match_finite_differences():
    torch.manual_seed(0)
    padded = torch.rand(2, 3, 13, 12, dtype=torch.float64, requires_grad=True)
    likeness = torch.rand(2, 16, 3, 2, dtype=torch.float64, requires_grad=True)
    assert torch.autograd.gradcheck(_messages, (padded, likeness))


def test_a_narrowed_refiner_matches_the_full_one_for_its_classes():
    """The removed class is improbable everywhere and no other class uses its scores, so both results are equal."""
    torch.manual_seed(3)
    whole = ExtendedRefiner(3, 2).eval()
    with torch.no_grad():
        for weight in whole.parameters():
            weight.normal_(0, 0.1)
    lacking = 1
    places = {whole.trunk[0]: 2, whole.features: FEATURES + 2, whole.near: 0, whole.far: 0}
    with torch.no_grad():
        for layer, place in places.items():
            layer.weight[:, place + lacking] = 0
    scores, image = torch.randn(3, 30, 30), torch.randn(2, 30, 30)
    scores[lacking] = -80
    narrow = whole.narrowed([2, 0])
    *_, wide = refine_steps(whole, scores, image, WHOLE, 1)
    *_, found = refine_steps(narrow, scores[[2, 0]], image, WHOLE, 1)
    assert torch.allclose(found, wide[[2, 0]], atol=1e-4)
    assert not torch.allclose(found, torch.log_softmax(scores[[2, 0]], 0), atol=0.05)
