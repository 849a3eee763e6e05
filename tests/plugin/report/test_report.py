"""The report: its page and table, hostile names, complete files or none, and one report through the dock.

Modules that this file covers: plugin/control/report.py, plugin/report/page.py, plugin/report/task.py.
"""

import base64
import csv
import io
import re
import xml.etree.ElementTree as ET
from dataclasses import replace
from pathlib import Path

import pytest
from map_refiner.plugin.errors import UserCancelled, UserError
from map_refiner.plugin.report.page import page
from map_refiner.plugin.report.report import TABLE_COLUMNS, Picture, ReportStep, RunReport, table, write
from map_refiner.plugin.report.task import ReportTask
from map_refiner.plugin.state import StepAccuracy
from qgis.core import QgsCoordinateTransformContext
from qgis.PyQt.QtCore import QObject, QUrl, pyqtSlot
from qgis.PyQt.QtGui import QDesktopServices, QImage
from qgis.PyQt.QtWidgets import QFileDialog, QMessageBox

HOSTILE = '<script>alert("1")</script>&amp;\'"'
CONFUSION = ((90, 4, 6), (1, 30, 2), (0, 0, 0))
MEASURED = StepAccuracy(0.9023, 0.7654, (0.8911, 0.6397, None), (0.2111, 0.3222, None), CONFUSION)
REPORT = RunReport(
    title="scene",
    made="2026-01-02 03:04",
    scene=(("File", "/a/b.tif"), ("CRS", "EPSG:32633")),
    models=(("Refiner", "Faithful"),),
    classes=("background", "building", "road"),
    colours=("#333333", "#d55e00", "#f0e442"),
    steps=(ReportStep(0, "Aerial"), ReportStep(1, "Faithful", 0.01234, MEASURED), ReportStep(2, "Faithful", 0.005)),
    shown=1,
    pixels=(1000, 30_000, 9000),
    pixel_m2=0.25,
    pictures=(Picture("Step 1", b"not really a picture"),),
)


def tables(report):
    """Return the root and the tables of a page as rows of texts; parsing checks that its tags are balanced."""
    text = page(report, "figures.csv").replace("<!DOCTYPE html>", "").replace("&emsp;", " ")
    text = re.sub(r"<((?:meta|img) [^>]*)>", r"<\1/>", text)
    body = ET.fromstring(text)
    rows = [[["".join(cell.itertext()) for cell in row] for row in found.iter("tr")] for found in body.iter("table")]
    return body, rows


def figures(report):
    return list(csv.DictReader(io.StringIO(table(report))))


def test_numbers_are_in_the_right_cells():
    _, (scene, models, steps, areas, confusion) = tables(REPORT)
    assert scene == [["File", "/a/b.tif"], ["CRS", "EPSG:32633"]]
    assert models == [["Refiner", "Faithful"]]
    by_head = [dict(zip(steps[0], row)) for row in steps[1:]]
    assert [row["Step"] for row in by_head] == ["0", "1", "2"]
    assert [row["Changed pixels"] for row in by_head] == ["–", "1.23 %", "0.50 %"]
    one = by_head[1]
    assert (one["Overall accuracy"], one["Mean IoU"], one["Mean boundary IoU"]) == ("0.9023", "0.7654", "0.2666")
    assert [one[f"IoU {name}"] for name in REPORT.classes] == ["0.8911", "0.6397", "–"]
    assert [one[f"Boundary IoU {name}"] for name in REPORT.classes][:2] == ["0.2111", "0.3222"]
    assert areas[2] == ["building", "30\u202f000", "75.00 %", "7\u202f500", "0.7500"]
    assert confusion[1:] == [[name, *map(str, row)] for name, row in zip(REPORT.classes, CONFUSION)]


