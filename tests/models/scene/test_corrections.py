"""Corrections: read in the order of drawing, and applied to the shown step and all later ones."""

import numpy as np
import pyogrio
import pytest
import rasterio
import shapely
import torch
from map_refiner.models.arrays.score_maps import UNLABELLED
from map_refiner.models.errors import LabelError
from map_refiner.models.scene.corrections import apply_to_scores, read_corrections
from map_refiner.models.scene.scene import Scene
from map_refiner.models.session.apply_corrections import apply_corrections
from map_refiner.models.session.resume import resume_session
from map_refiner.models.session.session import Session

CPU = torch.device("cpu")
CLASSES = ("background", "building", "road")


def ignore(_):
    return None


def test_the_last_polygon_wins_and_unsure_removes_corrections(vectors, grid, pixels):
    shapes = [pixels(0, 0, 10, 10), pixels(5, 0, 10, 10), pixels(0, 8, 20, 4), pixels(100, 100, 5, 5)]
    path = vectors("c.gpkg", shapes, **{"class": ["building", "road", "unsure", "road"]})
    found = read_corrections(path, grid(20, 20), CLASSES)
    assert (found[:8, :5] == 1).all()
    assert (found[:8, 5:15] == 2).all()
    assert (found[8:] == UNLABELLED).all()
    assert (found[:, 15:] == UNLABELLED).all()


def test_another_crs_and_a_self_crossing_polygon_are_accepted(vectors, grid, pixels, utm):
    moved = rasterio.warp.transform_geom("EPSG:32631", "EPSG:4326", shapely.geometry.mapping(pixels(4, 4, 8, 8)))
    path = vectors("d.gpkg", [shapely.geometry.shape(moved)], crs="EPSG:4326", **{"class": ["road"]})
    found = read_corrections(path, grid(20, 20), CLASSES)
    assert (found[5:11, 5:11] == 2).all()
    assert 50 <= (found == 2).sum() <= 80
    west, south, east, north = pixels(0, 0, 20, 20).bounds
    bow = shapely.Polygon([(west, south), (east, north), (east, south), (west, north)])
    found = read_corrections(vectors("b.gpkg", [bow], **{"class": ["building"]}), grid(20, 20), CLASSES)
    assert found[10, 2] == found[10, 17] == 1
    assert found[2, 10] == found[17, 10] == UNLABELLED


def test_unknown_classes_and_missing_fields_are_refused(vectors, grid, pixels):
    path = vectors("e.gpkg", [pixels(0, 0, 5, 5)], **{"class": ["lake"]})
    with pytest.raises(LabelError, match=r"corrections of class 'lake'.*'unsure'"):
        read_corrections(path, grid(20, 20), CLASSES)
    with pytest.raises(LabelError, match="no text field 'class'"):
        read_corrections(vectors("f.gpkg", [pixels(0, 0, 5, 5)], note=["road"]), grid(20, 20), CLASSES)


def test_an_empty_layer_corrects_nothing(vectors, grid, pixels):
    path = vectors("g.gpkg", [pixels(0, 0, 5, 5)], **{"class": ["road"]})
    pyogrio.raw.write(
        path,
        geometry=np.array([], object),
        field_data=[np.array([], object)],
        fields=["class"],
        geometry_type="Polygon",
        crs="EPSG:32631",
    )
    assert (read_corrections(path, grid(20, 20), CLASSES) == UNLABELLED).all()


def test_corrections_change_neither_the_hidden_state_nor_other_pixels():
    scores = np.random.default_rng(0).normal(size=(5, 4, 4)).astype("float32")
    corrections = np.full((4, 4), UNLABELLED, "uint8")
    corrections[1, 2] = 2
    bound = apply_to_scores(scores, corrections, 3)
    assert bound[:3, 1, 2].argmax() == 2
    assert bound[2, 1, 2] == 0
    changed = (bound != scores).any(0)
    assert changed.sum() == 1
    assert (bound[3:] == scores[3:]).all()


@pytest.fixture
def session(town, tmp_path, refiner_path):
    session = Session(Scene(town.image_path), tmp_path, CPU)
    session.load_scores(town.scores_path, ignore)
    session.load_refiner(refiner_path)
    yield session
    session.close()


