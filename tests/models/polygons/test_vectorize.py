"""Polygons of a class map: no gaps, true areas, complete files.

Modules that this file covers: models/polygons/trace_block.py.
"""

import json
import sqlite3
import subprocess
import sys
from contextlib import closing
from pathlib import Path

import numpy as np
import pyogrio
import pytest
import rasterio
import shapely
from map_refiner.models.errors import OutputError, RefinerError
from map_refiner.models.io.score_raster import ScoreRaster
from map_refiner.models.polygons import trace_block as module
from map_refiner.models.polygons.files import ClassPolygons, WrittenPolygons, write_class_polygons
from map_refiner.models.polygons.vectorize import PolygonOptions, vectorize
from rasterio.transform import from_origin
from scipy import ndimage

ROOT = Path(__file__).resolve().parents[3]
EVERYTHING = {"background": True}


def smooth_scores(height=120, width=140, classes=3, smooth=4.0, seed=0):
    fields = np.random.default_rng(seed).normal(size=(classes, height, width))
    fields = np.exp(40 * ndimage.gaussian_filter(fields, (0, smooth, smooth)))
    return (fields / fields.sum(axis=0)).astype("float32")


@pytest.fixture
def scores(raster):
    """Return a function that writes a score raster from an array and opens it."""
    opened = []

    def make(array=None, nodata=-9999, names=("background", "building", "road"), **options):
        array = smooth_scores() if array is None else array
        opened.append(ScoreRaster(raster(f"s{len(opened)}.tif", array, nodata=nodata, names=names, **options)))
        return opened[-1]

    yield make
    for one in opened:
        one.close()


def extent(existing):
    return shapely.Polygon(existing.grid.corners())


@pytest.mark.parametrize("tolerance", [0.0, 0.4, 1.0, 5.0])
@pytest.mark.parametrize("min_area", [0.0, 3.0, 100.0])
def test_all_classes_together_cover_the_scene_without_gaps_or_overlaps(scores, tolerance, min_area):
    existing = scores()
    found = vectorize(existing, PolygonOptions(min_area, tolerance, background=True))
    shapes = np.array(found.polygons, dtype=object)
    assert len(shapes) > 5
    assert shapely.is_valid(shapes).all()
    assert shapely.coverage_is_valid(shapes)
    assert shapely.union_all(shapes).symmetric_difference(extent(existing)).area < 1e-6
    assert shapely.area(shapes).sum() == pytest.approx(extent(existing).area)


@pytest.mark.parametrize("tolerance", [0.0, 1.0])
def test_polygons_of_noise_form_a_coverage(scores, tolerance):
    noise = np.random.default_rng(0).dirichlet((1, 1, 1), (50, 60)).transpose(2, 0, 1).astype("float32")
    noise[:, 20:24, 30:50] = -9999
    existing = scores(noise)
    found = vectorize(existing, PolygonOptions(0.0, tolerance, background=True))
    assert shapely.coverage_is_valid(np.array(found.polygons, dtype=object))
    hole = shapely.box(500_015, 4_649_088, 500_025, 4_649_090)
    assert shapely.union_all(found.polygons).symmetric_difference(extent(existing).difference(hole)).area < 1e-6


def test_unsimplified_polygons_match_the_pixels(scores):
    array = smooth_scores()
    existing = scores(array)
    found = vectorize(existing, PolygonOptions())
    assert set(found.classes) == {"building", "road"}
    for k, name in ((1, "building"), (2, "road")):
        area = sum(shape.area for shape, kind in zip(found.polygons, found.classes, strict=True) if kind == name)
        assert area == pytest.approx(0.25 * np.count_nonzero(array.argmax(axis=0) == k))


def test_simplification_removes_vertices_and_moves_edges_little(scores):
    existing = scores()
    exact = vectorize(existing, PolygonOptions(background=True))
    simple = vectorize(existing, PolygonOptions(tolerance_m=1.0, background=True))
    count = [sum(len(shapely.get_coordinates(shape)) for shape in found.polygons) for found in (exact, simple)]
    assert count[1] < 0.4 * count[0]
    moved = [one.symmetric_difference(two).area for one, two in zip(exact.polygons, simple.polygons, strict=True)]
    lengths = [shape.length for shape in exact.polygons]
    assert max(m / length for m, length in zip(moved, lengths, strict=True)) < 0.5  # metres, on average


