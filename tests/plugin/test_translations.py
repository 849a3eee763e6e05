"""The languages that ship: loaded as QGIS would, and true to the places that the texts are filled in at."""

import re
import xml.etree.ElementTree as ET
from pathlib import Path

import pytest
from map_refiner.plugin.dock import MapRefinerDock
from map_refiner.plugin.main import TRANSLATIONS
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


def test_the_dock_speaks_french(qgis_app):
    translator = QTranslator()
    assert translator.load(QLocale("fr_FR"), "map_refiner", "_", str(TRANSLATIONS))
    assert Path(TRANSLATIONS / "map_refiner_fr.qm").is_file()
    QCoreApplication.installTranslator(translator)
    try:
        dock = MapRefinerDock()
        assert dock.coarse.title() == "Carte grossière"
        assert dock.teach.train.text() == "Entraîner"
        assert "processus de calcul" in dock.footer.status.text()
        dock.deleteLater()
    finally:
        QCoreApplication.removeTranslator(translator)
    assert MapRefinerDock().coarse.title() == "Coarse Map"
