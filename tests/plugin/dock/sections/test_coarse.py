"""Training a coarse model from the dock: the rows of each kind, the proposed kind, and spectra as curves.

Modules that this file covers: plugin/dock/widgets/spectra.py.
"""

import json
import struct

import pytest
from map_refiner.models.shared import events as p
from map_refiner.models.shared.model_kinds import COARSE_KINDS
from map_refiner.plugin.dock.sections.coarse import CoarseSection
from map_refiner.plugin.dock.widgets.spectra import Spectra
from map_refiner.plugin.state import DockState, WorkerState
from qgis.core import QgsProject, QgsVectorLayer

SHOWN = p.SpectraShown(
    ("grass", "soil"),
    (12, 30),
    (1, 2, 5, 6),
    (450.0, 460.0, 900.0, 910.0),
    ((1.0, 2, 3, 4), (4.0, 3, 2, 1)),
    ((0.1,) * 4, (0.5,) * 4),
)


@pytest.fixture
def section(qgis_app, settle):
    section = CoarseSection()
    section.show()
    section.source.choose_key("vectors")
    yield section
    section.close()
    section.deleteLater()
    settle()


def choose(section, key):
    section.kind.setCurrentIndex(list(COARSE_KINDS).index(key))


def test_rows_follow_the_kind_and_the_labels(section):
    section.refresh(DockState(WorkerState.READY))
    assert section.kind.isVisible()
    assert section.buildings.isVisible()
    assert not section.samples.isVisible()
    assert not section.spectra.isVisible()
    choose(section, "gru-pretanh")
    assert section.samples.isVisible()
    assert section.spectra.isVisible()
    assert not section.spectra.isEnabled()
    assert not section.train.isEnabled()
    assert "bands" in section.about.text()
    layer = QgsVectorLayer("Point?field=class:string", "points", "memory")
    QgsProject.instance().addMapLayer(layer)
    section.labels.setLayer(layer)
    assert section.spectra.isEnabled()
    assert section.train.isEnabled()
    assert not section.buildings.isVisible()
    QgsProject.instance().removeMapLayer(layer)
    section.source.choose_key("scores")
    assert not section.kind.isVisible()
    assert not section.about.isVisible()


def test_the_coarse_kind_that_suits_the_bands_is_proposed(section, tmp_path):
    header = json.dumps({"__metadata__": {"format": "1", "card": json.dumps({"kind": "fcn", "bands": 3})}}).encode()
    path = tmp_path / "aerial.safetensors"
    path.write_bytes(struct.pack("<Q", len(header)) + header)
    section.source.add_file("Aerial", str(path))
    section.propose(3)
    assert (section.source.path(), section.chosen_kind().key) == (str(path), "unet-lite0")
    section.propose(218)
    assert (section.source.key(), section.chosen_kind().key) == ("vectors", "cnn-1d")
    section.propose(3)
    assert (section.source.path(), section.chosen_kind().key) == (str(path), "unet-lite0")
    section.source.choose_key("vectors")  # chosen by the analyst
    choose(section, "gru-tanh")
    section.kind.activated.emit(section.kind.currentIndex())
    section.propose(218)
    section.propose(3)
    assert (section.source.key(), section.chosen_kind().key) == ("vectors", "gru-tanh")


def test_spectra_are_drawn_and_broken_at_gaps(qgis_app):
    chart = Spectra()
    assert not chart.has_any
    lines = chart.sizeHint().height()
    chart.show_spectra(SHOWN)
    assert chart.has_any
    assert chart.sizeHint().height() > lines
    assert "grass (12)" in chart.toolTip()
    chart.resize(300, 200)
    image = chart.grab().toImage()
    colours = {image.pixelColor(x, y).name() for x in range(0, 300, 2) for y in range(0, 200, 2)}
    assert len(colours) > 4


def test_spectra_without_wavelengths_are_drawn_over_band_numbers(qgis_app):
    chart = Spectra()
    chart.show_spectra(p.SpectraShown(("background",), (1,), (3,), (), ((7.0,),), ((0.0,),)))
    chart.resize(120, 100)
    assert not chart.grab().isNull()
