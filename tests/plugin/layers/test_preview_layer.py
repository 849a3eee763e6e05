"""Step previews on the map: shown first, removed when the step arrives or fails.

Modules that this file covers: plugin/layers/step_layer.py.
"""

import pytest
from map_refiner.models.shared.events import Previewed, Stepped
from map_refiner.plugin.layers.step_layer import PREVIEW, RUN_PROPERTY
from osgeo import gdal
from qgis.core import QgsCoordinateReferenceSystem, QgsProject, QgsRectangle

PART = QgsRectangle(500_040, 3_999_930, 500_090, 3_999_970)  # a ninth of the scene


def previews():
    layers = QgsProject.instance().mapLayers().values()
    return [layer.name() for layer in layers if layer.customProperty(RUN_PROPERTY) and layer.customProperty(PREVIEW)]


@pytest.fixture
def seen(stepper):
    """The visible layers at each preview and each step, as soon as it arrives."""
    stepper.plugin.iface.canvas.setExtent(PART)
    seen = []

    def look(event):
        if isinstance(event, (Previewed, Stepped)):
            seen.append((type(event).__name__, event.index, stepper.visible_layers()))

    stepper.context.engine.received.connect(look)
    return seen


def test_a_preview_is_shown_until_the_step_arrives(stepper, seen):
    stepper.dock.refine.kind.setCurrentIndex(2)
    stepper.run_to(2)
    assert seen == [
        ("Previewed", 1, ["Step 1 · building (preview)"]),
        ("Stepped", 1, ["Step 1 · building"]),
        ("Previewed", 2, ["Step 2 · building (preview)"]),
        ("Stepped", 2, ["Step 2 · building"]),
    ]
    assert stepper.visible_layers() == ["Step 2 · building"]
    assert not previews()
    assert stepper.groups()["Refined: image"] == ["Step 0 (Coarse Map)", "Step 1", "Step 2"]


def test_the_preview_covers_the_view_in_another_crs_too(stepper, seen):
    canvas = stepper.plugin.iface.canvas
    canvas.setDestinationCrs(QgsCoordinateReferenceSystem("EPSG:3857"))
    place = []
    stepper.context.engine.received.connect(
        lambda event: place.append(gdal.Open(event.path)) if isinstance(event, Previewed) else None
    )
    view = stepper.context.view().in_crs(stepper.run.extent.crs)
    stepper.step()
    (raster,) = place
    left, size, _, top, _, _ = raster.GetGeoTransform()
    assert left == pytest.approx(view.xMinimum(), abs=size)
    assert top == pytest.approx(view.yMaximum(), abs=size)
    assert left + size * raster.RasterXSize == pytest.approx(view.xMaximum(), abs=size)


def test_a_cancelled_step_keeps_the_previous_one(stepper, seen, wait_until):
    def cancel(event):
        if isinstance(event, Previewed) and event.index == 3:
            stepper.click(stepper.dock.footer.cancel)

    stepper.context.engine.received.connect(cancel)
    stepper.run_to(60)
    assert 2 <= stepper.run.last < 60
    assert stepper.visible_layers() == [f"Step {stepper.run.last} · classes"]
    assert not previews()
    stepper.step()  # stepping continues
    assert stepper.visible_layers() == [f"Step {stepper.run.last} · classes"]


def test_a_worker_that_dies_leaves_no_preview(stepper, seen, wait_until):
    def end(event):
        if isinstance(event, Previewed) and event.index == 2:
            stepper.context.engine._process.kill()

    stepper.context.engine.received.connect(end)
    stepper.run_to(60)
    assert not previews()
    assert stepper.visible_layers() == [f"Step {stepper.run.shown} · classes"]


def test_selecting_another_step_meanwhile_replaces_the_preview(stepper, seen):
    root = QgsProject.instance().layerTreeRoot()
    looked = []

    def look_back(event):
        if isinstance(event, Previewed):
            group = next(group for group in root.findGroups(True) if group.name() == "Step 0 (Coarse Map)")
            group.setItemVisibilityChecked(True)
            looked.append(stepper.visible_layers())

    stepper.context.engine.received.connect(look_back)
    stepper.step()
    assert looked == [["Step 0 · classes"]]
    assert stepper.visible_layers() == ["Step 1 · classes"]


def test_previews_continue_while_filters_are_shown(stepper, seen):
    stepper.context.layers.group_of(stepper.run.name)  # as the filters do: after this, only steps exclude each other
    stepper.step()
    assert seen == [("Previewed", 1, ["Step 1 · classes (preview)"]), ("Stepped", 1, ["Step 1 · classes"])]
