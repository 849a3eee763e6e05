"""Training of the coarse model, also with incomplete labels."""

import numpy as np
import pytest
import torch
from map_refiner.models.arrays.score_maps import UNLABELLED
from map_refiner.models.coarse import train_patches as training
from map_refiner.models.coarse.fcn import FCN
from map_refiner.models.coarse.fcn_skips import FCN8s
from map_refiner.models.coarse.train_patches import TrainingImage, TrainingOptions, evaluate_held_out, train_patches

CPU = torch.device("cpu")


def striped(height=96, width=112, seed=0):
    """Make a noisy image whose first band shows the class of wide stripes."""
    labels = (np.arange(width) // 16 % 2).astype("uint8")[None].repeat(height, axis=0)
    image = np.random.default_rng(seed).normal(0, 0.3, (1, height, width)).astype("float32")
    image[0] += 2.0 * labels - 1
    return TrainingImage(image, labels)


def net(seed=0):
    torch.manual_seed(seed)
    return FCN(2, 1)


def test_training_lowers_the_loss_and_raises_the_held_out_miou():
    image = striped()
    coarse = net()
    before = evaluate_held_out(coarse, [image], [image.labels], CPU)
    epochs = list(train_patches(coarse, [image], TrainingOptions(30, 0, batch=4), CPU))
    assert [each.update for each in epochs] == list(range(1, 31))
    assert np.mean([epoch.loss for epoch in epochs[-5:]]) < 0.5 * epochs[0].loss
    assert evaluate_held_out(coarse, [image], [image.labels], CPU) > max(0.8, before)
    assert not coarse.training


def test_the_same_seed_gives_the_same_losses_and_weights():
    found = []
    for _ in range(2):
        coarse = net()
        losses = [epoch.loss for epoch in train_patches(coarse, [striped()], TrainingOptions(3, 5, batch=2), CPU)]
        found.append((losses, coarse.conv1.weight.detach().clone()))
    assert found[0][0] == found[1][0]
    assert torch.equal(found[0][1], found[1][1])


def test_the_first_and_the_last_update_are_evaluated():
    epochs = list(train_patches(net(), [striped()], TrainingOptions(3, 0, batch=2), CPU))
    assert [epoch.held_out_miou is not None for epoch in epochs] == [True, False, True]


def test_small_images_and_unlabelled_parts_can_be_used_for_training():
    small = striped(9, 40)
    small.labels[:, :10] = UNLABELLED
    epochs = list(train_patches(net(), [small, striped(70, 13)], TrainingOptions(2, 0, batch=2), CPU))
    assert all(np.isfinite(epoch.loss) for epoch in epochs)


def test_evaluation_uses_the_held_out_pixels_at_their_positions(monkeypatch):
    """The evaluated map equals the model's map, cut to the held-out labels."""
    image = striped(120, 130)
    held = np.full_like(image.labels, UNLABELLED)
    held[32:71, 40:90] = image.labels[32:71, 40:90]  # starts at multiples of the stride, as tiles do
    coarse = net(3).eval()
    padded = np.pad(image.image, ((0, 0), (30, 30), (30, 32)), mode="reflect")
    with torch.no_grad():
        predicted = coarse(torch.from_numpy(padded)[None])[0].argmax(0).numpy()[:120, :130]
    seen = []

    def spy(truth, found, classes):
        seen.append((truth, found))
        return np.eye(classes, dtype=int)

    monkeypatch.setattr(training, "confusion", spy)
    evaluate_held_out(coarse, [image], [held], CPU)
    ((truth, found),) = seen
    assert np.array_equal(truth, held[32:71, 40:90])
    assert (found == predicted[32:71, 40:90]).mean() > 0.999


def test_rare_classes_weigh_more_and_the_mean_pixel_weight_is_one():
    labels = np.zeros((10, 10), "uint8")
    labels[0, :4] = 1
    labels[1:] = UNLABELLED
    weights = training._balance([labels[:1], labels], 3)
    assert weights[1] / weights[0] == pytest.approx((12 / 8) ** 0.5)
    assert torch.isfinite(weights).all()  # of a missing class
    shares = torch.tensor([12 / 20, 8 / 20])
    assert (weights[:2] * shares).sum() == pytest.approx(1)


@pytest.mark.parametrize("kind", [FCN, FCN8s])
def test_rare_classes_weigh_more_if_the_kind_is_balanced(kind, monkeypatch):
    image = striped()
    rare = TrainingImage(image.image, (np.arange(112) % 16 < 3).astype("uint8")[None].repeat(96, axis=0))
    learnt = []
    for is_balanced in (False, True):
        torch.manual_seed(0)
        monkeypatch.setattr(kind, "is_balanced", is_balanced, raising=False)
        learnt.append([epoch.loss for epoch in train_patches(kind(2, 1), [rare], TrainingOptions(3, 0, batch=2), CPU)])
    assert learnt[0] != learnt[1]


def test_a_margin_is_read_around_patches_and_evaluation_has_no_dropout(monkeypatch):
    """The margin in training is smaller than the halo, and dropout is off in evaluation."""
    torch.manual_seed(0)
    monkeypatch.setattr(FCN8s, "patch", 32)
    pyramid, seen, judged = FCN8s(2, 1), [], []
    pyramid.register_forward_hook(lambda net, given, _: seen.append((net.training, given[0].shape[-1])))
    monkeypatch.setattr(training, "evaluate_held_out", lambda net, *_: judged.append(net.training) or 0.5)
    (epoch,) = train_patches(pyramid, [striped(40, 40)], TrainingOptions(1, 0, batch=1), CPU)
    assert seen == [(True, 32 + 2 * FCN8s.margin)]
    assert FCN8s.margin < FCN8s.halo
    assert judged == [False]
    assert epoch.is_best
