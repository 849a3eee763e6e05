"""Texts about a training while it runs and after its end."""

from dataclasses import replace

from map_refiner.models.shared.events import Trained, TrainingProgressed
from map_refiner.plugin.catalogue.training_summary import doing, progress, verdict


def trained(*by_step):
    best = max(range(len(by_step)), key=lambda step: by_step[step])
    return Trained("/m", 10, max(by_step), by_step[0], False, "refiner", by_step, best)


def told(step, loss=0.25):
    return TrainingProgressed(step, 60, loss, None, 0.655, None)


def test_the_best_step_is_reported_with_both_figures():
    found = verdict(trained(0.655, 0.66, 0.70, 0.69, 0.712, 0.71))
    assert found.beats
    assert "Best result at step 4: mean IoU 0.712 on held-out blocks (coarse map: 0.655)" in found.figures


def test_a_refiner_that_does_not_help_is_reported_with_both_figures():
    found = verdict(trained(0.655, 0.64, 0.6, 0.5))
    assert not found.beats
    assert "does not beat the coarse map on held-out blocks" in found.figures
    assert "0.640" in found.figures
    assert "0.655" in found.figures
    assert "Label more" in found.advice
    assert "export the coarse map" in found.advice


def test_a_stopped_training_does_not_ask_for_more_labels():
    found = verdict(replace(trained(0.655, 0.64, 0.6), stopped=True))
    assert not found.beats
    assert "stopped early" in found.message
    assert "abel more" not in found.message + found.advice


def test_a_refiner_no_better_than_its_start_is_not_selected():
    found = verdict(replace(trained(0.655, 0.66, 0.70), before_miou=0.72))
    assert not found.beats
    assert "0.700, before 0.720 (coarse map: 0.655)" in found.figures
    assert "0.700, before 0.720. The previous refiner stays selected" in found.message
    assert verdict(replace(trained(0.655, 0.66, 0.70), before_miou=0.69)).beats
    assert "does not beat the coarse map" in verdict(replace(trained(0.655, 0.6, 0.64), before_miou=0.65)).figures


def test_a_refiner_equal_to_the_coarse_map_does_not_beat_it():
    assert not verdict(trained(0.655, 0.655, 0.655)).beats


def test_a_trained_kind_shows_its_latest_held_out_figure():
    text = progress(told(12), "faithful", [(1, 0.7), (12, 0.6)], 0.655)
    assert text == "Loss 0.250 · held-out mean IoU 0.600, coarse map 0.655"
    assert doing(told(12), "faithful") == "Training"
    assert progress(told(12), "faithful", [], None) == "Loss 0.250"


def test_a_searched_kind_shows_its_progress_and_best_figure():
    text = progress(told(12), "crf", [(1, 0.7), (12, 0.6)], 0.655)
    assert text == "Trying parameter values 12 of 60 · best held-out mean IoU 0.700, coarse map 0.655"
    assert doing(told(12), "crf") == "Trying parameter values 12 of 60"
