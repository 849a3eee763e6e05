"""Functions for one tile that all runs share."""

import numpy as np
from map_refiner.models.arrays.score_maps import argmax_classes, uniform_where_invalid


def test_argmax_classes_matches_numpy_argmax_with_ties():
    scores = np.random.default_rng(0).integers(0, 3, (5, 40, 31)).astype(np.float32)
    assert np.array_equal(argmax_classes(scores), scores.argmax(axis=0))
    assert argmax_classes(scores).dtype == np.uint8


def test_invalid_pixels_get_uniform_scores_and_zero_hidden_state():
    state, valid = np.ones((5, 2, 2), dtype=np.float32), np.array([[True, False], [True, True]])
    filled = uniform_where_invalid(state, valid, 3)
    assert np.allclose(filled[:, 0, 1], [-np.log(3)] * 3 + [0, 0])
    assert (filled[:, valid] == 1).all()