def classes_of(session, index):
    with rasterio.open(session.path(session.history[index].classes_raster)) as source:
        return source.read(1)


def test_corrections_apply_to_the_shown_and_later_steps_and_spread(session, vectors, pixels):
    free = [step.scores for step in session.step(0, 2, ignore)]
    before = classes_of(session, 2)
    path = vectors("h.gpkg", [pixels(70, 60, 12, 12)], **{"class": ["road"]})
    rewritten = list(apply_corrections(session, path, 1, ignore))
    assert [step.index for step in rewritten] == [1, 2]
    for index in (1, 2):
        assert (classes_of(session, index)[60:72, 70:82] == 2).all()
    assert not (classes_of(session, 0)[60:72, 70:82] == 2).all()  # step 0 precedes the shown step
    assert np.array_equal(np.delete(before, np.s_[60:72], 0), np.delete(classes_of(session, 2), np.s_[60:72], 0))
    (bound,) = session.step(1, 1, ignore)
    assert (classes_of(session, 2)[60:72, 70:82] == 2).all()
    with rasterio.open(session.path(bound.scores)) as source:
        refined = source.read()
    session.set_corrections(None, "")
    (alone,) = session.step(1, 1, ignore)
    with rasterio.open(session.path(alone.scores)) as source:
        apart = np.abs(source.read() - refined).max(0)
    assert apart[56:60, 70:82].max() > 1e-3  # outside the polygon
    assert apart[:40].max() < 1e-4
    assert free


def test_undoing_corrections_restores_the_map(session, vectors, pixels):
    list(session.step(0, 1, ignore))
    before = classes_of(session, 1)
    list(apply_corrections(session, vectors("i.gpkg", [pixels(70, 60, 12, 12)], **{"class": ["road"]}), 1, ignore))
    two = {"class": ["road", "unsure"]}
    list(apply_corrections(session, vectors("j.gpkg", [pixels(70, 60, 12, 12)] * 2, **two), 1, ignore))
    assert np.array_equal(classes_of(session, 1), before)


def test_an_invalid_layer_keeps_the_previous_corrections(session, vectors, pixels):
    list(apply_corrections(session, vectors("k.gpkg", [pixels(70, 60, 12, 12)], **{"class": ["road"]}), 0, ignore))
    with pytest.raises(LabelError):
        list(apply_corrections(session, vectors("l.gpkg", [pixels(0, 0, 5, 5)], **{"class": ["lake"]}), 0, ignore))
    assert (session.corrections == 2).sum() == 144


def test_replaced_rasters_do_not_accumulate(session, vectors, pixels):
    path = vectors("m.gpkg", [pixels(70, 60, 12, 12)], **{"class": ["road"]})
    for _ in range(5):
        list(apply_corrections(session, path, 0, ignore))
    assert len(list(session.run_dir.glob("step_000_*_classes.tif"))) == 2  # the shown one and its predecessor


def test_a_resumed_session_keeps_the_corrections(session, vectors, pixels):
    path = vectors("n.gpkg", [pixels(70, 60, 12, 12)], **{"class": ["road"]})
    list(apply_corrections(session, path, 0, ignore))
    again = resume_session(session.run_dir, CPU)
    assert (again.corrections == 2).sum() == 144
    list(again.step(0, 1, ignore))
    assert (classes_of(again, 1)[60:72, 70:82] == 2).all()
    again.close()


def test_nodata_stays_nodata(raster, vectors, pixels, town, tmp_path, refiner_path):
    with rasterio.open(town.image_path) as source:
        image = source.read()
    image[:, 60:64] = 0
    run = tmp_path / "run"
    run.mkdir()
    with Scene(raster("holes.tif", image, nodata=0)) as scene:
        session = Session(scene, run, CPU)
        session.load_scores(town.scores_path, ignore)
        session.load_refiner(refiner_path)
        list(apply_corrections(session, vectors("o.gpkg", [pixels(70, 55, 12, 12)], **{"class": ["road"]}), 0, ignore))
        list(session.step(0, 1, ignore))
        for index in (0, 1):
            found = classes_of(session, index)
            assert (found[60:64] == UNLABELLED).all()
            assert (found[55:60, 70:82] == 2).all()
