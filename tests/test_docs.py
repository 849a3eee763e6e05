"""The README and the pages under docs/: length, links, and agreement with the project's files."""

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
DOCS = ROOT / "docs"
PAGES = [ROOT / "README.md", *sorted(DOCS.rglob("*.md"))]
MOST_WORDS = 900  # in the README
LINK = re.compile(r"!?\[[^\]]*\]\(\s*([^)\s]+)\s*\)")
BLOCK = re.compile(r"^```.*?^```", re.MULTILINE | re.DOTALL)
PROJECT_FOLDERS = ("models", "plugin", "tests", "scripts", "docs", "benchmarks", "resources", "demo_scene")
PATH = re.compile(rf"(?:{'|'.join(PROJECT_FOLDERS)})/[\w./*-]*")
MODULE = re.compile(r"(?:training/|spectral/)?\w+\.py")  # in tables whose head names the folder
FOLDER_OF_MODULES = {"refiners.md": ROOT / "models" / "refine"}


def read(page):
    """Return the text of a page."""
    return page.read_text(encoding="utf-8")


def identifier(page):
    """Return the test id of a page."""
    return page.relative_to(ROOT).as_posix()


def links(page):
    """List the links of a page to files, without those in code."""
    text = re.sub(r"`[^`\n]*`", "", BLOCK.sub("", read(page)))
    return [target for target in LINK.findall(text) if not re.match(r"\w+:", target)]


def anchors(page):
    """Return the heading anchors of a page, as GitHub makes them."""
    found, seen = set(), {}
    for title in re.findall(r"^#+ (.+)$", BLOCK.sub("", read(page)), re.MULTILINE):
        plain = re.sub(r"\[([^\]]*)\]\([^)]*\)", r"\1", title).strip().lower()
        anchor = re.sub(r"[^\w\- ]", "", plain).replace(" ", "-")
        number = seen.get(anchor, 0)
        seen[anchor] = number + 1
        found.add(f"{anchor}-{number}" if number else anchor)
    return found


def test_the_readme_is_short():
    assert len(read(ROOT / "README.md").split()) <= MOST_WORDS


def test_pages_have_links():
    assert sum(len(links(page)) for page in PAGES) > 60  # otherwise the next tests check nothing


@pytest.mark.parametrize("page", PAGES, ids=identifier)
def test_links_lead_to_files_and_headings(page):
    broken = []
    for target in links(page):
        path, _, anchor = target.partition("#")
        file = (page.parent / path).resolve() if path else page
        is_page = file.suffix == ".md"
        if not file.is_relative_to(ROOT) or not file.exists() or (anchor and is_page and anchor not in anchors(file)):
            broken.append(target)
    assert not broken


@pytest.mark.parametrize("page", PAGES, ids=identifier)
def test_named_paths_exist(page):
    text = BLOCK.sub("", read(page))
    named = [span for span in re.findall(r"`([^`\n]+)`", text) if PATH.fullmatch(span)]
    assert not [path for path in named if not list(ROOT.glob(path.rstrip("/")))]


@pytest.mark.parametrize("name", FOLDER_OF_MODULES)
def test_named_modules_exist(name):
    named = [span for span in re.findall(r"`([^`\n]+)`", read(DOCS / name)) if MODULE.fullmatch(span)]
    assert len(named) > 5
    assert not [module for module in named if not (FOLDER_OF_MODULES[name] / module).is_file()]


def test_commands_name_scripts_that_exist():
    blocks = "\n".join(block for page in PAGES for block in BLOCK.findall(read(page)))
    named = set(re.findall(r"^(scripts/\w+)", blocks, re.MULTILINE))
    assert len(named) > 2
    assert not [path for path in named if not (ROOT / path).is_file()]


def test_the_index_links_every_page():
    index = DOCS / "index.md"
    linked = {(DOCS / target.partition("#")[0]).resolve() for target in links(index)}
    assert not [identifier(page) for page in DOCS.rglob("*.md") if page != index and page not in linked]


def test_the_readme_links_the_index():
    assert "docs/index.md" in links(ROOT / "README.md")


def test_tests_named_by_the_complaints_exist():
    named = set(re.findall(r"`(test_\w+)`", read(DOCS / "other_plugins.md")))
    sources = [read(path) for path in (ROOT / "tests").rglob("test_*.py")]
    there = {name for source in sources for name in re.findall(r"^def (test_\w+)", source, re.MULTILINE)}
    assert len(named) > 50
    assert not named - there


def test_every_complaint_is_answered_once():
    numbers = []
    for cell in re.findall(r"^\| ([\d, -]+) \|", read(DOCS / "other_plugins.md"), re.MULTILINE):
        for part in filter(None, cell.replace(" ", "").strip("-").split(",")):
            first, _, last = part.partition("-")
            numbers += range(int(first), int(last or first) + 1)
    assert sorted(numbers) == list(range(1, 91))


def test_the_changelog_has_the_released_version():
    text = read(ROOT / "CHANGELOG.md")
    version = read(ROOT / "resources" / "version.txt").strip()
    headings = re.findall(r"^## \[(.+?)\](?: - (\d{4}-\d\d-\d\d))?$", text, re.MULTILINE)
    assert headings[0] == ("Unreleased", "")
    assert headings[1][0] == version
    assert headings[1][1]
