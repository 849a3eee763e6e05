"""Vector files read in the CRS of a grid."""

import json

import numpy as np
import pyogrio
import pytest
import rasterio
import shapely
from map_refiner.models.arrays.grid import Grid
from map_refiner.models.errors import LabelError
from map_refiner.models.io.crs import reproject
from map_refiner.models.io.rasterize import burn
from map_refiner.models.io.vectors import polygons, read_shapes


@pytest.fixture
def here(grid):
    return grid(96, 120)


def test_shapes_are_read_with_their_field(vectors, pixels, here):
    drawn = [pixels(0, 0, 4, 4), pixels(8, 8, 4, 4)]
    shapes = read_shapes(vectors("a.gpkg", drawn, kind=["ä", " b "]), here, "kind")
    assert shapes.classes == ("ä", "b")
    assert all(one.equals(two) for one, two in zip(shapes.geometries, drawn, strict=True))


@pytest.mark.parametrize("name", ["a.gpkg", "a.shp", "a.geojson", "a.fgb"])
@pytest.mark.parametrize("crs", ["EPSG:4326", "EPSG:3857", "EPSG:32631"])
def test_any_format_and_crs_is_read(vectors, pixels, here, utm, name, crs):
    square = pixels(10, 10, 40, 30)
    (moved,) = reproject([square], utm, crs)
    (found,) = read_shapes(vectors(name, [moved], crs=crs, text=["x"]), here).geometries
    assert found.symmetric_difference(square).area < 0.01 * square.area


def test_a_file_without_a_crs_uses_the_crs_of_the_grid(vectors, pixels, here):
    (found,) = read_shapes(vectors("a.shp", [pixels(1, 2, 3, 4)], crs=None, text=["x"]), here).geometries
    assert found.equals(pixels(1, 2, 3, 4))


def test_a_layer_is_selected_by_name(vectors, pixels, here):
    vectors("a.gpkg", [pixels(0, 0, 1, 1)], layer="first", text=["x"])
    path = vectors("a.gpkg", [pixels(5, 5, 2, 2)], layer="second", text=["x"])
    (found,) = read_shapes(f"{path}|layername=second", here).geometries
    assert found.equals(pixels(5, 5, 2, 2))


def test_a_subset_is_selected_by_a_condition(vectors, pixels, here):
    path = vectors("a.gpkg", [pixels(n, n, 1, 1) for n in range(5)], layer="a", size=[1, 2, 3, 4, 5])
    found = read_shapes(f"{path}|layername=a|subset=size > 2 AND size <> 4", here).geometries
    assert [shape.bounds for shape in found] == [pixels(2, 2, 1, 1).bounds, pixels(4, 4, 1, 1).bounds]


def test_empty_and_missing_geometries_are_left_out(vectors, pixels, here):
    path = vectors("a.gpkg", [pixels(0, 0, 2, 2), None, shapely.Polygon()], kind=["a", "b", "c"])
    shapes = read_shapes(path, here, "kind")
    assert shapes.classes == ("a",)


def test_shapes_beyond_the_range_of_the_scene_crs_are_left_out(vectors, here, grid):
    world = [shapely.box(3.0, 42.0, 3.0001, 42.0001), shapely.Point(3, 91).buffer(0.5)]
    wkt = rasterio.CRS.from_epsg(3857).to_wkt()
    shapes = read_shapes(vectors("a.geojson", world, crs="EPSG:4326", kind=["near", "pole"]), grid(9, 9, wkt), "kind")
    assert shapes.classes == ("near",)


@pytest.mark.parametrize(
    ("option", "says"),
    [("|layername=nothing", "cannot be read as vector data"), ("|subset=colour = 3", "cannot be read as vector data")],
)
def test_invalid_layer_options_are_refused(vectors, pixels, here, option, says):
    path = vectors("a.gpkg", [pixels(0, 0, 1, 1)], text=["x"])
    with pytest.raises(LabelError, match=says):
        read_shapes(path + option, here)


def test_a_missing_field_is_reported_with_the_existing_fields(vectors, pixels, here):
    path = vectors("a.gpkg", [pixels(0, 0, 1, 1)], height=[3], name_=["x"])
    with pytest.raises(LabelError, match=r"no text field 'class'.*height, name_"):
        read_shapes(path, here, "class")


def test_files_that_are_not_vector_data_are_refused(tmp_path, town, here):
    (tmp_path / "a.gpkg").write_text("no data")
    for path in (tmp_path / "a.gpkg", tmp_path / "missing.gpkg", town.image_path):
        with pytest.raises(LabelError):
            read_shapes(str(path), here)


def bow_tie(x, y, size):
    """Return a square with a self-crossing outline: two triangles."""
    return shapely.Polygon([(x, y), (x + size, y + size), (x + size, y), (x, y + size)])


def test_self_crossing_polygons_are_repaired(vectors, here):
    (found,) = polygons(vectors("a.gpkg", [bow_tie(500_005, 4_649_080, 10)], text=["x"]), here, None)
    assert found.is_valid
    assert found.area == pytest.approx(50)
    assert burn([(found, 1)], here).sum() == pytest.approx(200, abs=20)


