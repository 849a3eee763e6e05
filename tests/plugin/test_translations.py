"""The shipped translations: loaded as QGIS does, with the placeholders of their source texts.

Modules that this file covers: plugin/wording.py.
"""

import re
import xml.etree.ElementTree as ET
from pathlib import Path

import numpy as np
import pytest
from map_refiner.models.shared.events import Stepped
from map_refiner.models.shared.text import text
from map_refiner.plugin.dock.dock import MapRefinerDock
from map_refiner.plugin.layers.step_layer import open_step
from map_refiner.plugin.main import TRANSLATIONS
from map_refiner.plugin.wording import worker_text, worker_texts
from osgeo import gdal
from qgis.PyQt.QtCore import QCoreApplication, QLocale, QTranslator

FILES = sorted(TRANSLATIONS.glob("*.ts"))


def places(text):
    """List the placeholders; named ones are sorted, because a translation may change their order."""
    found = re.findall(r"\{[^}]*\}", text)
    return sorted(found) if all(re.match(r"\{[a-z_]", place) for place in found) else found


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_translations_keep_the_placeholders(path):
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
def test_step_layers_are_named_in_french(tmp_path, write_raster):
    scores = write_raster(tmp_path / "scores.tif", np.zeros((2, 4, 5), np.float32))
    classes = write_raster(tmp_path / "classes.tif", np.zeros((1, 4, 5), np.uint8), kind=gdal.GDT_Byte)
    step = Stepped(3, str(scores), str(classes), ("background", "road"), 0.1, 1.0)
    assert [open_step(step, kind).name() for kind in (0, 2)] == ["Pas 3 · classes", "Pas 3 · road"]


def test_the_dock_is_translated_into_french(in_french):
    try:
        dock = MapRefinerDock()
        assert dock.coarse.title() == "Carte grossière"
        assert dock.train.train.text() == "Entraîner"
        assert dock.footer.status.text() == "Prêt."
        dock.deleteLater()
    finally:
        QCoreApplication.removeTranslator(in_french)
    assert MapRefinerDock().coarse.title() == "Coarse Map"


@pytest.mark.usefixtures("in_french")
def test_worker_messages_are_shown_in_french():
    refusal = text("There is no step {step}; the last one is {number}.", step=7, number=2)
    assert worker_text(refusal) == "Le pas 7 n'existe pas ; le dernier est 2."
    assert worker_text("Evaluating the accuracy") == "Évaluation de la précision"
    assert worker_text(text("not in {x}", x="{the} catalogue")) == "not in {the} catalogue"
    notices = text("There is no polygon to write: the map is background everywhere."), text("not in the catalogue")
    assert worker_texts(notices).startswith("Il n'y a")
    assert worker_texts(notices).endswith(" not in the catalogue")