@pytest.mark.parametrize("min_area", [2.0, 25.0])
def test_small_parts_are_merged_into_their_neighbours(scores, min_area):
    existing = scores(smooth_scores(smooth=1.5))
    before = vectorize(existing, PolygonOptions(background=True))
    assert min(before.areas_m2) < min_area
    found = vectorize(existing, PolygonOptions(min_area, background=True))
    assert min(found.areas_m2) >= 0.999 * min_area
    assert len(found.polygons) < len(before.polygons)


def test_confidence_is_the_mean_class_probability_over_the_pixels(scores):
    array = np.zeros((3, 20, 30), "float32")
    array[0], array[1] = 0.9, 0.1
    array[:, 5:9, 5:9] = np.array([0.2, 0.7, 0.1], "float32")[:, None, None]
    array[:, 5:9, 9:13] = np.array([0.0, 0.9, 0.1], "float32")[:, None, None]
    array[:, 12:14, 20:22] = np.array([0.3, 0.3, 0.4], "float32")[:, None, None]
    found = vectorize(scores(array), PolygonOptions(background=True))
    by_class = dict(zip(found.classes, found.confidence, strict=True))
    assert by_class["building"] == pytest.approx(0.8, abs=1e-4)
    assert by_class["road"] == pytest.approx(0.4, abs=1e-4)
    assert by_class["background"] == pytest.approx(0.9, abs=1e-4)


def test_confidence_does_not_depend_on_the_window_size(scores, monkeypatch):
    existing = scores()
    whole = vectorize(existing, PolygonOptions(background=True)).confidence
    monkeypatch.setattr(module, "TRACE_BLOCK_PX", 33)
    assert vectorize(existing, PolygonOptions(background=True)).confidence == pytest.approx(whole, abs=1e-6)


@pytest.mark.parametrize("latitude", [0.0, 60.0])
def test_areas_in_mercator_are_true(scores, latitude):
    """At 60 N Mercator doubles lengths, so true areas are a quarter of the map areas."""
    north = rasterio.warp.transform("EPSG:4326", "EPSG:3857", [10.0], [latitude])[1][0]
    array = np.zeros((2, 40, 40), "float32")
    array[0] = 1
    array[:, 10:30, 10:30] = np.array([0, 1], "float32")[:, None, None]
    array[:, 15:25, 15:25] = np.array([1, 0], "float32")[:, None, None]  # a courtyard
    existing = scores(array, names=("background", "b"), crs="EPSG:3857", transform=from_origin(1_000_000, north, 2, 2))
    found = vectorize(existing, PolygonOptions())
    assert found.areas_m2 == (pytest.approx(300 * 4 * np.cos(np.radians(latitude)) ** 2, rel=0.01),)


def test_areas_in_degrees_are_true(scores):
    array = smooth_scores(smooth=2)
    place = from_origin(10.0, 60.0, 1e-5, 0.5e-5)  # 0.56 m squares at 60 N
    existing = scores(array, crs="EPSG:4326", transform=place)
    found = vectorize(existing, PolygonOptions(10.0, 0.5, background=True))
    assert shapely.coverage_is_valid(np.array(found.polygons, dtype=object))
    assert sum(found.areas_m2) == pytest.approx(120 * 140 * 0.558 * 0.557, rel=0.01)
    assert min(found.areas_m2) > 5


def test_a_rotated_raster_gives_rotated_polygons(scores):
    turned = rasterio.Affine(0.4, 0.3, 500_000, 0.3, -0.4, 4_649_100)
    existing = scores(transform=turned)
    found = vectorize(existing, PolygonOptions(0.0, 1.0, background=True))
    assert shapely.union_all(found.polygons).symmetric_difference(extent(existing)).area < 1e-4


def test_nodata_is_left_out_and_its_border_stays_exact(scores):
    array = smooth_scores()
    y, x = np.indices(array.shape[1:])
    outside = (x - 70) ** 2 + (y - 60) ** 2 > 50**2
    array[:, outside] = -9999
    found = vectorize(scores(array), PolygonOptions(20.0, 2.0, background=True))
    assert shapely.union_all(found.polygons).area == pytest.approx(0.25 * np.count_nonzero(~outside))
    assert shapely.coverage_is_valid(np.array(found.polygons, dtype=object))


def test_a_single_valid_pixel_gives_one_polygon(scores):
    array = np.full((3, 9, 9), -9999, "float32")
    array[:, 4, 4] = (0.1, 0.8, 0.1)
    found = vectorize(scores(array), PolygonOptions())
    assert found.classes == ("building",)
    assert found.areas_m2 == (pytest.approx(0.25, rel=1e-2),)