def test_the_table_has_the_same_figures_at_full_precision():
    found = {(row["table"], row["step"], row["class"], row["measure"]): row["value"] for row in figures(REPORT)}
    assert float(found["steps", "1", "", "changed fraction"]) == 0.01234
    assert float(found["accuracy", "1", "", "mean IoU"]) == 0.7654
    assert float(found["accuracy", "1", "building", "boundary IoU"]) == 0.3222
    assert ("accuracy", "1", "road", "IoU") not in found  # not in the labels
    assert found["areas", "1", "building", "pixels"] == "30000"
    assert float(found["areas", "1", "building", "area m2"]) == 7500
    assert found["confusion", "1", "background", "pixels mapped as road"] == "6"


def test_hostile_names_are_escaped():
    pairs = ((HOSTILE, HOSTILE),)
    steps = tuple(replace(step, maker=HOSTILE) for step in REPORT.steps)
    classes, pictures = (HOSTILE, "a,b\nc", "=1+1"), (Picture(HOSTILE, b""),)
    report = replace(REPORT, title=HOSTILE, scene=pairs, models=pairs, classes=classes, steps=steps, pictures=pictures)
    body, rows = tables(report)
    assert "<script" not in page(report, HOSTILE)
    assert body.findtext("body/h1") == HOSTILE
    assert rows[0] == rows[1] == [[HOSTILE, HOSTILE]]
    assert rows[2][1][1] == HOSTILE
    found = figures(report)
    assert {tuple(row) for row in found} == {TABLE_COLUMNS}
    assert all(None not in row and None not in row.values() for row in found)
    assert {row["class"] for row in found if row["table"] == "areas"} == {HOSTILE, "a,b\nc", "'=1+1"}


def test_missing_values_are_reported():
    report = replace(REPORT, steps=(ReportStep(1, "x"),), pixel_m2=None)
    _, rows = tables(report)
    assert len(rows) == 4  # no confusion matrix
    assert rows[2][0] == ["Step", "Made by", "Changed pixels"]
    assert rows[3][1][-1] == "–"
    assert "was not evaluated" in page(report, "x.csv")
    assert "no CRS" in page(report, "x.csv")


def test_files_are_written_completely_or_not_at_all(tmp_path):
    path = tmp_path / "report é.html"
    write("page\n", "a,b\n", path)
    write("new page\n", "c,d\n", path)
    assert path.read_bytes() == b"new page\n"
    assert path.with_suffix(".csv").read_bytes() == b"\xef\xbb\xbfc,d\n"
    other = tmp_path / "other.html"
    other.with_suffix(".csv").mkdir()  # a folder cannot be replaced
    with pytest.raises(UserError, match="cannot be written"):
        write("page", "figures", other)
    assert sorted(found.name for found in tmp_path.iterdir()) == ["other.csv", "report é.csv", "report é.html"]


def test_a_report_cancelled_before_the_rename_keeps_the_earlier_one(tmp_path):
    def give_up():
        assert len(list(tmp_path.iterdir())) == 4  # the new files are complete, next to the old ones
        raise UserCancelled

    path = tmp_path / "report.html"
    write("page", "figures", path)
    with pytest.raises(UserCancelled):
        write("new page", "new figures", path, give_up)
    assert path.read_text() == "page"
    assert sorted(found.name for found in tmp_path.iterdir()) == ["report.csv", "report.html"]


class Impatient(ReportTask):
    """A report task that is cancelled at its n-th cancel check."""

    def __init__(self, *arguments, at):
        super().__init__(*arguments, on_finished=lambda *_: None)
        self.at, self.asked = at, 0

    def isCanceled(self):
        self.asked += 1
        if self.asked == self.at:
            self.cancel()
        return super().isCanceled()


def test_a_report_cancelled_between_its_parts_keeps_the_earlier_files(stepper, tmp_path):
    stepper.run_to(2)
    steps, path = stepper.run.steps, tmp_path / "out" / "report.html"
    path.parent.mkdir()
    report = replace(REPORT, classes=stepper.run.classes)
    write("old page", "old,figures", path)
    before = {file.name: file.read_bytes() for file in path.parent.iterdir()}
    at = 0
    while True:
        at += 1
        task = Impatient(report, steps, path, QgsCoordinateTransformContext(), at=at)
        if task.run():
            break
        assert task.asked <= at + 1  # ends at once; while GDAL counts, one more check finds the reason
        assert not task.refusal
        assert {file.name: file.read_bytes() for file in path.parent.iterdir()} == before
    # Before each of three pictures; before, during and after counting the pixels; and before the rename.
    assert at > 7
    assert path.read_bytes() != before[path.name]


