"""The widgets of the dock in isolation: signals out, setters in, and no control enabled that would fail.

Modules that this file covers: plugin/dock/sections/export.py, plugin/dock/sections/footer.py,
plugin/dock/sections/section.py, plugin/dock/sections/train.py, plugin/dock/widgets/band_edit.py,
plugin/dock/widgets/curve.py, plugin/dock/widgets/model_combo.py, plugin/dock/widgets/plot.py,
plugin/dock/widgets/step_chart.py, plugin/state.py.
"""

import json
import re
import struct

import pytest
from map_refiner.plugin.dock.dock import MapRefinerDock
from map_refiner.plugin.dock.widgets.band_edit import BandEdit
from map_refiner.plugin.dock.widgets.model_combo import ModelCombo
from map_refiner.plugin.dock.widgets.plot import readable, span
from map_refiner.plugin.layers.styles import class_colour
from map_refiner.plugin.state import DockState, StepAccuracy, StepFacts, Task, WorkerState
from map_refiner.plugin.wording import duration, milliseconds, percent
from qgis.core import QgsRasterLayer
from qgis.PyQt.QtCore import Qt
from qgis.PyQt.QtGui import QColor
from qgis.PyQt.QtWidgets import QAbstractButton, QFileDialog, QLabel, QScrollArea

STEPS = tuple(StepFacts(n, None if n == 0 else 0.018) for n in range(4))


@pytest.fixture
def dock(qgis_app, work_folder):
    dock = MapRefinerDock()
    font = dock.font()
    font.setPointSize(9)  # the usual size; the offscreen platform has a larger font
    dock.setFont(font)
    dock.refine.refiner.add_file("a refiner", "/r.safetensors")
    dock.show()
    yield dock
    dock.close()
    dock.deleteLater()


def enabled(dock, state):
    dock.refresh(state)
    refine = dock.refine
    buttons = {
        "back": refine.back,
        "step": refine.step,
        "play": refine.play,
        "run": refine.run,
        "slider": refine.slider,
    }
    return {name for name, button in buttons.items() if button.isEnabled()}


def test_the_proposed_brush_is_wider_than_a_pixel(dock):
    brush = dock.correct.brush
    dock.correct.propose_brush(0.5)
    dock.correct.propose_brush(None)
    assert brush.value() == 4
    dock.correct.propose_brush(30)
    assert brush.value() == 60


def test_classes_that_occur_together_have_distinct_colours():
    names = ("background", "low vegetation", "pavement", "roof", "soil", "tree", "water", "building", "road")
    colours = [class_colour(name, index).name() for index, name in enumerate(names) if index]
    assert len(set(colours)) == len(colours)


def test_coarser_levels_come_before_step_0(dock):
    ready = {"worker": WorkerState.READY, "classes": ("a", "b"), "steps": STEPS[:1], "levels": ("32x", "16x", "8x")}
    assert enabled(dock, DockState(**ready, shown=0)) == {"back", "step", "play", "run", "slider"}
    assert enabled(dock, DockState(**ready, shown=0, level=-3)) == {"step", "play", "run", "slider"}
    assert dock.refine.facts.text() == "Coarse 32x · lower resolution, for viewing only"
    assert (dock.refine.slider.minimum(), dock.refine.slider.value()) == (-3, -3)


def test_enabled_controls_follow_from_the_state(dock):
    dock.refine.end.setValue(5)
    ready = {"worker": WorkerState.READY, "classes": ("a", "b"), "steps": STEPS}
    assert enabled(dock, DockState()) == set()
    assert enabled(dock, DockState(**ready, shown=0)) == {"step", "play", "run", "slider"}
    assert enabled(dock, DockState(**ready, shown=2)) == {"back", "step", "play", "run", "slider"}
    assert enabled(dock, DockState(**ready, shown=2, task=Task.STEP)) == set()
    assert enabled(dock, DockState(**ready, shown=2, task=Task.STEP, playing=True)) == {"play"}
    assert enabled(dock, DockState(**ready, shown=2, task=Task.TRAIN_REFINER)) == {"back", "slider"}
    dock.refine.end.setValue(3)
    assert enabled(dock, DockState(**ready, shown=3)) == {"back", "step", "slider"}
    assert dock.refine.run.toolTip().startswith("The end step has been reached")
    assert dock.refine.step.toolTip() == dock.refine.step.accessibleDescription()
    dock.refresh(DockState(worker=WorkerState.READY))
    assert dock.refine.step.toolTip().startswith("Make a coarse map first.")
    assert dock.export.report.toolTip().startswith("Make a coarse map first.")
    dock.refresh(DockState(**ready, shown=3))
    assert dock.train.train.toolTip().startswith("Choose labels first")
    assert dock.export.polygons.toolTip().startswith("Choose a file first.")
    for worker in (WorkerState.DEAD, WorkerState.MISSING, WorkerState.STARTING, WorkerState.SILENT):
        assert enabled(dock, DockState(**{**ready, "worker": worker}, shown=2)) == {"back", "slider"}


