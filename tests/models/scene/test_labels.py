"""Labels on a grid, from rasters and vector layers."""

import numpy as np
import pytest
import rasterio
import rasterio.warp
import shapely
from map_refiner.models.arrays.score_maps import UNLABELLED
from map_refiner.models.errors import LabelError, RasterError
from map_refiner.models.io.crs import reproject
from map_refiner.models.io.vectors import ROAD_WIDTH_M
from map_refiner.models.scene.labels import burn_sources, read_labels
from map_refiner.models.shared.class_source import ClassSource
from rasterio.transform import from_origin

CLASSES = ("background", "building", "road")


@pytest.fixture
def here(grid):
    return grid(96, 120)


# --- rasters --------------------------------------------------------------------------------------------------------


def test_a_raster_of_class_indices_is_read_unchanged(town, here):
    assert np.array_equal(read_labels(town.labels_path, here, CLASSES), town.labels)


@pytest.mark.parametrize("dtype", ["uint8", "int16", "int32", "float32"])
@pytest.mark.parametrize("nodata", [None, 99, 255])
def test_nodata_and_255_are_unlabelled(raster, town, here, dtype, nodata):
    array = town.labels.astype(dtype)
    array[:10] = 255
    array[10:20] = 255 if nodata is None else nodata
    found = read_labels(raster("l.tif", array[None], nodata=nodata), here, CLASSES)
    assert (found[:20] == UNLABELLED).all()
    assert np.array_equal(found[20:], town.labels[20:])


@pytest.mark.parametrize("dtype", ["uint8", "int16"])
def test_pixels_outside_the_label_raster_are_unlabelled(raster, town, here, dtype):
    part = town.labels[20:60, 30:90][None].astype(dtype)
    path = raster("l.tif", part, transform=from_origin(500_015, 4_649_090, 0.5, 0.5))
    found = read_labels(path, here, CLASSES)
    assert np.array_equal(found[20:60, 30:90], part[0])
    assert np.count_nonzero(found != UNLABELLED) == part.size


def test_finer_labels_are_subsampled_and_never_mixed(raster, town, here):
    fine = np.kron(town.labels, np.ones((3, 3), "uint8"))
    path = raster("l.tif", fine[None], transform=from_origin(500_000, 4_649_100, 0.5 / 3, 0.5 / 3))
    assert np.array_equal(read_labels(path, here, CLASSES), town.labels)


def test_label_rasters_in_another_crs_are_reprojected(raster, town, here, utm):
    left, bottom, _, top = rasterio.warp.transform_bounds(utm, "EPSG:4326", 500_000, 4_649_052, 500_060, 4_649_100)
    size = (top - bottom) / 400
    columns, rows = np.meshgrid(np.arange(700) + 0.5, np.arange(400) + 0.5)
    xs, ys = rasterio.warp.transform("EPSG:4326", utm, (left + columns * size).ravel(), (top - rows * size).ravel())
    at_row = np.clip(((4_649_100 - np.array(ys)) / 0.5).astype(int), 0, 95).reshape(400, 700)
    at_column = np.clip(((np.array(xs) - 500_000) / 0.5).astype(int), 0, 119).reshape(400, 700)
    place = from_origin(left, top, size, size)
    path = raster("l.tif", town.labels[at_row, at_column][None], crs="EPSG:4326", transform=place)
    found = read_labels(path, here, CLASSES)
    inner = (slice(3, -3), slice(3, -3))
    assert (found[inner] == town.labels[inner]).mean() > 0.97


@pytest.mark.parametrize("value", [-1, 256, 1.5])
def test_values_that_are_not_class_indices_are_refused(raster, here, value):
    array = np.zeros((1, 96, 120), "float32")
    array[0, 5, 5] = value
    with pytest.raises(LabelError, match="whole class indices from 0, and 255 for unlabelled"):
        read_labels(raster("l.tif", array), here, CLASSES)


def test_missing_label_files_are_refused(tmp_path, here):
    with pytest.raises(RasterError, match="There is no file"):
        read_labels(str(tmp_path / "l.tif"), here, CLASSES)
    with pytest.raises(LabelError, match="There is no file"):
        read_labels(str(tmp_path / "l.gpkg"), here, CLASSES)


