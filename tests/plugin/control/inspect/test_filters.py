"""The filters of a refiner: kernels in a dialog, responses as layers next to the steps.

Modules that this file covers: plugin/dock/widgets/kernels.py, plugin/layers/filter_layers.py.
"""

import pytest
from map_refiner.models.shared.requests import ShowFilters
from map_refiner.plugin.dock.widgets.kernels import KernelDialog, Kernels, kernel_image
from map_refiner.plugin.layers.step_layer import RUN_PROPERTY
from map_refiner.plugin.layers.styles import diverging
from map_refiner.plugin.state import Task
from qgis.core import QgsProject
from qgis.PyQt.QtWidgets import QToolButton


@pytest.fixture
def shown(stepper, wait_until):
    """An analyst who has made two steps and requested the filters."""
    stepper.run_to(2)
    show(stepper, stepper.dock.refine.filters, wait_until)
    return stepper


def control(stepper):
    return stepper.plugin.controller.filters


def show(stepper, button, wait_until):
    stepper.click(button)
    stepper.wait()
    wait_until(control(stepper).layers.is_settled, 5, "the layers")


def filters_group():
    return next(group for group in QgsProject.instance().layerTreeRoot().findGroups(True) if group.name() == "Filters")


def test_responses_are_layers_in_the_group_of_the_run(shown):
    group = filters_group()
    assert group.parent().name() == "Refined: image"
    layers = [node.layer() for node in group.findLayers()]
    names = [layer.name() for layer in layers]
    assert len(names) == 8
    assert all(name.startswith("M ") and name.endswith(" on building · step 2") for name in names[:4])
    assert all(name.startswith("N ") for name in names[4:])
    for band, layer in enumerate(layers, start=1):
        assert layer.isValid()
        assert layer.customProperty(RUN_PROPERTY) == shown.run.name  # so that it is not offered as an image to refine
        renderer = layer.renderer()
        assert renderer.usesBands() == [band]
        assert renderer.classificationMin() == -renderer.classificationMax() < 0
    assert len({layer.renderer().classificationMax() for layer in layers}) == 8


def test_filters_and_steps_do_not_exclude_each_other(shown):
    group = filters_group()
    first = group.findLayers()[0].layer().name()
    assert shown.visible_layers() == [first, "Step 2 · classes"]
    shown.click(shown.dock.refine.back)
    assert shown.visible_layers() == [first, "Step 1 · classes"]
    shown.step()
    assert shown.visible_layers() == [first, "Step 2 · classes"]
    steps = {node.name(): node for node in group.parent().children()}
    steps["Step 1"].setItemVisibilityChecked(True)  # in the layer tree
    assert shown.run.shown == 1
    assert shown.visible_layers() == [first, "Step 1 · classes"]
    group.findLayers()[5].setItemVisibilityChecked(True)
    assert len(shown.visible_layers()) == 2
    control(shown).dialog.reject()
    assert shown.visible_layers() == ["Step 1 · classes"]


def test_filters_chosen_in_the_dialog_replace_the_first_ones(shown, wait_until):
    dialog = control(shown).dialog
    assert dialog.isVisible()
    assert len(dialog.scores.checked()) == len(dialog.image.checked()) == 4
    assert "step 3" in dialog.about.text()
    assert dialog.classes.currentText() == "building"
    for group, wanted in ((dialog.scores, (0, 31)), (dialog.image, ())):
        for number, each in enumerate(group.findChildren(QToolButton)):
            each.setChecked(number in wanted)
    dialog.classes.setCurrentIndex(2)
    show(shown, dialog.add, wait_until)
    names = [node.layer().name() for node in filters_group().findLayers()]
    assert names == ["M 1 on road · step 2", "M 32 on road · step 2"]
    assert dialog.scores.checked() == (0, 31)
    for each in dialog.scores.findChildren(QToolButton):
        each.setChecked(False)
    assert not dialog.add.isEnabled()


def test_the_shown_heat_map_selects_the_class(stepper):
    asked = []
    stepper.context.engine.send = lambda *requests: asked.extend(requests)
    stepper.dock.refine.kind.setCurrentIndex(3)
    stepper.click(stepper.dock.refine.filters)
    assert isinstance(asked[-1], ShowFilters)
    assert (asked[-1].class_index, asked[-1].step) == (2, 0)
    assert stepper.context.task is Task.FILTERS
    stepper.context.task = Task.NONE


def test_a_refiner_without_filters_disables_the_button_with_a_reason(stepper):
    refine = stepper.dock.refine
    assert refine.filters.isEnabled()
    refine.refiner.choose_key("crf")
    assert not refine.filters.isEnabled()
    assert "“Dense CRF” has no learned filters" in refine.filters.toolTip()
    refine.refiner.setCurrentIndex(0)
    assert refine.filters.isEnabled()
    assert "kernels" in refine.filters.toolTip()


def test_removed_layers_return_and_closing_the_project_closes_the_dialog(shown, wait_until, settle):
    project = QgsProject.instance()
    group = filters_group()
    group.parent().removeChildNode(group)
    show(shown, shown.dock.refine.filters, wait_until)
    assert len(filters_group().findLayers()) == 8
    project.clear()
    settle()
    assert not control(shown).dialog.isVisible()
    control(shown).dialog.reject()


def test_a_kernel_is_drawn_value_by_value(qgis_app):
    image = kernel_image((1.0, 0.0, -2.0, 0.0, 2.0, 0.0, 0.0, 0.0), 2, 2, pixel=3)
    assert (image.width(), image.height()) == (15, 6)

    def colour(x, y):
        return image.pixelColor(x, y)

    assert colour(1, 1) == diverging(0.5)
    assert colour(4, 1) == diverging(0)
    assert colour(1, 4) == diverging(-1)
    assert colour(7, 1).alpha() == 0  # between the bands
    assert colour(10, 1) == diverging(1)
    assert kernel_image((0.0,) * 4, 2).pixelColor(0, 0) == diverging(0)


def test_new_kernels_replace_those_in_the_dialog(qgis_app):
    dialog = KernelDialog()
    kernels = Kernels(((0.5,) * 4,) * 3, 2, 1, (1,))
    dialog.set_kernels(("a", "b"), 1, 0, kernels, kernels)
    dialog.set_kernels(("a", "b", "c"), 2, 4, kernels, Kernels(((0.5,) * 8,), 2, 2))
    assert dialog.scores.checked() == (1,)
    assert dialog.image.checked() == ()
    assert dialog.classes.count() == 3
    assert "2 Bands" in dialog.image.title()
    dialog.deleteLater()
