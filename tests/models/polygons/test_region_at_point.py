"""The connected region at a clicked point."""

import numpy as np
import pytest
import shapely
from map_refiner.models.errors import RefinerError
from map_refiner.models.io.rasterize import burn
from map_refiner.models.polygons.region_at_point import MAX_REGION_PX, region_at


@pytest.fixture
def classes(raster):
    values = np.zeros((1, 60, 80), "uint8")
    values[0, 10:20, 10:25] = 1
    values[0, 13:16, 14:18] = 0  # a courtyard
    values[0, 30:40, 30:50] = 2
    values[0, 50:, :] = 255
    return raster("classes.tif", values, nodata=255)


def test_the_region_of_a_building_excludes_its_courtyard(classes, pixels, grid):
    x, y = pixels(11, 11, 1, 1).centroid.coords[0]
    found = region_at(classes, x, y)
    assert found.index == 1
    assert found.pixels == 150 - 12
    burnt = burn([(found.outline, 1)], grid(60, 80))
    expected = np.zeros((60, 80), "uint8")
    expected[10:20, 10:25] = 1
    expected[13:16, 14:18] = 0
    assert np.array_equal(burnt, expected)
    assert found.outline.area == pytest.approx(138 * 0.25)
    assert isinstance(shapely.from_wkt(found.outline.wkt), shapely.Polygon)


def test_invalid_points_and_oversized_regions_are_refused_with_a_reason(classes, pixels, raster):
    x, y = pixels(5, 55, 1, 1).centroid.coords[0]
    with pytest.raises(RefinerError, match="no data where you clicked"):
        region_at(classes, x, y)
    with pytest.raises(RefinerError, match="outside the scene"):
        region_at(classes, x - 1000, y)
    large = raster("large.tif", np.zeros((1, 30, 3 * MAX_REGION_PX), "uint8"), nodata=255)
    x, y = pixels(3 * MAX_REGION_PX // 2, 5, 1, 1).centroid.coords[0]
    with pytest.raises(RefinerError, match="extends over more than"):
        region_at(large, x, y)