class Browser(QObject):
    """A stand-in for the browser that records the opened files."""

    def __init__(self):
        super().__init__()
        self.opened = []
        QDesktopServices.setUrlHandler("file", self, "open")

    @pyqtSlot(QUrl)
    def open(self, url):
        self.opened.append(url.toLocalFile())


@pytest.fixture
def browser():
    browser = Browser()
    yield browser
    QDesktopServices.unsetUrlHandler("file")


def test_a_report_through_the_dock(stepper, label_layer, draw_tile, tmp_path, monkeypatch, browser, wait_until):
    stepper.run_to(2)
    draw_tile(label_layer, 0, 170)
    dock = stepper.dock
    dock.train.labels.setLayer(label_layer)
    stepper.click(dock.train.measure)
    stepper.wait()

    path = tmp_path / "report.html"
    monkeypatch.setattr(QFileDialog, "getSaveFileName", lambda *_: (str(tmp_path / "report"), ""))
    stepper.click(dock.export.report)
    wait_until(lambda: browser.opened, 20, "the report")
    assert browser.opened == [str(path)]
    text = path.read_text(encoding="utf-8")
    with path.with_suffix(".csv").open(encoding="utf-8-sig", newline="") as file:
        found = {
            (row["table"], row["step"], row["class"], row["measure"]): row["value"] for row in csv.DictReader(file)
        }
    run = stepper.run
    assert float(found["accuracy", "2", "", "mean IoU"]) == run.accuracy[2].mean_iou
    counts = [int(found["areas", "2", name, "pixels"]) for name in run.classes]
    assert sum(counts) == 240 * 300
    assert found["scene", "", "", "Size"] == "300 × 240 pixels"
    assert found["scene", "", "", "Pixel size"] == "0.5002 m"  # on the ellipsoid
    areas = [float(found["areas", "2", name, "area m2"]) for name in run.classes]
    assert areas == pytest.approx([0.25 * n for n in counts], rel=0.002)
    labelled = sum(int(value) for (name, *_), value in found.items() if name == "confusion")
    assert labelled == sum(map(sum, run.accuracy[2].confusion)) > 0
    assert sum(run.accuracy[2].confusion[k][k] for k in range(3)) / labelled == pytest.approx(run.accuracy[2].overall)
    assert found["models", "", "", "Coarse map"] == "scores.tif"
    assert found["models", "", "", "Refiner"] == "random"
    pictures = [base64.b64decode(part.split('"')[0]) for part in text.split("data:image/png;base64,")[1:]]
    images = [QImage.fromData(picture) for picture in pictures]
    assert [(image.width(), image.height()) for image in images] == [(300, 240)] * 2
    colours = {images[0].pixelColor(x, y).name() for x in range(0, 300, 10) for y in range(0, 240, 10)}
    assert {"#333333", "#d55e00", "#f0e442"} <= colours

    monkeypatch.setattr(QMessageBox, "question", lambda *_: QMessageBox.StandardButton.No)
    stepper.click(dock.export.report)
    assert path.read_text(encoding="utf-8") == text
    monkeypatch.setattr(QFileDialog, "getSaveFileName", lambda *_: (str(tmp_path / "no" / "report.html"), ""))
    stepper.click(dock.export.report)
    assert "There is no folder" in stepper.bar.text()

    raster = Path(run.steps[2].classes_raster)
    raster.rename(raster.with_suffix(".away"))
    monkeypatch.setattr(QFileDialog, "getSaveFileName", lambda *_: (str(tmp_path / "other.html"), ""))
    stepper.click(dock.export.report)
    wait_until(lambda: "class raster of step 2 is missing" in stepper.bar.text(), 20, "a sentence")
    assert not list(tmp_path.glob("*other*"))
