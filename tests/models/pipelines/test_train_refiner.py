"""Complete trainings and the weights files that they save.

Modules that this file covers: models/pipelines/train_coarse.py, models/pipelines/training_scenes.py,
models/weights/pretrained.py.
"""

from dataclasses import replace

import numpy as np
import pytest
import torch
from map_refiner.models.coarse.train_patches import TrainingImage, TrainingOptions
from map_refiner.models.errors import CheckpointError, Interrupted, LabelError, OutputError
from map_refiner.models.pipelines.train_coarse import train_coarse
from map_refiner.models.pipelines.train_refiner import ModelInfo, TrainedRefiner, train_refiner
from map_refiner.models.refine.training.held_out import best_step
from map_refiner.models.refine.training.samples import HELD_OUT_STEPS, LabelledTile
from map_refiner.models.runtime.progress import never_cancel
from map_refiner.models.shared.conventions import WEIGHTS_FOLDER
from map_refiner.models.weights.checkpoint import load_coarse, load_refiner, read_card

CPU = torch.device("cpu")
ABOUT = ModelInfo(("no", "yes"), 0.5, "stripes", "CC0")


def never():
    return False


def ignore(*_):
    return None


def stripes(size=70):
    labels = (np.arange(size) // 14 % 2).astype("uint8")[None].repeat(size, axis=0)
    image = np.random.default_rng(0).normal(0, 0.3, (1, size, size)).astype("float32") + 2 * labels - 1
    return image.astype("float32"), labels


def tile(blurred=True):
    image, labels = stripes()
    likely = np.where(labels == 1, 0.6, 0.4).astype("float32") if blurred else labels.astype("float32")
    wrong = np.roll(likely, 6, axis=1)
    return LabelledTile(np.log(np.stack([1 - wrong, wrong]) + 1e-5).astype("float32"), image, labels)


def test_a_coarse_model_is_saved_with_its_model_card(tmp_path):
    path = str(tmp_path / "c.safetensors")
    image = TrainingImage(*stripes())
    outcome = train_coarse(
        [image], ABOUT, TrainingOptions(2, 0, batch=2), path=path, device=CPU, stop=never, report=ignore
    )
    _, card = load_coarse(path)
    assert (card.kind, card.classes, card.bands, card.pixel_size_m) == ("unet-lite0", ("no", "yes"), 1, 0.5)
    shipped = read_card(WEIGHTS_FOLDER / "coarse_aerial_0.5m.safetensors")
    assert (card.trained_on, card.licence) == (f"{shipped.trained_on}; stripes", shipped.licence)
    assert f"{outcome.held_out_miou:.3f}" in card.quality


def test_a_refiner_is_saved_with_its_best_weights(tmp_path):
    path = str(tmp_path / "r.safetensors")
    trained = train_refiner(
        "faithful", [tile()], ABOUT, updates=3, seed=0, path=path, device=CPU, stop=never, report=ignore
    )
    loaded, card = load_refiner(path)
    for name, value in trained.refiner.state_dict().items():
        assert torch.equal(loaded.state_dict()[name], value)
    assert (card.kind, card.best_step, card.classes) == ("faithful", trained.best_step, ("no", "yes"))
    assert f"{trained.by_step[trained.best_step]:.3f}" in card.quality
    assert f"{trained.coarse_miou:.3f}" in card.quality
    assert not trained.refiner.training


def test_fine_tuning_starts_from_the_weights_and_reports_their_held_out_miou(tmp_path):
    """After one update a fine-tuned refiner is still close to its initial weights; a new refiner scores lower."""
    first, on, fresh = (str(tmp_path / f"{name}.safetensors") for name in ("first", "on", "fresh"))
    begun = train_refiner(
        "extended", [tile()], ABOUT, updates=40, seed=0, path=first, device=CPU, stop=never, report=ignore
    )
    trained = train_refiner(
        "extended", [tile()], ABOUT, updates=1, seed=0, path=on, device=CPU, stop=never, report=ignore, pretrained=first
    )
    anew = train_refiner(
        "extended", [tile()], ABOUT, updates=1, seed=0, path=fresh, device=CPU, stop=never, report=ignore
    )
    assert begun.before_miou is None
    assert anew.before_miou is None
    assert trained.before_miou == pytest.approx(begun.by_step[begun.best_step])
    assert trained.by_step[5] == pytest.approx(begun.by_step[5], abs=0.02)
    assert begun.by_step[5] > anew.by_step[5] + 0.05
    assert load_refiner(on)[1].trained_on == "stripes; stripes"


def test_fine_tuning_accepts_weights_trained_on_more_classes(tmp_path):
    known, on = str(tmp_path / "known.safetensors"), str(tmp_path / "on.safetensors")
    three, wide = replace(ABOUT, classes=("other", "yes", "no")), tile()
    wide = replace(wide, scores=np.insert(wide.scores[::-1], 0, -9, axis=0), labels=(2 - wide.labels).astype("uint8"))
    begun = train_refiner(
        "extended", [wide], three, updates=40, seed=0, path=known, device=CPU, stop=never, report=ignore
    )
    trained = train_refiner(
        "extended", [tile()], ABOUT, updates=1, seed=0, path=on, device=CPU, stop=never, report=ignore, pretrained=known
    )
    assert trained.refiner.classes == 2
    assert trained.before_miou > trained.coarse_miou + 0.05  # both classes keep their training, in the new order
    assert begun.by_step[5] > begun.by_step[0] + 0.05


def test_beats_before_is_true_only_for_a_higher_miou():
    def trained(before):
        return TrainedRefiner(None, None, (0.5, 0.6, 0.7), before)

    assert trained(None).beats_before
    assert trained(0.69).beats_before
    assert not trained(0.7).beats_before


@pytest.mark.parametrize(
    ("kind", "about", "said"),
    [
        ("faithful", ABOUT, "it is a refiner of the kind 'extended'"),
        ("extended", replace(ABOUT, classes=("no", "maybe")), "the classes no, yes; 'extended', 1 bands and no, maybe"),
        (
            "extended",
            replace(ABOUT, classes=("no", "yes", "so")),
            "the classes no, yes; 'extended', 1 bands and no, yes",
        ),
        ("crf", ABOUT, "it cannot start from"),
    ],
)
def test_fine_tuning_refuses_weights_that_do_not_match(kind, about, said, tmp_path):
    first, on = tmp_path / "first.safetensors", tmp_path / "on.safetensors"
    train_refiner(
        "extended", [tile()], ABOUT, updates=1, seed=0, path=str(first), device=CPU, stop=never, report=ignore
    )
    with pytest.raises(CheckpointError, match=said):
        train_refiner(
            kind,
            [tile()],
            about,
            updates=1,
            seed=0,
            path=str(on),
            device=CPU,
            stop=never,
            report=ignore,
            pretrained=str(first),
        )
    assert not on.exists()


def test_the_summary_reports_that_the_coarse_map_is_not_beaten(tmp_path):
    path = str(tmp_path / "r.safetensors")
    image, labels = stripes()
    right = np.stack([labels == 0, labels == 1]).astype("float32")
    perfect = LabelledTile(np.log(right + 1e-5).astype("float32"), image, labels)
    trained = train_refiner(
        "faithful", [perfect], ABOUT, updates=1, seed=0, path=path, device=CPU, stop=never, report=ignore
    )
    assert trained.coarse_miou == 1
    assert not trained.beats_coarse


@pytest.mark.parametrize(
    ("by_step", "best"),
    [
        ((0.5, 0.6, 0.696, 0.7), 2),  # the remaining gain is only 2 % of the total
        ((0.5, 0.6, 0.68, 0.7), 3),
        ((0.5, 0.4, 0.7, 0.6), 2),
        ((0.5, 0.5, 0.4), 0),
        ((0.5,), 0),
    ],
)
def test_the_best_step_is_the_first_with_nearly_all_of_the_gain(by_step, best):
    assert best_step(by_step) == best


def test_an_early_stop_keeps_and_reports_the_best_weights(tmp_path):
    path, told = str(tmp_path / "r.safetensors"), []
    trained = train_refiner(
        "faithful",
        [tile()],
        ABOUT,
        updates=50,
        seed=0,
        path=path,
        device=CPU,
        stop=lambda: len(told) >= 2,
        report=lambda e, _: told.append(e),
    )
    assert trained.outcome.stopped
    assert trained.outcome.updates == 2
    assert trained.outcome.held_out_miou == told[0].held_out_miou > 0
    load_refiner(path)


def test_a_cancelled_training_saves_nothing(tmp_path):
    def cancel(epoch, _):
        raise InterruptedError

    for train in (
        lambda path: train_refiner(
            "faithful", [tile()], ABOUT, updates=5, seed=0, path=path, device=CPU, stop=never, report=cancel
        ),
        lambda path: train_coarse(
            [TrainingImage(*stripes())],
            ABOUT,
            TrainingOptions(5, 0, batch=1),
            path=path,
            device=CPU,
            stop=never,
            report=cancel,
        ),
    ):
        with pytest.raises(InterruptedError):
            train(str(tmp_path / "w.safetensors"))
    assert not list(tmp_path.iterdir())


def test_stopping_evaluates_and_saves_but_cancelling_the_evaluation_does_not(tmp_path):
    path, told = tmp_path / "r.safetensors", []

    def tell(epoch, _):
        told.append(epoch)

    def train(check):
        told.clear()
        return train_refiner(
            "faithful",
            [tile()],
            ABOUT,
            updates=50,
            seed=0,
            path=str(path),
            device=CPU,
            stop=lambda: True,
            report=tell,
            check=check,
        )

    def cancel():
        if told:
            raise Interrupted("Cancelled.")

    trained = train(never_cancel)
    assert trained.outcome.updates == 1
    assert len(trained.by_step) == HELD_OUT_STEPS + 1
    load_refiner(path)
    path.unlink()
    with pytest.raises(Interrupted):
        train(cancel)
    assert len(told) == 1
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("kind", ["fcn-8s", "lrr", "lenet"])
def test_coarse_training_can_be_cancelled_within_updates_and_evaluations(tmp_path, kind):
    path, asked, last = str(tmp_path / "c.safetensors"), [], []

    def train(check):
        images = [TrainingImage(*stripes())]
        train_coarse(
            images,
            ABOUT,
            TrainingOptions(1, 0, batch=2, check=check),
            path=path,
            device=CPU,
            stop=never,
            report=ignore,
            kind=kind,
        )

    def cancel():
        asked.append(torch.is_inference_mode_enabled())
        if len(asked) in last:
            raise Interrupted("Cancelled.")

    train(cancel)
    assert set(asked) == {True, False}  # the first update is evaluated
    (tmp_path / "c.safetensors").unlink()
    for number in (1, len(asked)):
        last[:] = [number]
        asked.clear()
        with pytest.raises(Interrupted):
            train(cancel)
        assert len(asked) == number
    assert not list(tmp_path.iterdir())


def test_unwritable_output_paths_are_refused_before_training(tmp_path):
    def fail(*_):
        pytest.fail("was trained first")

    path = str(tmp_path / "missing" / "w.safetensors")
    with pytest.raises(OutputError, match="There is no folder"):
        train_refiner("faithful", [tile()], ABOUT, updates=5, seed=0, path=path, device=CPU, stop=never, report=fail)
    with pytest.raises(OutputError, match="There is no folder"):
        train_coarse(
            [TrainingImage(*stripes())], ABOUT, TrainingOptions(5, 0), path=path, device=CPU, stop=never, report=fail
        )


def test_labels_of_a_single_class_are_refused(tmp_path):
    image, labels = stripes()
    with pytest.raises(LabelError, match="only one class"):
        train_coarse(
            [TrainingImage(image, 0 * labels)],
            ABOUT,
            TrainingOptions(5, 0),
            path=str(tmp_path / "w"),
            device=CPU,
            stop=never,
            report=ignore,
        )


def test_the_same_seed_gives_the_same_weights(tmp_path):
    nets = [
        train_refiner(
            "faithful",
            [tile()],
            ABOUT,
            updates=2,
            seed=7,
            path=str(tmp_path / "w.safetensors"),
            device=CPU,
            stop=never,
            report=ignore,
        ).refiner
        for _ in range(2)
    ]
    assert all(torch.equal(one, two) for one, two in zip(*(net.state_dict().values() for net in nets), strict=True))