def test_the_shown_step_is_described(dock):
    dock.refresh(DockState(worker=WorkerState.READY, classes=("a", "b"), steps=STEPS, shown=3))
    assert dock.refine.facts.text() == "Step 3 · 1.8 % of pixels changed"
    assert dock.refine.slider.maximum() == 3
    assert dock.refine.slider.value() == 3
    assert [dock.refine.kind.itemText(n) for n in range(3)] == ["Classes", "Heat Map of a", "Heat Map of b"]


def test_the_facts_report_when_further_steps_no_longer_help(dock):
    accuracy = [StepAccuracy(0.9, value) for value in (0.5, 0.7, 0.6)]
    steps = tuple(StepFacts(n, 0.02 if n else None, accuracy[n], 1) for n in range(3))
    ready = {"worker": WorkerState.READY, "classes": ("a", "b"), "steps": steps}
    dock.refresh(DockState(**ready, shown=1))
    assert "no longer help" not in dock.refine.facts.text()
    dock.refresh(DockState(**ready, shown=2))
    first, second = dock.refine.facts.text().split("\n")
    assert first == "Step 2 · 2.0 % of pixels changed"
    assert second.startswith("Further steps no longer help: ")
    assert "higher at step 1 (0.700, here 0.600)" in second
    assert "gains little after step 1" in second
    assert dock.refine.step.isEnabled()


def test_collapsed_sections_show_no_labels_or_chart(dock, settle):
    refine = dock.refine
    refine.setCollapsed(True)
    dock.refresh(DockState(worker=WorkerState.READY, classes=("a", "b", "c"), steps=measured_steps(), shown=1))
    dock.coarse.setCollapsed(True)
    dock.coarse.source.choose_key("vectors")
    settle()
    for section in (refine, dock.coarse):
        shown = [label for label in section.findChildren(QLabel) if label.isVisible()]
        assert not shown
    assert not refine.chart.isVisible()
    refine.setCollapsed(False)
    settle()
    assert refine.chart.isVisible()
    assert refine.facts.text().startswith("Step 1")
    dock.refresh(DockState())
    assert not refine.chart.isVisible()
    dock.coarse.setCollapsed(False)
    settle()
    assert dock.coarse.buildings.isVisible()
    assert not dock.coarse.scores.isVisible()


def measured_steps():
    near = ((0.2, 0.3, None), (0.3, 0.4, None), None)
    figures = (
        StepAccuracy(0.9, 0.5, (0.9, 0.1, None), near[0]),
        StepAccuracy(0.95, 0.7, (0.9, 0.5, None), near[1]),
        None,
    )
    return tuple(StepFacts(n, 0.02 if n else None, figures[n]) for n in range(3))


def test_the_accuracy_of_each_step_is_listed(dock):
    state = DockState(worker=WorkerState.READY, classes=("a", "building", "c"), steps=measured_steps(), shown=1)
    dock.refresh(state)
    rows = dock.refine.history.text().split("<tr>")[1:]
    cells = [re.findall(r">([^<>&]+)(?:&nbsp;|</b>)", row) for row in rows]
    assert cells == [
        ["Step", "Changed", "Mean IoU", "Boundary IoU"],
        ["0", "-", "0.500", "0.250"],
        ["1", "2.0 %", "0.700", "0.350"],
        ["2", "2.0 %", "-", "-"],
    ]