@pytest.mark.parametrize("shape", [(1, 1), (1, 30), (30, 1)])
@pytest.mark.parametrize("tolerance", [0.0, 2.0])
def test_rasters_one_pixel_wide_are_vectorized(scores, shape, tolerance):
    array = smooth_scores(*shape, smooth=1)
    existing = scores(array)
    found = vectorize(existing, PolygonOptions(0.0, tolerance, background=True))
    assert shapely.union_all(found.polygons).area == pytest.approx(0.25 * shape[0] * shape[1])


def test_without_a_crs_there_are_polygons_but_no_areas(scores, tmp_path):
    existing = scores(crs=None)
    found = vectorize(existing, PolygonOptions())
    assert len(found.polygons) > 3
    assert found.areas_m2 is None
    (notice,) = write_class_polygons([found], tmp_path / "p.gpkg", "").notices
    assert "no CRS" in str(notice)
    assert pyogrio.read_info(tmp_path / "p.gpkg")["features"] == len(found.polygons)
    for outline in (PolygonOptions(min_area_m2=1.0), PolygonOptions(tolerance_m=1.0)):
        with pytest.raises(RefinerError, match="no CRS"):
            vectorize(existing, outline)


# --- writing --------------------------------------------------------------------------------------------------------


@pytest.fixture
def found(scores):
    return vectorize(scores(names=("Hintergrund", "Gebäude", "road")), PolygonOptions(2.0, 0.5))


def read(path):
    meta, _, wkb, values = pyogrio.raw.read(path)
    return meta, shapely.from_wkb(wkb), dict(zip(meta["fields"], values, strict=True))


@pytest.mark.parametrize("name", ["p.gpkg", "p.shp", "p.geojson", "P.SHP", "ä ö.gpkg"])
def test_written_polygons_and_fields_can_be_read_back(tmp_path, utm, found, name):
    assert write_class_polygons([found], tmp_path / name, utm) == WrittenPolygons(len(found.polygons), ())
    meta, shapes, fields = read(tmp_path / name)
    assert list(fields) == ["class", "confidence", "area_m2"]
    assert tuple(fields["class"]) == found.classes
    assert fields["confidence"] == pytest.approx(np.array(found.confidence), abs=1e-4)
    assert fields["area_m2"] == pytest.approx(np.array(found.areas_m2), abs=0.01)
    geographic = name.endswith("geojson")
    assert meta["crs"] == ("EPSG:4326" if geographic else "EPSG:32631")
    if geographic:
        assert (shapely.bounds(shapes)[:, 0] >= 3.0).all()
        assert (shapely.bounds(shapes)[:, 3] < 42.0).all()
    else:
        assert shapely.area(shapes).tolist() == pytest.approx(shapely.area(found.polygons).tolist())
        shared = shapely.coverage_is_valid(np.array([shape for part in shapes for shape in shapely.get_parts(part)]))
        assert shared  # edges are still shared in the file


def test_no_polygons_give_a_layer_without_features(tmp_path, utm):
    nothing = ClassPolygons((), (), (), ())
    for name in ("p.gpkg", "p.shp", "p.geojson"):
        write_class_polygons([nothing], tmp_path / name, utm)
        assert pyogrio.read_info(tmp_path / name, force_feature_count=True)["features"] == 0


@pytest.mark.parametrize("name", ["p.gpkg", "p.shp", "p.geojson"])
def test_an_older_file_is_replaced_with_all_its_parts(tmp_path, utm, found, name):
    few = ClassPolygons(found.polygons[:1], found.classes[:1], found.confidence[:1], found.areas_m2[:1])
    write_class_polygons([found], tmp_path / name, utm)
    (tmp_path / "p.qix").write_bytes(b"the index of another")
    write_class_polygons([few], tmp_path / name, utm)
    assert len(read(tmp_path / name)[1]) == 1
    assert (tmp_path / "p.qix").exists() == (name != "p.shp")
    assert not [path for path in tmp_path.iterdir() if path.name.startswith(".")]


@pytest.mark.parametrize(
    ("place", "says"),
    [
        ("p.kml", "should end in one of .gpkg, .shp, .geojson"),
        ("p", "should end in"),
        ("missing/p.gpkg", "There is no folder"),
        ("file/p.gpkg", "There is no folder"),
        ("folder.gpkg", "cannot be written"),
    ],
)
def test_unwritable_output_paths_are_refused(tmp_path, utm, found, place, says):
    (tmp_path / "file").write_text("")
    (tmp_path / "folder.gpkg").mkdir()
    with pytest.raises(OutputError, match=says):
        write_class_polygons([found], tmp_path / place, utm)
    assert sorted(path.name for path in tmp_path.iterdir() if not path.name.startswith("s0")) == ["file", "folder.gpkg"]


