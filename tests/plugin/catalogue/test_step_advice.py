"""Advice when further steps no longer help."""

import pytest
from map_refiner.plugin.catalogue.step_advice import hint, reasons
from map_refiner.plugin.state import StepAccuracy, StepFacts


def steps(changed=(None, 0.02, 0.01, 0.005), measured=(), best=None):
    found = [None] * len(changed)
    for index, value in enumerate(measured):
        found[index] = None if value is None else StepAccuracy(0.9, value)
    return tuple(
        StepFacts(index, changed[index], found[index], best if index else None) for index in range(len(changed))
    )


def test_no_advice_is_given_while_further_steps_may_help():
    assert reasons(steps(), 3) == []
    assert reasons(steps(best=3), 3) == []
    assert reasons(steps(measured=(0.5, 0.6, 0.7, 0.7)), 3) == []
    assert hint(steps(), 3) == ""


@pytest.mark.parametrize("shown", [-1, 0, 4])
def test_no_advice_is_given_for_the_coarse_map_or_a_missing_step(shown):
    assert reasons(steps((None, 0.0, 0.0, 0.0), (0.9, 0.1, 0.1, 0.1), 0), shown) == []


@pytest.mark.parametrize(("changed", "said"), [(0.00099, True), (0.0, True), (0.001, False), (None, False)])
def test_a_step_that_changes_almost_nothing_is_reported(changed, said):
    found = reasons(steps((None, 0.02, changed)), 2)
    assert found == (["fewer than 0.1 % of the pixels change"] if said else [])


def test_a_step_past_the_best_held_out_step_is_reported():
    assert reasons(steps(best=2), 2) == []
    assert reasons(steps(best=2), 3) == ["on held-out blocks, this refiner gains little after step 2"]
    assert reasons(steps(best=0), 1) == ["on held-out blocks, this refiner does not beat the coarse map"]


def test_a_higher_mean_iou_at_an_earlier_step_is_reported():
    measured = (0.5, 0.712, 0.7, 0.71)
    assert reasons(steps(measured=measured), 1) == []
    assert reasons(steps(measured=measured), 2) == ["the measured mean IoU was higher at step 1 (0.712, here 0.700)"]
    assert reasons(steps(measured=measured), 3) == ["the measured mean IoU was higher at step 1 (0.712, here 0.710)"]
    assert reasons(steps(measured=(None, 0.8)), 1) == []
    assert reasons(steps(measured=(0.8, 0.8, 0.7)), 2)[0].startswith("the measured mean IoU was higher at step 0 ")


def test_all_reasons_are_joined_into_one_sentence():
    text = hint(steps((None, 0.02, 0.0001), (0.6, 0.7, 0.65), 1), 2)
    assert text.startswith("Further steps no longer help: the measured mean IoU was higher at step 1 ")
    assert text.count("; ") == 2
    assert text.endswith("gains little after step 1; fewer than 0.1 % of the pixels change.")
