"""Output of a run: rasters on the grid of the image, and the accuracy."""

import numpy as np
import pytest
import rasterio
from map_refiner.models.arrays.score_maps import UNLABELLED
from map_refiner.models.errors import LabelError
from map_refiner.models.evaluate import scores as evaluation
from map_refiner.models.evaluate.scores import Edges, evaluate_maps, evaluate_scores, report
from map_refiner.models.io import score_export
from map_refiner.models.io.score_export import write_classes, write_scores
from map_refiner.models.io.score_raster import ScoreRaster
from map_refiner.models.metrics.pixels import (
    TRIMAP_WIDTHS,
    ConfusionAccuracy,
    boundary_counts,
    confusion,
    ratio,
    relaxed_counts,
    trimap_confusion,
)


def ignore(_):
    return None


@pytest.fixture
def scores(town):
    existing = ScoreRaster(town.scores_path)
    yield existing
    existing.close()


@pytest.mark.parametrize("factor", [1, 3, 0.5])
def test_scores_on_another_grid_are_named_probabilities(town, grid, tmp_path, factor):
    here = grid(96, 120).resized(int(120 * factor), int(96 * factor))
    write_scores(town.scores_path, here, tmp_path / "s.tif", ignore)
    with rasterio.open(tmp_path / "s.tif") as found:
        maps = found.read()
        assert found.descriptions == town.classes
        assert found.bounds == rasterio.open(town.scores_path).bounds
        assert found.dataset_mask().all()  # no border without data
    assert maps.shape == (3, here.height, here.width)
    assert np.allclose(maps.sum(axis=0), 1, atol=1e-5)
    if factor == 1:
        assert np.allclose(maps, town.scores, atol=1e-4)
    if factor == 3:
        assert np.allclose(maps[:, 1::3, 1::3], town.scores, atol=1e-3)  # the middle of each pixel


def test_classes_on_the_grid_of_the_image_are_written_in_blocks(town, grid, tmp_path, monkeypatch):
    monkeypatch.setattr(score_export, "BLOCK_PX", 50)
    write_classes(town.scores_path, grid(96, 120), tmp_path / "c.tif", ignore)
    with rasterio.open(tmp_path / "c.tif") as found:
        assert np.array_equal(found.read(1), town.scores.argmax(axis=0))
        assert found.tags()["CLASSES"] == "background,building,road"


def test_nodata_is_kept(raster, town, grid, tmp_path):
    array = town.scores.copy()
    array[:, 10:20, 30:50] = -9999
    path = raster("s.tif", array, nodata=-9999)
    here = grid(96, 120).resized(240, 192)
    write_scores(path, here, tmp_path / "p.tif", ignore)
    write_classes(path, here, tmp_path / "c.tif", ignore)
    with rasterio.open(tmp_path / "p.tif") as scores, rasterio.open(tmp_path / "c.tif") as classes:
        for hole in (scores.read_masks(1) == 0, classes.read(1) == UNLABELLED):
            assert hole[22:38, 62:98].all()
            assert hole.sum() == pytest.approx(800, rel=0.1)


def test_a_cancelled_export_leaves_no_file(town, grid, tmp_path):
    def cancel(_):
        raise InterruptedError

    for write in (write_scores, write_classes):
        with pytest.raises(InterruptedError):
            write(town.scores_path, grid(96, 120), tmp_path / "s.tif", cancel)
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("block", [16, 50, 1024])
def test_evaluation_covers_the_whole_at_any_window_size(scores, town, monkeypatch, block):
    monkeypatch.setattr(evaluation, "COUNTED", block)
    labels = town.labels.copy()
    labels[:, 100:] = UNLABELLED
    accuracy, edges = evaluate_maps(scores, labels, ignore)
    predicted = town.scores.argmax(axis=0).astype("uint8")
    assert np.array_equal(accuracy.confusion, confusion(labels, predicted, 3))
    whole = (slice(0, 96), slice(0, 120))
    counts = boundary_counts(labels, predicted, 3, whole)
    for d, distance in enumerate(("1", "2", "3", "5")):
        for k, name in enumerate(town.classes):
            assert edges.boundary_iou[distance][name] == ratio(counts[d, k])
    for width, band in zip(TRIMAP_WIDTHS, trimap_confusion(labels, predicted, 3, whole), strict=True):
        expected = ConfusionAccuracy(town.classes, band)
        assert edges.trimap_iou[str(width)] == {
            **dict(zip(town.classes, expected.iou, strict=True)),
            "mean": expected.mean_iou,
        }
    counts = relaxed_counts(labels, predicted, 3, whole)
    assert edges.relaxed == {
        name: {"tolerance_px": 3, "precision": ratio(counts[k, 0]), "recall": ratio(counts[k, 1])}
        for k, name in ((1, "building"), (2, "road"))
    }


