"""The languages that ship: loaded as QGIS would, and true to the places that the texts are filled in at.

Modules that this file covers: plugin/wording.py.
"""

import re
import xml.etree.ElementTree as ET
from pathlib import Path

import numpy as np
import pytest
from map_refiner.models.shared.events import Stepped
from map_refiner.plugin.dock.dock import MapRefinerDock
from map_refiner.plugin.layers.step_layer import open_step
from map_refiner.plugin.main import TRANSLATIONS
from osgeo import gdal
from qgis.PyQt.QtCore import QCoreApplication, QLocale, QTranslator

FILES = sorted(TRANSLATIONS.glob("*.ts"))


def places(text):
    """List what is filled in: order and format count."""
    return re.findall(r"\{[^}]*\}", text)


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_translations_keep_what_is_filled_in(path):
    messages = list(ET.parse(path).getroot().iter("message"))
    assert len(messages) > 100
    for message in messages:
        source, translation = message.findtext("source"), message.findtext("translation") or ""
        if translation:
            assert places(source) == places(translation), source
            assert source.count("<i>") == translation.count("<i>") == translation.count("</i>"), source
            assert source.startswith(" ") == translation.startswith(" "), source


@pytest.fixture
def in_french(qgis_app):
    translator = QTranslator()
    assert translator.load(QLocale("fr_FR"), "map_refiner", "_", str(TRANSLATIONS))
    assert Path(TRANSLATIONS / "map_refiner_fr.qm").is_file()
    QCoreApplication.installTranslator(translator)
    yield translator
    QCoreApplication.removeTranslator(translator)


@pytest.mark.usefixtures("in_french")
def test_layers_of_steps_are_named_in_french(tmp_path, write_raster):
    scores = write_raster(tmp_path / "scores.tif", np.zeros((2, 4, 5), np.float32))
    classes = write_raster(tmp_path / "classes.tif", np.zeros((1, 4, 5), np.uint8), kind=gdal.GDT_Byte)
    step = Stepped(3, str(scores), str(classes), ("background", "road"), 0.1, 1.0)
    assert [open_step(step, kind).name() for kind in (0, 2)] == ["Pas 3 · classes", "Pas 3 · road"]


def test_the_dock_speaks_french(in_french):
    try:
        dock = MapRefinerDock()
        assert dock.coarse.title() == "Carte grossière"
        assert dock.train.train.text() == "Entraîner"
        assert "processus de calcul" in dock.footer.status.text()
        dock.deleteLater()
    finally:
        QCoreApplication.removeTranslator(in_french)
    assert MapRefinerDock().coarse.title() == "Coarse Map"