# --- a digitized tile -----------------------------------------------------------------------------------------------


def drawn(vectors, shapes, name="tile.gpkg", **options):
    """Write a layer of (class, polygon) pairs and return its path."""
    return vectors(name, [shape for _, shape in shapes], **{"class": [kind for kind, _ in shapes]}, **options)


def test_the_rest_of_a_tile_is_background(vectors, pixels, here, town):
    found = read_labels(town.tile_path, here, CLASSES)
    assert np.array_equal(found, town.labels) or (found != town.labels).mean() < 1e-6
    shapes = [("tile", pixels(20, 10, 30, 20)), ("building", pixels(25, 15, 5, 5)), ("road", pixels(40, 5, 4, 60))]
    found = read_labels(drawn(vectors, shapes), here, CLASSES)
    expected = np.full((96, 120), UNLABELLED)
    expected[10:30, 20:50] = 0
    expected[15:20, 25:30] = 1
    expected[10:30, 40:44] = 2  # pixels outside the tile are not labelled
    assert np.array_equal(found, expected)


def test_ignored_areas_are_unlabelled_whatever_they_contain(vectors, pixels, here):
    shapes = [
        ("ignore", pixels(22, 12, 6, 6)),
        ("tile", pixels(20, 10, 30, 20)),
        ("building", pixels(25, 15, 5, 5)),
    ]
    found = read_labels(drawn(vectors, shapes), here, CLASSES)
    assert (found[12:18, 22:28] == UNLABELLED).all()
    assert found[18, 28] == 1
    assert found[10, 20] == 0


def test_without_a_tile_only_the_polygons_are_labelled(vectors, pixels, here):
    shapes = [("building", pixels(25, 15, 5, 5)), ("background", pixels(40, 5, 4, 60))]
    found = read_labels(drawn(vectors, shapes), here, CLASSES)
    assert np.count_nonzero(found == 1) == 25
    assert np.count_nonzero(found == 0) == 240
    assert np.count_nonzero(found == UNLABELLED) == 96 * 120 - 265


def test_several_tiles_are_labelled(vectors, pixels, here):
    shapes = [("tile", pixels(0, 0, 10, 10)), ("tile", pixels(50, 50, 10, 10)), ("road", pixels(0, 5, 120, 2))]
    found = read_labels(drawn(vectors, shapes), here, CLASSES)
    assert np.count_nonzero(found != UNLABELLED) == 200
    assert np.count_nonzero(found == 2) == 20


def test_a_self_crossing_polygon_is_repaired(vectors, pixels, here):
    x, y = 500_010, 4_649_080
    tie = shapely.Polygon([(x, y), (x + 10, y + 10), (x + 10, y), (x, y + 10)])
    found = read_labels(drawn(vectors, [("tile", pixels(0, 0, 120, 96)), ("building", tie)]), here, CLASSES)
    assert np.count_nonzero(found == 1) == pytest.approx(200, abs=20)


@pytest.mark.parametrize("crs", ["EPSG:4326", "EPSG:3857"])
def test_a_tile_in_another_crs_is_reprojected(vectors, town, here, utm, crs):
    from map_refiner.models.io.vectors import read_shapes

    shapes = read_shapes(town.tile_path, here, "class")
    moved = reproject(shapes.geometries, utm, crs)
    found = read_labels(drawn(vectors, list(zip(shapes.classes, moved, strict=True)), crs=crs), here, CLASSES)
    assert (found == town.labels).mean() > 0.995


def test_unknown_classes_are_reported_with_the_known_ones(vectors, pixels, here):
    path = drawn(vectors, [("tile", pixels(0, 0, 9, 9)), ("tree", pixels(0, 0, 2, 2))])
    with pytest.raises(LabelError, match="class 'tree'; the classes here are background, building, road"):
        read_labels(path, here, CLASSES)