def test_evaluation_reports_progress_after_each_window(town, monkeypatch):
    monkeypatch.setattr(evaluation, "COUNTED", 50)
    told = []
    evaluate_scores(town.scores_path, town.labels_path, told.append)
    assert told == pytest.approx([n / 6 for n in range(1, 7)])  # one block of 96 x 120 px, evaluated in 6 windows


@pytest.mark.parametrize("block", [16, 1024])
def test_windows_include_boundaries_40_pixels_away(raster, monkeypatch, block):
    """The map is wrong only in column 48, the first of a window: 40 px from column 8, the last of the other class."""
    monkeypatch.setattr(evaluation, "COUNTED", block)
    labels = np.zeros((20, 70), np.uint8)
    labels[:, :9] = 1
    predicted = labels.copy()
    predicted[:, 48] = 1
    existing = ScoreRaster(raster("s.tif", np.stack([predicted == k for k in range(2)]).astype("float32")))
    _, edges = evaluate_maps(existing, labels, ignore)
    existing.close()
    assert edges.trimap_iou["40"]["background"] == pytest.approx(39 / 40)
    assert edges.trimap_iou["40"]["class 1"] == pytest.approx(9 / 10)
    assert edges.trimap_iou["30"]["mean"] == 1


def test_the_widest_trimap_covers_the_whole_map(scores, town):
    accuracy, edges = evaluate_maps(scores, town.labels, ignore)
    assert list(edges.trimap_iou) == ["1", "2", "3", "5", "8", "10", "15", "20", "30", "40"]
    means = [band["mean"] for band in edges.trimap_iou.values()]
    assert means[0] < means[3] < means[-1]
    assert means[-1] == accuracy.mean_iou  # every pixel of the town is within 40 px of a boundary


def test_a_perfect_map_has_perfect_figures(raster, town):
    array = np.stack([town.labels == k for k in range(3)]).astype("float32")
    existing = ScoreRaster(raster("s.tif", array))
    accuracy, edges = evaluate_maps(existing, town.labels, ignore)
    assert accuracy.overall_accuracy == accuracy.mean_iou == accuracy.kappa == 1
    for curve in (edges.boundary_iou, edges.trimap_iou):
        assert all(value == 1 for by_class in curve.values() for value in by_class.values())
    assert all(found["precision"] == found["recall"] == 1 for found in edges.relaxed.values())


def test_a_class_without_labels_has_no_figures(scores, town):
    labels = np.where(town.labels == 2, UNLABELLED, town.labels).astype("uint8")
    accuracy, edges = evaluate_maps(scores, labels, ignore)
    assert accuracy.iou[2] is None
    for curve in (edges.boundary_iou, edges.trimap_iou):
        assert curve["2"]["road"] is None
        assert curve["2"]["building"] is not None
    assert edges.trimap_iou["2"]["mean"] == pytest.approx(
        (edges.trimap_iou["2"]["background"] + edges.trimap_iou["2"]["building"]) / 2
    )
    assert edges.relaxed["road"] == {"tolerance_px": 3, "precision": None, "recall": None}


def test_a_single_class_has_no_trimap(scores, town):
    _, edges = evaluate_maps(scores, np.where(town.labels == 1, town.labels, UNLABELLED).astype("uint8"), ignore)
    assert edges.trimap_iou["40"] == {"background": None, "building": None, "road": None, "mean": None}
    assert edges.relaxed["building"]["precision"] == 1


def test_labels_without_known_classes_are_refused(scores, town):
    with pytest.raises(LabelError, match="Nothing is labelled within the scene"):
        evaluate_maps(scores, np.full_like(town.labels, UNLABELLED), ignore)
    with pytest.raises(LabelError, match="class index 7, but there are 3 classes"):
        evaluate_maps(scores, np.full_like(town.labels, 7), ignore)


def test_the_report_has_every_field():
    accuracy = ConfusionAccuracy(("a", "b"), np.array([[3, 1], [0, 4]]))
    relaxed = {"b": {"tolerance_px": 3, "precision": 0.25, "recall": 1.0}}
    found = report("x.tif", accuracy, Edges({"1": {"a": 0.5, "b": None}}, {"8": {"a": 0.7, "mean": 0.7}}, relaxed))
    assert found == {
        "path": "x.tif",
        "classes": ["a", "b"],
        "overall_accuracy": 7 / 8,
        "average_accuracy": (3 / 4 + 1) / 2,
        "kappa": pytest.approx(0.75),
        "mean_iou": (3 / 4 + 4 / 5) / 2,
        "iou": {"a": 3 / 4, "b": 4 / 5},
        "boundary_iou": {"1": {"a": 0.5, "b": None}},
        "trimap_iou": {"8": {"a": 0.7, "mean": 0.7}},
        "relaxed": relaxed,
        "confusion": [[3, 1], [0, 4]],
    }
