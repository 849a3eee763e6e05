"""What the documents say of this project is there."""

import re
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]


def test_the_tests_that_the_complaints_name_are_there():
    text = (ROOT / "docs" / "other_plugins.md").read_text(encoding="utf-8")
    named = set(re.findall(r"`(test_\w+)`", text))
    sources = [path.read_text(encoding="utf-8") for path in (ROOT / "tests").rglob("test_*.py")]
    there = {name for source in sources for name in re.findall(r"^def (test_\w+)", source, re.MULTILINE)}
    assert len(named) > 50
    assert not named - there


def test_every_complaint_is_answered_once():
    numbers = []
    for cell in re.findall(r"^\| ([\d, -]+) \|", (ROOT / "docs" / "other_plugins.md").read_text("utf-8"), re.MULTILINE):
        for part in filter(None, cell.replace(" ", "").strip("-").split(",")):
            first, _, last = part.partition("-")
            numbers += range(int(first), int(last or first) + 1)
    assert sorted(numbers) == list(range(1, 91))