def test_features_without_a_class_are_counted(vectors, pixels, here):
    path = drawn(vectors, [("tile", pixels(0, 0, 9, 9)), ("", pixels(0, 0, 2, 2)), (" ", pixels(3, 3, 2, 2))])
    with pytest.raises(LabelError, match="has 2 features without a class in the field 'class'"):
        read_labels(path, here, CLASSES)


def test_lines_get_the_usual_width_of_a_road(vectors, pixels, here):
    west, south, east, north = pixels(0, 0, 60, 60).bounds
    middle = (south + north) / 2
    street = shapely.LineString([(west, middle), (east, middle)])
    labels = read_labels(drawn(vectors, [("tile", pixels(0, 0, 60, 60)), ("road", street)]), here, CLASSES)
    rows = np.unique(np.nonzero(labels == 2)[0]).size
    assert rows == pytest.approx(ROAD_WIDTH_M / ((north - south) / 60), abs=1)


def test_class_rasters_with_names_are_matched_by_name(raster, here):
    values = np.random.default_rng(0).integers(0, 3, (here.height, here.width)).astype("uint8")
    path = raster("named.tif", values[None], nodata=255)
    with rasterio.open(path, "r+") as target:
        target.update_tags(CLASSES="background,road,building")
    assert np.array_equal(read_labels(path, here, CLASSES), np.array([0, 2, 1], "uint8")[values])
    with pytest.raises(LabelError, match="has pixels of class 'road'; the classes here are background, building"):
        read_labels(path, here, CLASSES[:2])


def test_a_missing_field_is_refused(vectors, pixels, here):
    with pytest.raises(LabelError, match="no text field 'class'"):
        read_labels(vectors("a.gpkg", [pixels(0, 0, 9, 9)], kind=["building"]), here, CLASSES)


def test_an_empty_layer_labels_nothing(vectors, pixels, here):
    path = drawn(vectors, [("building", pixels(0, 0, 2, 2))], layer="a")
    found = read_labels(f"{path}|layername=a|subset=class = 'road'", here, CLASSES)
    assert (found == UNLABELLED).all()


def test_labels_outside_the_scene_label_nothing(vectors, here):
    far = shapely.box(600_000, 4_000_000, 600_050, 4_000_050)
    assert (read_labels(drawn(vectors, [("tile", far), ("road", far)]), here, CLASSES) == UNLABELLED).all()


# --- imprecise vector layers ----------------------------------------------------------------------------------------


def test_layers_are_burnt_over_the_background(town, here):
    sources = (ClassSource("building", town.houses_path), ClassSource("road", town.streets_path, 4.0))
    labels, classes = burn_sources(sources, here)
    assert classes == CLASSES
    assert (labels == town.labels).mean() > 0.99  # the streets are 8 px of 0.5 m wide


def test_later_layers_cover_earlier_ones_and_a_class_may_have_several(vectors, pixels, here):
    paths = [vectors(f"{n}.gpkg", [pixels(10 * n, 0, 20, 20)], text=["x"]) for n in range(3)]
    sources = tuple(ClassSource(name, path) for name, path in zip(("a", "b", "a"), paths, strict=True))
    labels, classes = burn_sources(sources, here)
    assert classes == ("background", "a", "b")
    assert labels[5, [5, 15, 25, 35, 45]].tolist() == [1, 2, 1, 1, 0]


def test_background_may_have_its_own_layer(vectors, pixels, here):
    sources = (
        ClassSource("building", vectors("a.gpkg", [pixels(0, 0, 20, 20)], text=["x"])),
        ClassSource("background", vectors("b.gpkg", [pixels(5, 5, 5, 5)], text=["x"])),
    )
    labels, classes = burn_sources(sources, here)
    assert classes == ("background", "building")
    assert (labels[5:10, 5:10] == 0).all()
    assert np.count_nonzero(labels == 1) == 375


def test_missing_classes_and_classes_outside_the_scene_are_refused(vectors, here):
    with pytest.raises(LabelError, match="No class is given"):
        burn_sources((), here)
    path = vectors("a.gpkg", [shapely.box(600_000, 4_000_000, 600_050, 4_000_050)], text=["x"])
    with pytest.raises(LabelError, match="No building of the vector layers lies within the scene"):
        burn_sources((ClassSource("building", path),), here)