def test_parts_of_multipolygons_are_read(vectors, pixels, here):
    many = shapely.MultiPolygon([pixels(0, 0, 4, 4), pixels(8, 8, 4, 4)])
    found = polygons(vectors("a.gpkg", [many], geometry_type="MultiPolygon", text=["x"]), here, None)
    assert sum(shape.area for shape in found) == pytest.approx(8)


@pytest.mark.parametrize("crs", ["EPSG:3857", "EPSG:4326"])
@pytest.mark.parametrize("width", [4.0, None])
def test_lines_are_buffered_to_their_true_width(vectors, crs, width):
    """At 60 N, Mercator metres are half as long, and degrees of longitude half as long as those of latitude."""
    local = "+proj=aeqd +lat_0=60 +lon_0=10 +datum=WGS84"
    lines = [shapely.LineString([(-50, 0), (50, 0)]), shapely.LineString([(0, -80), (0, -20)])]
    moved = reproject(lines, local, crs)
    x, y = moved[0].centroid.coords[0]
    size = 1e-5 if crs == "EPSG:4326" else 1.0
    wkt = rasterio.CRS.from_user_input(crs).to_wkt()
    around = Grid(wkt, (size, 0, x - 100 * size, 0, -size, y + 100 * size), 200, 200)
    found = polygons(vectors("a.gpkg", moved, crs=crs, text=["x", "y"]), around, width)
    for shape, length in zip(reproject(found, crs, local), (100, 60), strict=True):
        left, bottom, right, top = shape.bounds
        sides = sorted((right - left, top - bottom))
        assert sides == pytest.approx([width or 7.0, length], rel=2e-3)


def test_polygons_keep_their_size_at_any_line_width(vectors, pixels, here):
    (found,) = polygons(vectors("a.gpkg", [pixels(0, 0, 4, 4)], text=["x"]), here, 9.0)
    assert found.area == pytest.approx(4)


def test_points_are_refused(vectors, here):
    with pytest.raises(LabelError, match="no polygons and no lines"):
        polygons(vectors("a.gpkg", [shapely.Point(500_000, 4_649_100)], text=["x"]), here, None)


def test_an_empty_layer_is_refused(vectors, pixels, here):
    path = vectors("a.gpkg", [pixels(0, 0, 1, 1)], layer="a", size=[1])
    with pytest.raises(LabelError, match="no polygons and no lines"):
        polygons(f"{path}|layername=a|subset=size > 1", here, None)


def test_lines_need_a_crs(vectors):
    path = vectors("a.shp", [shapely.LineString([(0, 0), (9, 9)])], crs=None, text=["x"])
    with pytest.raises(LabelError, match="no CRS"):
        polygons(path, Grid("", (1, 0, 0, 0, -1, 10), 10, 10), None)


def test_a_real_map_of_streets_and_houses_is_read(data):
    path = data / "osm_vectors" / "toulouse.osm"
    left, bottom, right, top = pyogrio.read_info(path, layer="lines")["total_bounds"]
    wkt = rasterio.CRS.from_epsg(4326).to_wkt()
    around = Grid(wkt, (1e-5, 0, left, 0, -1e-5, top), int((right - left) / 1e-5) + 1, int((top - bottom) / 1e-5) + 1)
    streets = polygons(f"{path}|layername=lines|subset=highway IS NOT NULL", around, 7.0)
    houses = polygons(f"{path}|layername=multipolygons|subset=building IS NOT NULL", around, None)
    assert len(streets) > 50
    assert len(houses) > 100
    assert all(shape.is_valid for shape in houses)


@pytest.mark.parametrize(
    ("values", "names"),
    [
        (np.array([1, 2, 0]), ("1", "2", "0")),
        (np.array([1.0, np.nan, 2.5]), ("1", "", "2.5")),
        (np.array([" road ", None, "0"], dtype=object), ("road", "", "0")),
    ],
)
def test_class_fields_of_any_type_give_names(tmp_path, grid, utm, values, names):
    path = tmp_path / "classes.gpkg"
    shapes = shapely.to_wkb(np.array([shapely.box(500_001 + n, 4_649_060, 500_002 + n, 4_649_062) for n in range(3)]))
    pyogrio.raw.write(path, shapes, [values], fields=["class"], geometry_type="Polygon", driver="GPKG", crs=utm)
    assert read_shapes(str(path), grid(96, 120), "class").classes == names


def test_geometries_that_geos_refuses_are_counted(tmp_path, grid):
    path = tmp_path / "open.geojson"
    ring = [[0, 0], [0, 1], [1, 1]]
    polygons = [{"type": "Polygon", "coordinates": [each]} for each in (ring, [*ring, [1, 0], [0, 0]])]
    features = [{"type": "Feature", "properties": {}, "geometry": each} for each in polygons]
    path.write_text(json.dumps({"type": "FeatureCollection", "features": features}))
    with pytest.raises(LabelError, match=r"open\.geojson has 1 geometries that cannot be used"):
        read_shapes(str(path), grid(96, 120))
