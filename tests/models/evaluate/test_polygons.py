"""Files of polygons evaluated against files of true polygons."""

import json

import numpy as np
import pytest
import shapely
from map_refiner.models.errors import Interrupted, LabelError
from map_refiner.models.evaluate.polygons import evaluate_polygons, is_polygon_file, polygon_summary
from map_refiner.models.io.crs import reproject

UTM = "EPSG:32631"
HOUSE, SHED = (10, 10, 20, 16), (60, 10, 8, 8)  # column, row, width, height in half-metre pixels


@pytest.fixture
def layer(vectors):
    """Write polygons with their classes: layer("name.gpkg", (polygon, class), ...)."""

    def write(name, *entries, **options):
        shapes, names = zip(*entries, strict=True)
        return vectors(name, list(shapes), **{"class": list(names)}, **options)

    return write


@pytest.fixture
def house(pixels):
    return pixels(*HOUSE), "building"


@pytest.fixture
def shed(pixels):
    return pixels(*SHED), "building"


def test_figures_per_class(layer, pixels, house, shed):
    street = pixels(0, 40, 100, 8), "road"
    truth = layer("t.gpkg", house, shed, street)
    moved = pixels(12, 10, 20, 16), "building"  # by one metre
    entry = evaluate_polygons(layer("p.gpkg", moved, street, (pixels(80, 80, 9, 9), "water")), truth)
    assert entry["classes"] == ["building", "road"]  # classes that the labels lack are not evaluated
    building, road = (entry["polygons"][name] for name in entry["classes"])
    assert (building["found"], building["true"], building["matched"]) == (1, 2, 1)
    assert (building["missed"], building["false"]) == (1, 0)
    assert building["iou"] == pytest.approx(18 * 16 / (22 * 16 + 64), rel=1e-6)
    assert building["polis_m"] == pytest.approx(0.5, rel=1e-3)
    assert (road["iou"], road["c_iou"], road["polis_m"]) == (pytest.approx(1), pytest.approx(1), pytest.approx(0))
    assert json.loads(json.dumps(entry)) == entry
    assert polygon_summary(entry) == (
        "building 1 of 2 found, 0 false, C-IoU 0.4615, PoLiS 0.50 m; road 1 of 1 found, 0 false, C-IoU 1.0000, "
        "PoLiS 0.00 m"
    )


def test_progress_is_reported_per_class_and_cancelling_works_between_polygons(layer, pixels, house, shed):
    truth = layer("t.gpkg", house, shed, (pixels(0, 40, 100, 8), "road"))
    told = []

    def progress(fraction):
        told.append(fraction)
        if told.count(0.0) == 3:
            raise Interrupted("Cancelled.")

    with pytest.raises(Interrupted):
        evaluate_polygons(truth, truth, progress)
    assert told == [0.0] * 3
    told[:] = [0.0] * 3
    evaluate_polygons(truth, truth, progress)
    assert set(told) == {0.0, 0.5}


@pytest.mark.parametrize("crs", ["EPSG:4326", "EPSG:3857", "EPSG:2154"])  # degrees, Mercator, another zone
@pytest.mark.parametrize("which", ["found", "true", "both"])
def test_distances_are_true_metres_in_any_crs(layer, pixels, house, crs, which):
    shapes = {"found": pixels(12, 10, 20, 16), "true": house[0]}
    paths = []
    for name, shape in shapes.items():
        there = crs if which in (name, "both") else UTM
        paths.append(layer(f"{name}.gpkg", (reproject([shape], UTM, there)[0], "building"), crs=there))
    polis_m = evaluate_polygons(*paths)["polygons"]["building"]["polis_m"]
    assert polis_m == pytest.approx(0.5 / 0.9996, rel=1e-4)  # the scale of UTM on its central meridian


def test_feet_are_converted_to_metres(layer):
    paths = [
        layer(f"{x}.gpkg", (shapely.box(x, 2e6, x + 30, 2e6 + 30), "building"), crs="EPSG:2225")
        for x in (6_000_000, 6_000_003)
    ]
    polis_m = evaluate_polygons(*paths)["polygons"]["building"]["polis_m"]
    assert polis_m == pytest.approx(1.5 * 1200 / 3937, rel=2e-4)  # US survey feet


def test_without_a_crs_there_are_no_distances_in_metres(layer, house):
    path = layer("t.gpkg", house, crs=None)
    figures = evaluate_polygons(path, path)["polygons"]["building"]
    assert (figures["iou"], figures["polis_m"]) == (1, None)
    assert "PoLiS" not in polygon_summary(evaluate_polygons(path, path))


@pytest.mark.parametrize("without", ["p.gpkg", "t.gpkg"])
def test_a_file_without_a_crs_uses_the_crs_of_the_other(layer, house, without):
    paths = [layer(name, house, crs=None if name == without else UTM) for name in ("p.gpkg", "t.gpkg")]
    figures = evaluate_polygons(*paths)["polygons"]["building"]
    assert (figures["matched"], figures["polis_m"]) == (1, 0)


