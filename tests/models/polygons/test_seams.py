"""Block-by-block tracing: the same polygons as for the whole raster.

Modules that this file covers: models/polygons/files.py.
"""

import numpy as np
import pyogrio
import pytest
import shapely
from map_refiner.models.arrays.grid import Window
from map_refiner.models.io.score_raster import ScoreRaster
from map_refiner.models.polygons import vectorize as module
from map_refiner.models.polygons.files import write_class_polygons
from map_refiner.models.polygons.seams import groups, join, on_seam
from map_refiner.models.polygons.vectorize import PolygonOptions, Workplace, stream_polygons, vectorize
from scipy import ndimage


@pytest.fixture
def existing(raster):
    fields = np.random.default_rng(3).normal(size=(3, 130, 150))
    fields = np.exp(40 * ndimage.gaussian_filter(fields, (0, 3, 3)))
    scores = ScoreRaster(
        raster("s.tif", (fields / fields.sum(axis=0)).astype("float32"), nodata=-9999, names=("no", "house", "road"))
    )
    yield scores
    scores.close()


@pytest.mark.parametrize("block", [40, 149])
def test_blocks_give_the_same_polygons_as_the_whole_raster(existing, monkeypatch, block):
    outline = PolygonOptions(background=True)
    whole = vectorize(existing, outline)
    monkeypatch.setattr(module, "TRACED_PX", block)
    found = vectorize(existing, outline)
    assert len(found.polygons) == len(whole.polygons)
    tree = shapely.STRtree(found.polygons)
    for polygon, name, confidence, area in zip(
        whole.polygons, whole.classes, whole.confidence, whole.areas_m2, strict=True
    ):
        (same,) = [n for n in tree.query(polygon) if found.polygons[n].equals(polygon)]
        assert (found.classes[same], found.areas_m2[same]) == (name, pytest.approx(area, rel=1e-4))
        assert found.confidence[same] == pytest.approx(confidence, abs=1e-6)


@pytest.mark.parametrize("block", [40, 64])
@pytest.mark.parametrize("tolerance", [0.4, 2.0])
def test_simplified_blocks_leave_no_gaps_at_the_seams(existing, monkeypatch, block, tolerance):
    monkeypatch.setattr(module, "TRACED_PX", block)
    found = vectorize(existing, PolygonOptions(3.0, tolerance, background=True))
    shapes = np.array(found.polygons, dtype=object)
    extent = shapely.Polygon(existing.grid.corners())
    assert shapely.is_valid(shapes).all()
    assert shapely.coverage_is_valid(shapes)
    assert shapely.union_all(shapes).symmetric_difference(extent).area < 1e-6


def test_streamed_block_rows_are_written_like_the_whole_raster(existing, monkeypatch, tmp_path):
    """The written parts equal the polygons of the whole raster, without duplicates."""
    outline = PolygonOptions(3.0, 0.0, background=True)
    whole = vectorize(existing, outline)
    monkeypatch.setattr(module, "TRACED_PX", 40)
    parts = list(stream_polygons(existing, outline, Workplace(tmp_path), lambda _: None))
    assert len(parts) == 4
    assert sum(bool(part.polygons) for part in parts) > 2
    for name in ("p.gpkg", "p.shp"):
        write_class_polygons(parts, tmp_path / name, existing.grid.crs)
        _, _, wkb, (classes, confidence, areas) = pyogrio.raw.read(tmp_path / name)
        found = {normal.wkb: n for n, normal in enumerate(shapely.normalize(simplest(shapely.from_wkb(wkb))))}
        assert len(found) == len(wkb) == len(whole.polygons)
        for polygon, kind, sure, area in zip(
            simplest(whole.polygons), whole.classes, whole.confidence, whole.areas_m2, strict=True
        ):
            n = found[shapely.normalize(polygon).wkb]
            assert (classes[n], areas[n]) == (kind, pytest.approx(area, abs=0.006))
            assert confidence[n] == pytest.approx(sure, abs=1e-4)
    assert sorted(path.suffix for path in tmp_path.iterdir() if path.stem == "p") == sorted(
        [".gpkg", ".shp", ".shx", ".dbf", ".prj", ".cpg"]
    )
    assert not list(tmp_path.glob(".map_refiner_*"))


def simplest(polygons):
    """Remove vertices within straight edges."""
    return shapely.simplify(np.array(polygons, dtype=object), 0)


def test_corner_contacts_and_other_classes_are_not_joined():
    boxes = np.array([shapely.box(*each) for each in ((0, 0, 2, 2), (2, 0, 4, 2), (2, 2, 4, 4), (0, 2, 2, 4))])
    numbers = groups(boxes, np.array([1, 1, 2, 1]), np.ones(4, dtype=bool))
    assert numbers[0] == numbers[1] == numbers[3] != numbers[2]
    diagonal = groups(boxes[[0, 2]], np.array([1, 1]), np.ones(2, dtype=bool))
    assert diagonal[0] != diagonal[1]
    assert [shape.area for shape in join(boxes, numbers)] == [12, 4]


def test_only_block_sides_inside_the_raster_are_seams():
    block = Window(0, 10, 10, 10)
    boxes = np.array([shapely.box(*each) for each in ((10, 2, 12, 4), (12, 0, 14, 2), (12, 8, 14, 10), (12, 3, 15, 5))])
    assert on_seam(boxes, block, 10, 20).tolist() == [True, False, False, False]
    assert on_seam(boxes, block, 30, 30).tolist() == [True, False, True, False]
