"""What plugins.qgis.org and QGIS read of the plugin before they run it."""

import ast
import configparser
import re
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
REQUIRED = {
    "name",
    "description",
    "version",
    "qgisMinimumVersion",
    "author",
    "email",
    "about",
    "tracker",
    "repository",
    "homepage",
}
OPTIONAL = {
    "category",
    "changelog",
    "deprecated",
    "experimental",
    "hasProcessingProvider",
    "icon",
    "license",
    "qgisMaximumVersion",
    "tags",
}


@pytest.fixture
def metadata():
    parser = configparser.ConfigParser()  # with interpolation, as the site reads it: a lone % would be an error
    parser.optionxform = str
    parser.read_string((ROOT / "metadata.txt").read_text(encoding="utf-8"))
    return dict(parser["general"])


def test_every_required_key_has_a_value(metadata):
    assert not [key for key in REQUIRED if not metadata.get(key, "").strip()]


def test_no_key_is_unknown_or_withdrawn(metadata):
    # supportsQt6, for one, is gone: QGIS 4 reads qgisMaximumVersion.
    assert set(metadata) <= REQUIRED | OPTIONAL


def test_one_version_everywhere(metadata):
    version = (ROOT / "resources" / "version.txt").read_text(encoding="utf-8").strip()
    assert re.fullmatch(r"\d+\.\d+\.\d+", version)
    assert metadata["version"] == version
    assert re.search(
        rf"^## \[{re.escape(version)}\]", (ROOT / "CHANGELOG.md").read_text(encoding="utf-8"), re.MULTILINE
    )
    assert metadata["changelog"].startswith(version)


def test_qgis_3_22_to_4(metadata):
    assert metadata["qgisMinimumVersion"] == "3.22"
    assert metadata["qgisMaximumVersion"] == "4.99"


def test_texts_hold_no_markup(metadata):
    assert not [key for key in ("name", "description", "about") if re.search(r"<[a-zA-Z/]", metadata[key])]


def test_names_that_the_site_takes(metadata):
    assert "plugin" not in metadata["name"].lower()
    assert "/" not in metadata["author"]
    assert re.fullmatch(r"[^@\s]+@[^@\s]+\.[a-z]+", metadata["email"])
    assert metadata["category"] in {"Raster", "Vector", "Database", "Mesh", "Web"}


def test_links_are_complete(metadata):
    assert not [key for key in ("homepage", "tracker", "repository") if not metadata[key].startswith("https://")]


def test_about_states_what_else_must_be_installed(metadata):
    assert "External dependencies" in metadata["about"]
    assert not [name for name in ("torch", "rasterio", "shapely", "pyogrio") if name not in metadata["about"]]


def test_the_icon_is_there(metadata):
    icon = ROOT / metadata["icon"]
    assert icon.is_file()
    assert b"<svg" in icon.read_bytes()


def test_a_processing_provider_is_announced_when_there_is_one(metadata):
    main = ast.parse((ROOT / "plugin" / "main.py").read_text(encoding="utf-8"))
    names = {node.name for node in ast.walk(main) if isinstance(node, ast.FunctionDef)}
    assert (metadata["hasProcessingProvider"] == "yes") == ("initProcessing" in names)


def test_the_licence_is_the_gpl():
    assert (ROOT / "LICENSE").read_text(encoding="utf-8").lstrip().startswith("GNU GENERAL PUBLIC LICENSE")