def test_only_labelled_areas_are_evaluated(layer, pixels, house, shed):
    """A tile around the house cuts the shed; half of the house is ignored."""
    outlines = (pixels(0, 0, 64, 40), "tile"), (pixels(10, 10, 10, 16), "ignore")
    far = pixels(90, 70, 10, 10), "building"
    figures = evaluate_polygons(
        layer("p.gpkg", (pixels(9, 10, 21, 16), "building"), shed, far), layer("t.gpkg", house, shed, *outlines)
    )["polygons"]["building"]
    sliver = 16  # found pixels to the left of the house
    assert figures["iou"] == pytest.approx((10 * 16 + 4 * 8) / (10 * 16 + 4 * 8 + sliver), rel=1e-6)
    assert (figures["matched"], figures["missed"], figures["false"]) == (2, 0, 1)


def test_without_a_tile_all_found_polygons_are_evaluated(layer, house, shed):
    figures = evaluate_polygons(layer("p.gpkg", house, shed), layer("t.gpkg", house))["polygons"]["building"]
    assert (figures["matched"], figures["false"]) == (1, 1)


def test_polygons_within_the_tile_keep_their_vertices(layer, pixels, house):
    """The tile shares a side with the house and has a corner in its middle; the ignored area touches another side."""
    tile = shapely.unary_union([pixels(10, 0, 90, 18), pixels(4, 18, 96, 40)])
    outlines = (tile, "tile"), (pixels(30, 14, 5, 4), "ignore")
    path = layer("p.gpkg", house)
    figures = evaluate_polygons(path, layer("t.gpkg", house, *outlines))["polygons"]["building"]
    assert figures["vertices"] == figures["true_vertices"] == 4


def test_parts_are_counted_separately_and_self_crossings_are_repaired(layer, pixels, house, shed):
    both = shapely.MultiPolygon([house[0], shed[0]])
    figures = evaluate_polygons(
        layer("p.gpkg", (both, "building"), geometry_type="MultiPolygon"), layer("t.gpkg", house, shed)
    )["polygons"]["building"]
    assert (figures["found"], figures["matched"]) == (2, 2)
    a, b, c, d, _ = pixels(*HOUSE).exterior.coords
    bow = layer("b.gpkg", (shapely.Polygon([a, b, d, c]), "building"))
    figures = evaluate_polygons(bow, layer("t.gpkg", house))["polygons"]["building"]
    assert figures["found"] == 2
    assert figures["iou"] == pytest.approx(0.5)


def test_layers_are_selected_by_name(layer, house, shed):
    path = layer("t.gpkg", house, layer="one")
    layer("t.gpkg", shed, layer="two")
    figures = evaluate_polygons(f"{path}|layername=two", f"{path}|layername=two")["polygons"]["building"]
    assert (figures["matched"], figures["false"]) == (1, 0)
    with pytest.raises(LabelError, match="lie apart"):
        evaluate_polygons(f"{path}|layername=two", f"{path}|layername=one")


def test_all_true_polygons_are_missed_if_none_is_found(vectors, layer, house, shed):
    truth = layer("t.gpkg", house, shed)
    empty = vectors("p.gpkg", [shapely.Polygon()], **{"class": ["building"]})
    figures = evaluate_polygons(empty, truth)["polygons"]["building"]
    assert (figures["found"], figures["missed"], figures["iou"]) == (0, 2, 0)


def test_files_that_cannot_be_compared_are_refused(vectors, layer, pixels, house, town):
    path = layer("p.gpkg", house)
    for labels, says in (
        (town.labels_path, "p.gpkg holds polygons and labels.tif is a raster"),
        (layer("road.gpkg", (pixels(*HOUSE), "road")), "p.gpkg has polygons of class building, road.gpkg of road"),
        (layer("tile.gpkg", (pixels(0, 0, 90, 90), "tile")), "tile.gpkg holds no polygons to measure against"),
        (layer("away.gpkg", (shapely.box(0, 0, 9, 9), "building")), "lie apart; check the extent and the CRS"),
        (vectors("plain.gpkg", [pixels(*HOUSE)], text=["x"]), "plain.gpkg has no text field 'class'"),
        (path.replace("p.gpkg", "missing.gpkg"), "There is no file"),
    ):
        with pytest.raises(LabelError, match=says):
            evaluate_polygons(path, labels)
    with pytest.raises(LabelError, match=r"plain.gpkg has no text field 'class'"):
        evaluate_polygons(path.replace("p.gpkg", "plain.gpkg"), path)


def test_polygon_files_are_recognised_by_their_extension():
    assert [is_polygon_file(path) for path in ("a.GPKG", "a.shp", "a.geojson", "b.gpkg|layername=x.tif")] == [True] * 4
    assert not any(is_polygon_file(path) for path in ("a.tif", "gpkg", "a.gpkg.tif"))


def test_a_large_outline_is_evaluated(layer):
    angles = np.linspace(0, 2 * np.pi, 20_000, endpoint=False)
    rings = [
        np.c_[500_000 + 900 * np.cos(angles) * (1 + 0.02 * np.sin(50 * angles + turn)), 4e6 + 900 * np.sin(angles)]
        for turn in (0, 1)
    ]
    paths = [layer(f"{n}.gpkg", (shapely.Polygon(ring), "road")) for n, ring in enumerate(rings)]
    assert 1 < evaluate_polygons(*paths)["polygons"]["road"]["polis_m"] < 20
