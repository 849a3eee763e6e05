"""True lengths in metres and areas in square metres."""

import math

import pytest
import rasterio
import shapely
from map_refiner.models.arrays.grid import Grid
from map_refiner.models.errors import RasterError
from map_refiner.models.io import crs as io_crs
from pyproj import Transformer


def placed(crs, x, y, size):
    """Make a grid of 10 x 10 square pixels around a point."""
    wkt = rasterio.CRS.from_user_input(crs).to_wkt()
    return Grid(wkt, (size, 0, x - 5 * size, 0, -size, y + 5 * size), 10, 10)


def at(crs, longitude, latitude):
    return Transformer.from_crs("EPSG:4326", crs, always_xy=True).transform(longitude, latitude)


def test_a_utm_pixel_has_the_scale_of_its_zone():
    assert io_crs.pixel_size_m(placed("EPSG:32631", *at("EPSG:32631", 3, 45), 0.5)) == pytest.approx(0.5 / 0.9996)


@pytest.mark.parametrize("latitude", [0, 27.6, -60, 78])
def test_a_mercator_pixel_shrinks_with_the_latitude(latitude):
    """On a sphere the scale is cos(latitude); the ellipsoid adds a factor for each radius of curvature."""
    excentricity, phi = 0.00669437999014, math.radians(latitude)
    across = 1 / math.sqrt(1 - excentricity * math.sin(phi) ** 2)
    along = (1 - excentricity) * across**3
    expected = math.cos(phi) * math.sqrt(across * along)
    found = io_crs.pixel_size_m(placed("EPSG:3857", *at("EPSG:3857", 85.5, latitude), 1.0))
    assert found == pytest.approx(expected, rel=1e-4)


def test_the_size_of_a_pixel_in_degrees():
    found = io_crs.pixel_size_m(placed("EPSG:4326", 10, 60, 1e-5))
    assert found == pytest.approx(math.sqrt(1.1141 * 0.5580), rel=1e-3)  # metres of 1e-5 degrees north and east at 60 N


def test_the_size_of_a_pixel_in_feet():
    found = io_crs.pixel_size_m(placed("EPSG:2263", *at("EPSG:2263", -73.97, 40.78), 2.0))
    assert found == pytest.approx(2 * 0.3048006, rel=1e-4)


def test_a_rotated_pixel_has_its_true_size():
    wkt = rasterio.CRS.from_user_input("EPSG:32631").to_wkt()
    x, y = at("EPSG:32631", 3, 45)
    grid = Grid(wkt, (0.4, 0.3, x, 0.3, -0.4, y), 10, 10)
    assert io_crs.pixel_size_m(grid) == pytest.approx(0.5 / 0.9996, rel=1e-5)


LOCAL = 'LOCAL_CS["site",UNIT["foot",0.3048]]'
MOON = "IAU_2015:30100"


@pytest.mark.parametrize(
    "crs",
    ["", rasterio.CRS.from_user_input(MOON).to_wkt()],
    ids=["no CRS", "the Moon"],
)
def test_a_grid_that_is_not_on_earth_has_no_size_in_metres(crs):
    grid = Grid(crs, (1, 0, 0, 0, -1, 0), 10, 10)
    assert io_crs.pixel_size_m(grid) is None
    assert io_crs.areas_m2([shapely.box(0, 0, 1, 1)], crs) is None


def test_a_grid_beyond_the_projection_has_no_size_in_metres():
    assert io_crs.pixel_size_m(placed("EPSG:32631", 5e9, 9e9, 1.0)) is None


def test_a_local_crs_has_metres_but_no_areas():
    wkt = rasterio.CRS.from_wkt(LOCAL).to_wkt()
    assert io_crs.pixel_size_m(Grid(wkt, (1, 0, 0, 0, -1, 0), 10, 10)) == pytest.approx(0.3048)
    assert io_crs.areas_m2([shapely.box(0, 0, 1, 1)], wkt) is None


@pytest.mark.parametrize("crs", ["EPSG:32631", "EPSG:3857", "EPSG:4326"])
def test_a_one_hectare_square_has_one_hectare_in_every_crs(crs):
    """Create the square at 45 N in an azimuthal equidistant projection, and transform it to each CRS."""
    local = "+proj=aeqd +lat_0=45 +lon_0=3 +datum=WGS84"
    (square,) = io_crs.reproject([shapely.box(-50, -50, 50, 50)], local, crs)
    assert io_crs.areas_m2([square], crs) == [pytest.approx(1e4, rel=1e-4)]


@pytest.mark.parametrize("turned", [False, True])
@pytest.mark.parametrize("hole_turned", [False, True])
def test_holes_are_subtracted_for_any_ring_direction(turned, hole_turned):
    outline = list(shapely.box(500_000, 4_649_000, 500_100, 4_649_100).exterior.coords)
    hole = list(shapely.box(500_020, 4_649_020, 500_080, 4_649_080).exterior.coords)
    polygon = shapely.Polygon(outline[::-1] if turned else outline, [hole[::-1] if hole_turned else hole])
    assert io_crs.areas_m2([polygon], "EPSG:32631") == [pytest.approx(6400 / 0.9996**2, rel=1e-4)]


def test_an_empty_list_of_polygons_has_no_areas():
    assert io_crs.areas_m2([], "EPSG:32631") == []


@pytest.mark.parametrize("crs", ["EPSG:3857", "EPSG:4326", "EPSG:32645"])
def test_the_local_metric_crs_is_true_at_the_grid(crs):
    grid = placed(crs, *at(crs, 85.5, 27.6), 1e-5 if crs == "EPSG:4326" else 1.0)
    (line,) = io_crs.reproject([shapely.LineString([(-30, 0), (30, 0)])], io_crs.local_metric_crs(grid), "EPSG:4326")
    assert io_crs.WGS84.geometry_length(line) == pytest.approx(60, rel=1e-6)
    middle = line.interpolate(0.5, normalized=True)
    assert (middle.x, middle.y) == pytest.approx((85.5, 27.6), abs=1e-4)


@pytest.mark.parametrize("crs", [MOON, LOCAL])
def test_the_local_metric_crs_needs_a_crs_on_earth(crs):
    wkt = rasterio.CRS.from_user_input(crs).to_wkt()
    with pytest.raises(RasterError, match="not tied to the earth"):
        io_crs.local_metric_crs(Grid(wkt, (1, 0, 0, 0, -1, 0), 10, 10))


def test_reprojecting_from_the_moon_is_refused():
    with pytest.raises(RasterError, match="cannot be transformed"):
        io_crs.reproject([shapely.Point(0, 0)], MOON, "EPSG:4326")


def test_reprojecting_keeps_geometry_types_and_order():
    shapes = [shapely.Point(3, 45), shapely.LineString([(3, 45), (4, 46)]), shapely.box(2, 44, 3, 45)]
    there = io_crs.reproject(shapes, "EPSG:4326", "EPSG:32631")
    back = io_crs.reproject(there, "EPSG:32631", "EPSG:4326")
    assert [shape.geom_type for shape in there] == ["Point", "LineString", "Polygon"]
    assert there[0].x == pytest.approx(500_000)
    assert all(one.equals_exact(two, 1e-8) for one, two in zip(shapes, back, strict=True))


def test_an_invalid_crs_is_refused():
    with pytest.raises(RasterError, match="not one that PROJ knows"):
        io_crs.parse("nonsense")
