"""The demo scene: the truth matches the pixels, the map's errors are as documented, and files are complete."""

import numpy as np
import pyogrio
import pytest
import rasterio
import shapely
from click.testing import CliRunner
from map_refiner.demo_scene import files, scene
from map_refiner.demo_scene.__main__ import main
from map_refiner.demo_scene.lattice import Lattice
from map_refiner.models.errors import OutputError
from rasterio.features import rasterize

SIZE, SEED = 400, 3


@pytest.fixture(scope="module")
def drawn():
    return scene.draw(SIZE, SEED)


@pytest.fixture(scope="module")
def written(drawn, tmp_path_factory):
    return files.save(drawn, tmp_path_factory.mktemp("demo"))


def layer(path):
    meta, _, wkb, values = pyogrio.raw.read(path)
    return meta, shapely.from_wkb(wkb), dict(zip(meta["fields"], values, strict=True))


def test_the_same_seed_draws_the_same_scene(drawn):
    again = scene.draw(SIZE, SEED)
    assert np.array_equal(again.image, drawn.image)
    assert (again.buildings, again.roads) == (drawn.buildings, drawn.roads)
    assert (again.osm_buildings, again.osm_roads) == (drawn.osm_buildings, drawn.osm_roads)


def test_another_seed_draws_another_town(drawn):
    other = scene.draw(SIZE, SEED + 1)
    assert np.abs(other.image.astype(int) - drawn.image).mean() > 10
    assert len(other.buildings) != len(drawn.buildings)


def test_the_image_has_contrast_and_is_not_overexposed(drawn):
    assert drawn.image.shape == (SIZE, SIZE, 3)
    assert drawn.image.dtype == np.uint8
    assert drawn.image.min() >= 1  # 0 is NoData
    assert 60 < drawn.image.mean() < 150
    assert drawn.image.std() > 25
    assert (drawn.image == 255).mean() < 0.01


@pytest.mark.parametrize("size", [64, 257])
def test_odd_and_small_sizes_are_drawn(size):
    assert scene.draw(size, 1).image.shape == (size, size, 3)


def test_polygons_are_valid_and_do_not_overlap(drawn):
    whole = [*drawn.buildings, *drawn.roads, *drawn.osm_buildings]
    assert len(drawn.buildings) > 30
    assert drawn.roads
    assert all(isinstance(p, shapely.Polygon) and p.is_valid and not p.is_empty for p in whole)
    roads = shapely.union_all(drawn.roads)
    assert max(b.intersection(roads).area for b in drawn.buildings) < 1e-6
    tree = shapely.STRtree(drawn.buildings)
    one, two = tree.query(drawn.buildings, predicate="intersects")
    pairs = [(drawn.buildings[i], drawn.buildings[j]) for i, j in zip(one, two, strict=True) if i < j]
    assert max((a.intersection(b).area for a, b in pairs), default=0.0) < 1e-6


def test_the_truth_lies_inside_the_scene(drawn):
    frame = drawn.outline.buffer(1e-6)
    assert all(frame.contains(p) for p in (*drawn.buildings, *drawn.roads))
    assert drawn.outline.area == pytest.approx((SIZE * 0.5) ** 2)


def edges(image):
    """Return the gradient magnitude of the grey value at each pixel."""
    rows, cols = np.gradient(image.mean(-1).astype(float))
    return np.hypot(rows, cols)


def test_the_truth_matches_the_image_edges(drawn):
    """Outlines of buildings run along image edges; shifted outlines do not."""
    steep = edges(drawn.image)
    x0, y0 = drawn.transform[2], drawn.transform[5]

    def along(shift_m):
        lines = [b.exterior for b in drawn.buildings]
        at = np.concatenate([shapely.get_coordinates(shapely.segmentize(line, 0.5)) for line in lines])
        cols, rows = ((at[:, 0] + shift_m - x0) / 0.5).astype(int), ((y0 - at[:, 1]) / 0.5).astype(int)
        seen = (cols >= 0) & (cols < SIZE) & (rows >= 0) & (rows < SIZE)
        return steep[rows[seen], cols[seen]].mean()

    assert along(0) > 1.3 * along(2.0)
    assert along(0) > 1.3 * along(-2.0)
    assert along(0) > 1.5 * steep.mean()


def test_the_label_raster_agrees_with_the_truth_polygons(drawn, written):
    _, shapes, fields = layer(written.truth)
    assert set(fields["class"]) == {"building", "road", "tile"}
    assert list(fields["class"]).count("tile") == 1
    with rasterio.open(written.labels) as labels:
        found = labels.read(1)
        assert labels.crs.to_epsg() == 32631
        assert labels.dtypes == ("uint8",)
        transform = labels.transform
    pairs = [(s, {"road": 2, "building": 1}[c]) for s, c in zip(shapes, fields["class"], strict=True) if c != "tile"]
    burnt = rasterize(pairs, out_shape=found.shape, transform=transform, dtype="uint8")
    assert np.array_equal(found, burnt)
    assert 0.05 < (found == 1).mean() < 0.6
    assert 0.03 < (found == 2).mean() < 0.4
    assert set(np.unique(found)) == {0, 1, 2}


