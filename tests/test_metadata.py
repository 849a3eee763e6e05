"""Metadata that plugins.qgis.org and QGIS read before they run the plugin."""

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
    parser = configparser.ConfigParser()  # with interpolation, as on the site: a single % is an error
    parser.optionxform = str
    parser.read_string((ROOT / "metadata.txt").read_text(encoding="utf-8"))
    return dict(parser["general"])


def test_every_required_key_has_a_value(metadata):
    assert not [key for key in REQUIRED if not metadata.get(key, "").strip()]


def test_no_key_is_unknown_or_obsolete(metadata):
    # For example, supportsQt6 is obsolete: QGIS 4 reads qgisMaximumVersion.
    assert set(metadata) <= REQUIRED | OPTIONAL


def test_all_files_state_one_version(metadata):
    version = (ROOT / "resources" / "version.txt").read_text(encoding="utf-8").strip()
    assert re.fullmatch(r"\d+\.\d+\.\d+", version)
    assert metadata["version"] == version
    assert re.search(
        rf"^## \[{re.escape(version)}\]", (ROOT / "CHANGELOG.md").read_text(encoding="utf-8"), re.MULTILINE
    )
    assert metadata["changelog"].startswith(version)


def test_qgis_3_22_to_4_is_supported(metadata):
    assert metadata["qgisMinimumVersion"] == "3.22"
    assert metadata["qgisMaximumVersion"] == "4.99"


def test_texts_contain_no_markup(metadata):
    assert not [key for key in ("name", "description", "about") if re.search(r"<[a-zA-Z/]", metadata[key])]


def test_names_follow_the_rules_of_the_site(metadata):
    assert "plugin" not in metadata["name"].lower()
    assert "/" not in metadata["author"]
    assert re.fullmatch(r"[^@\s]+@[^@\s]+\.[a-z]+", metadata["email"])
    assert metadata["category"] in {"Raster", "Vector", "Database", "Mesh", "Web"}


def test_links_are_complete_urls(metadata):
    assert not [key for key in ("homepage", "tracker", "repository") if not metadata[key].startswith("https://")]


def test_about_lists_the_external_dependencies(metadata):
    assert "External dependencies" in metadata["about"]
    assert not [name for name in ("torch", "rasterio", "shapely", "pyogrio") if name not in metadata["about"]]


def test_the_icon_exists(metadata):
    icon = ROOT / metadata["icon"]
    assert icon.is_file()
    assert b"<svg" in icon.read_bytes()


def test_the_processing_provider_flag_matches_the_code(metadata):
    main = ast.parse((ROOT / "plugin" / "main.py").read_text(encoding="utf-8"))
    names = {node.name for node in ast.walk(main) if isinstance(node, ast.FunctionDef)}
    assert (metadata["hasProcessingProvider"] == "yes") == ("initProcessing" in names)


def test_the_licence_is_the_gpl():
    assert (ROOT / "LICENSE").read_text(encoding="utf-8").lstrip().startswith("GNU GENERAL PUBLIC LICENSE")