def test_the_chart_shows_the_evaluated_steps_with_a_legend(dock):
    chart = dock.refine.chart
    dock.refresh(DockState(worker=WorkerState.READY, classes=("a", "b"), steps=STEPS, shown=1))
    assert not chart.isVisibleTo(dock)
    state = DockState(worker=WorkerState.READY, classes=("a", "building", "c"), steps=measured_steps(), shown=1)
    dock.refresh(state)
    assert chart.isVisibleTo(dock)
    assert [series.name for series in chart.series] == [
        "Accuracy",
        "Mean IoU",
        "Boundary",
        "a",
        "building",
    ]
    assert chart.series[2].points() == [(0, pytest.approx(0.25)), (1, pytest.approx(0.35))]
    assert "Mean IoU 0.700" in chart.accessibleDescription()
    chart.resize(280, chart.sizeHint().height())
    assert orange_pixels(chart.grab().toImage())  # the line of the building class
    dock.refresh(DockState(worker=WorkerState.READY, classes=("a", "b", "c"), steps=measured_steps(), shown=2))
    assert "Mean IoU -" in chart.accessibleDescription()
    assert not orange_pixels(chart.grab().toImage())


def orange_pixels(image):
    colours = (image.pixelColor(x, y) for x in range(image.width()) for y in range(image.height()))
    return [colour for colour in colours if colour.red() > 180 and colour.green() < 140 and colour.blue() < 80]


def test_chart_lines_are_readable_and_the_range_contains_all_values(qgis_app):
    white, black = QColor("white"), QColor("black")
    assert readable(QColor("#0072b2"), white) == QColor("#0072b2")
    assert readable(QColor("#f0e442"), white).lightness() < QColor("#f0e442").lightness()
    assert readable(QColor("#101010"), black) != QColor("#101010")
    assert span([0.2, 0.9]) == (0.2, 0.9)
    low, high = span([0.7])
    assert (low, high) == (pytest.approx(0.675), pytest.approx(0.725))


def test_training_free_kinds_can_be_chosen_and_are_described(dock):
    refiner = dock.refine.refiner
    names = [refiner.itemText(index) for index in range(refiner.count())]
    assert names == [
        "a refiner",
        "Dense CRF",
        "Heat flow",
        "Perona-Malik",
        "Anisotropic diffusion",
        "Geodesic contour",
        "Opinion pool",
        "From File…",
    ]
    assert refiner.choice() == refiner.path() == "/r.safetensors"
    refiner.setCurrentIndex(2)
    assert (refiner.choice(), refiner.path()) == ("heat", "")
    assert "by heat flow" in refiner.itemData(2, Qt.ItemDataRole.ToolTipRole)
    dock.refresh(DockState(worker=WorkerState.READY, classes=("a", "b"), steps=STEPS, shown=0))
    assert dock.refine.step.isEnabled()
    assert not dock.train.save.isEnabled()  # no file to save
    refiner.setCurrentIndex(refiner.count() - 1)
    assert refiner.choice() == ""
    assert not dock.refine.step.isEnabled()


def test_the_kind_to_train_is_described(dock):
    train = dock.train
    assert [train.kind.itemText(index) for index in range(2)] == ["Extended", "Faithful"]
    assert train.chosen_kind() == "extended"
    train.kind.setCurrentIndex(train.kind.findData("geodesic"))
    assert train.chosen_kind() == "geodesic"
    assert "outlines" in train.about.text()
    dock.refresh(DockState(worker=WorkerState.BUSY, task=Task.TRAIN_REFINER))
    assert not train.kind.isEnabled()


def test_an_end_step_is_proposed_until_the_analyst_sets_one(dock):
    refine = dock.refine
    refine.propose_end(4)
    assert refine.end.value() == 4
    refine.propose_end(3)
    assert refine.end.value() == 3
    refine.end.setValue(7)
    refine.propose_end(2)
    assert refine.end.value() == 7


def test_showing_a_state_emits_no_requests(dock):
    asked = []
    refine = dock.refine
    for signal in (refine.step_chosen, refine.kind_chosen, refine.step_requested, refine.play_toggled):
        signal.connect(lambda *_: asked.append(True))
    dock.refresh(DockState(worker=WorkerState.READY, classes=("a", "b"), steps=STEPS, shown=3))
    dock.refresh(DockState(worker=WorkerState.READY, classes=("a", "b", "c"), steps=STEPS[:2], shown=1, playing=True))
    dock.refresh(DockState())
    assert not asked