FULL_DISK = """
import importlib.util, json, resource, sys
from contextlib import closing
from pathlib import Path
root, folder = Path(sys.argv[1]), Path(sys.argv[2])
spec = importlib.util.spec_from_file_location(
    "map_refiner", root / "__init__.py", submodule_search_locations=[str(root)])
sys.modules["map_refiner"] = importlib.util.module_from_spec(spec)
import shapely
from map_refiner.models.errors import OutputError
from map_refiner.models.polygons.files import ClassPolygons, write_class_polygons
shapes = tuple(shapely.Point(n, n).buffer(0.4, quad_segs=40) for n in range(400))
found = ClassPolygons(shapes, ("a",) * 400, (0.5,) * 400, (1.0,) * 400)
said = []
for limit in (3_000, 200_000):
    resource.setrlimit(resource.RLIMIT_FSIZE, (limit, resource.RLIM_INFINITY))
    for name in ("p.gpkg", "p.shp", "p.geojson"):
        try:
            write_class_polygons([found], folder / name, "EPSG:32631")
        except OutputError as error:
            said.append(str(error))
print(json.dumps(said))
"""


@pytest.mark.skipif(sys.platform == "win32", reason="a limit on file sizes stands in for a full disk")
def test_a_full_disk_leaves_the_old_files_unchanged(tmp_path):
    names = ["p.geojson", "p.gpkg", "p.shp"]
    for name in names:
        (tmp_path / name).write_text("the old one")
    done = subprocess.run(
        [sys.executable, "-c", FULL_DISK, str(ROOT), str(tmp_path)], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    said = json.loads(done.stdout)
    assert len(said) == 6
    assert all("cannot be written" in sentence for sentence in said)
    assert sorted(path.name for path in tmp_path.iterdir()) == names
    assert all((tmp_path / name).read_text() == "the old one" for name in names)


def test_a_geopackage_keeps_its_other_layers(scores, tmp_path):
    existing = scores()
    path = tmp_path / "project.gpkg"
    found = vectorize(existing, PolygonOptions())
    write_class_polygons([found], tmp_path / "first.gpkg", existing.grid.crs)
    kind, _, shapes, fields = pyogrio.raw.read(tmp_path / "first.gpkg")
    for layer in ("parcels", "project"):
        pyogrio.raw.write(
            path,
            shapes[:2],
            [values[:2] for values in fields],
            kind["fields"],
            layer=layer,
            driver="GPKG",
            geometry_type="Polygon",
            crs=kind["crs"],
            append=layer == "project",
        )
    with closing(sqlite3.connect(path)) as editor:  # as in QGIS: an edit that is only in the log
        editor.execute("PRAGMA journal_mode=WAL")
        editor.execute("CREATE TABLE remarks AS SELECT 'mine' AS text")
        editor.commit()
        write_class_polygons([found], path, existing.grid.crs)
    assert {str(name) for name, _ in pyogrio.list_layers(path)} == {"parcels", "project", "remarks"}
    assert pyogrio.read_info(path, layer="project")["features"] == len(found.polygons)
    with closing(sqlite3.connect(path)) as reader:
        assert reader.execute("SELECT text FROM remarks").fetchall() == [("mine",)]


def test_another_database_is_kept(scores, tmp_path):
    existing, path = scores(), tmp_path / "p.gpkg"
    with closing(sqlite3.connect(path)) as database:
        database.execute("CREATE TABLE accounts AS SELECT 'mine' AS text")
    before = path.read_bytes()
    with pytest.raises(OutputError, match="is not a GeoPackage"):
        write_class_polygons([vectorize(existing, PolygonOptions())], path, existing.grid.crs)
    assert path.read_bytes() == before
    assert list(tmp_path.glob(".map_refiner_*")) == []


@pytest.mark.parametrize("crs", ["", 'LOCAL_CS["site",UNIT["metre",1]]'])
def test_geojson_needs_a_crs_on_earth(scores, tmp_path, crs):
    found = vectorize(scores(), PolygonOptions())
    with pytest.raises(OutputError, match="GeoJSON needs longitude and latitude"):
        write_class_polygons([found], tmp_path / "p.geojson", crs)
    assert list(tmp_path.glob("p*")) == []
