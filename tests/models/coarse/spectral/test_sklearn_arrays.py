"""Random forests and SVMs: same predictions as scikit-learn, without scikit-learn.

Modules that this file covers: models/coarse/spectral/random_forest.py, models/coarse/spectral/svm.py.
"""

import sys

import numpy as np
import pytest
import torch
from map_refiner.models.coarse.spectral import sklearn_arrays
from map_refiner.models.coarse.spectral.random_forest import RandomForest
from map_refiner.models.coarse.spectral.svm import SVM
from map_refiner.models.errors import RefinerError


def spectra(classes, count=150, bands=12):
    random = np.random.default_rng(0)
    labels = random.integers(0, classes, count)
    centres = random.normal(0, 1, (classes, bands))
    return (centres[labels] + random.normal(0, 0.8, (count, bands))).astype("float32"), labels


def test_the_random_forest_matches_scikit_learn():
    ensemble = pytest.importorskip("sklearn.ensemble", reason="scikit-learn is an extra")
    values, labels = spectra(4)
    grown = ensemble.RandomForestClassifier(15, random_state=0).fit(values[:100], labels[:100])
    own = RandomForest(4, 12)
    own.adopt(grown)
    expected = np.log(np.maximum(grown.predict_proba(values), 1e-3))
    assert np.allclose(own(torch.from_numpy(values)), expected, atol=1e-5)


@pytest.mark.parametrize(("classes", "known"), [(2, (0, 1)), (4, (0, 1, 2, 3)), (4, (1, 3)), (5, (0, 2, 3))])
def test_the_svm_matches_scikit_learn(classes, known):
    svm = pytest.importorskip("sklearn.svm", reason="scikit-learn is an extra")
    values, labels = spectra(len(known))
    named = np.array(known)[labels]
    fitted = svm.SVC(C=10.0, gamma=0.05).fit(values[:100], named[:100])
    own = SVM(classes, 12)
    own.adopt(fitted, 2.0)
    logits = own(torch.from_numpy(values)).numpy()
    assert np.array_equal(np.array(known)[logits[:, list(known)].argmax(axis=1)], logits.argmax(axis=1))
    if len(known) == classes > 2:
        assert np.allclose(logits, 2 * fitted.decision_function(values), atol=1e-3)
    assert (logits.argmax(axis=1) == fitted.predict(values)).mean() > 0.98


def test_missing_scikit_learn_is_reported(monkeypatch):
    monkeypatch.setitem(sys.modules, "sklearn.ensemble", None)
    with pytest.raises(RefinerError, match="pip install scikit-learn"):
        sklearn_arrays.scikit_learn("ensemble")