def test_the_footer_shows_the_worker_state_and_the_available_buttons(dock):
    footer = dock.footer

    def shown(state):
        dock.refresh(state)
        ways = {"cancel": footer.cancel, "restart": footer.restart, "options": footer.options}
        return {name for name, button in ways.items() if button.isVisible()}

    assert shown(DockState()) == set()
    assert shown(DockState(worker=WorkerState.MISSING)) == {"options"}
    assert shown(DockState(worker=WorkerState.DEAD)) == {"restart"}
    assert shown(DockState(worker=WorkerState.SILENT, task=Task.STEP)) == {"cancel", "restart"}
    assert shown(DockState(worker=WorkerState.BUSY, task=Task.STEP)) == {"cancel"}
    footer.set_device("NVIDIA H200")
    footer.set_milliseconds(14.2)
    shown(DockState(worker=WorkerState.READY))
    assert footer.status.text() == "NVIDIA H200 · step 14 ms"
    footer.set_progress(0.25, "Refining", 90)
    assert footer.bar.value() == 250
    assert footer.text.text() == "Refining · 2 min left"


def test_the_dock_fits_into_300_pixels(dock):
    scroll = dock.findChild(QScrollArea)
    room = 300 - scroll.verticalScrollBar().sizeHint().width()
    assert dock.footer.minimumSizeHint().width() <= 300
    for key in ("vectors", "scores"):
        dock.coarse.source.choose_key(key)
        dock.scene.area.setCurrentIndex(2)
        assert scroll.widget().minimumSizeHint().width() <= room


def test_every_button_has_a_tooltip_and_no_label_ends_with_a_colon(dock):
    for section in dock.sections:
        own = [button for button in section.findChildren(QAbstractButton) if button.parent() is not section]
        for button in own:
            if button.text() and not button.objectName().startswith(("qt_", "collapse")):
                assert button.toolTip(), button.text()
        for label in section.findChildren(QLabel):
            assert not label.text().endswith(":")


def test_bands_are_selected_in_the_order_of_the_clicks(qgis_app, write_raster, tmp_path):
    import numpy as np

    layer = QgsRasterLayer(str(write_raster(tmp_path / "four.tif", np.ones((4, 5, 5)))), "four")
    edit, edits = BandEdit(), []
    edit.edited.connect(lambda: edits.append(edit.text()))
    edit.set_layer(layer, (1, 2, 3))
    assert edit.text() == "1, 2, 3"
    edit.menu.aboutToShow.emit()
    actions = edit.menu.actions()
    assert [action.isChecked() for action in actions] == [True, True, True, False]
    actions[0].trigger()
    actions[3].trigger()
    assert edits == ["2, 3", "2, 3, 4"]


def test_models_are_added_from_files_and_a_cancelled_dialog_changes_nothing(qgis_app, monkeypatch):
    combo = ModelCombo((("Other", "other"),))
    combo.add_file("Shipped", "/shipped.safetensors")
    combo.add_file("Mine", "/mine.safetensors", choose=False)
    assert (combo.path(), combo.key()) == ("/shipped.safetensors", "")
    answers = [("", ""), ("/some/new_one.safetensors", "")]
    monkeypatch.setattr(QFileDialog, "getOpenFileName", lambda *_: answers.pop(0))
    for expected in ("/shipped.safetensors", "/some/new_one.safetensors"):
        combo.setCurrentIndex(combo.count() - 1)
        combo.activated.emit(combo.count() - 1)
        assert combo.path() == expected
    assert combo.currentText() == "new_one"
    combo.choose_key("other")
    assert (combo.path(), combo.key()) == ("", "other")


def test_several_scales_are_offered_only_for_models_that_have_them(dock, tmp_path):
    coarse, asked = dock.coarse, []
    coarse.classify_requested.connect(lambda *given: asked.append(given[1]))
    for kind, offered in (("lrr", True), ("fcn", False), ("lrr", True)):
        header = json.dumps({"__metadata__": {"format": "1", "card": json.dumps({"kind": kind})}}).encode()
        path = tmp_path / f"{kind}.safetensors"
        path.write_bytes(struct.pack("<Q", len(header)) + header)
        coarse.source.add_file(kind, str(path))
        dock.refresh(DockState(worker=WorkerState.READY))
        assert coarse.scales.isVisible() == offered
        coarse.classify.click()
        coarse.scales.setChecked(True)
    assert asked == [False, False, True]


def test_numbers_are_formatted_for_display():
    assert [percent(value) for value in (0, 0.018, 0.0004, 0.5)] == ["0.0 %", "1.8 %", "0.04 %", "50.0 %"]
    assert [duration(value) for value in (0.2, 59, 90, 7260)] == ["1 s", "59 s", "2 min", "2 h 1 min"]
    assert [milliseconds(value) for value in (14.4, 1234)] == ["14 ms", "1.2 s"]