def test_the_scene_has_a_crs_and_half_metre_pixels(drawn, written):
    with rasterio.open(written.scene) as raster:
        assert raster.crs.to_epsg() == 32631
        assert raster.res == (0.5, 0.5)
        assert raster.profile["tiled"]
        assert np.array_equal(raster.read().transpose(1, 2, 0), drawn.image)
        assert raster.dataset_mask().all()
    for path in (written.truth, written.tile, written.osm_buildings, written.osm_roads):
        assert layer(path)[0]["crs"] == "EPSG:32631"


def test_the_map_omits_and_shifts_buildings_as_documented(written):
    _, mapped, _ = layer(written.osm_buildings)
    _, shapes, fields = layer(written.truth)
    truth = shapes[fields["class"] == "building"]
    assert 0.10 <= 1 - len(mapped) / len(truth) <= 0.30
    at = shapely.centroid(truth)
    nearest = shapely.STRtree(at).nearest(shapely.centroid(mapped))
    assert 1.0 <= np.median(shapely.distance(shapely.centroid(mapped), at[nearest])) <= 4.0
    assert shapely.is_valid(mapped).all()


def test_the_mapped_roads_follow_the_true_roads(drawn, written):
    meta, lines, fields = layer(written.osm_roads)
    assert meta["geometry_type"] == "LineString"
    assert {"highway", "width_m"} <= set(fields)
    assert (fields["width_m"] >= 2.5).all()
    assert (fields["width_m"] <= 14).all()
    roads = shapely.union_all(drawn.roads)
    total = shapely.length(lines).sum()
    assert shapely.length(shapely.intersection(lines, roads.buffer(1.0))).sum() > 0.95 * total
    covered = shapely.union_all(shapely.buffer(lines, fields["width_m"] / 2)).intersection(roads).area
    assert 0.6 * roads.area < covered < 0.99 * roads.area  # slightly shifted, and some missing


def test_the_tile_is_pixel_aligned_and_has_all_labels_inside(tmp_path):
    drawn = scene.draw(700, SEED)
    written = files.save(drawn, tmp_path)
    _, shapes, fields = layer(written.tile)
    (tile,) = shapes[fields["class"] == "tile"]
    assert tile.area == pytest.approx(256.0**2)
    x0, y0, _, _ = tile.bounds
    assert (x0 - drawn.transform[2]) % 0.5 == 0
    assert (y0 - drawn.transform[5]) % 0.5 == 0
    for name, areas in (("building", drawn.buildings), ("road", drawn.roads)):
        inside = sum(a.intersection(tile).area for a in areas)
        assert inside > 0
        assert shapely.area(shapes[fields["class"] == name]).sum() == pytest.approx(inside, rel=0.01)
    assert all(tile.buffer(1e-6).contains(s) for s in shapes)


def test_an_invalid_folder_leaves_no_files(drawn, tmp_path):
    (tmp_path / "taken").write_text("a file")
    with pytest.raises(OutputError, match="cannot be written"):
        files.save(drawn, tmp_path / "taken")
    assert [p.name for p in tmp_path.iterdir()] == ["taken"]


def test_a_failed_write_leaves_no_files(drawn, tmp_path, monkeypatch):
    def full(*_, **__):
        raise OSError("no space left on device")

    monkeypatch.setattr(files.pyogrio.raw, "write", full)
    with pytest.raises(OutputError, match="no space left"):
        files.save(drawn, tmp_path)
    assert list(tmp_path.iterdir()) == []


def test_lattice_masks_equal_those_of_rasterio():
    ring = shapely.Point(30.3, 28.1).buffer(20.7).difference(shapely.Point(33, 25).buffer(6.2))
    area = shapely.union_all([ring, shapely.box(51, 40, 70, 90)])
    lattice = Lattice(120, 0.5)
    window = lattice.window(area.bounds)
    found = np.zeros((120, 120), bool)
    found[window.slices] = lattice.inside(area, window)
    expected = rasterize([(area, 1)], out_shape=(120, 120), transform=rasterio.Affine(0.5, 0, 0, 0, 0.5, 0))
    assert np.array_equal(found, expected.astype(bool))


def test_the_command_writes_all_files_and_refuses_a_bad_folder(tmp_path):
    done = CliRunner().invoke(main, [str(tmp_path / "new" / "demo"), "--size", "96", "--seed", "2"])
    assert done.exit_code == 0, done.output
    names = {"scene.tif", "truth.gpkg", "tile.gpkg", "truth.tif", "osm_buildings.gpkg", "osm_roads.gpkg"}
    assert {p.name for p in (tmp_path / "new" / "demo").iterdir()} == names
    (tmp_path / "file").write_text("")
    refused = CliRunner().invoke(main, [str(tmp_path / "file" / "demo"), "--size", "64"])
    assert refused.exit_code == 2
    assert "cannot be written" in refused.output
