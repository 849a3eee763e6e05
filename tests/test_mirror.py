"""A test for every module: a file of its name at the mirrored path, or a flow that names it."""

import ast
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
TESTS = ROOT / "tests"


def modules():
    """List the modules of models/ and plugin/, without packages and entry points."""
    for half in ("models", "plugin"):
        for path in sorted((ROOT / half).rglob("*.py")):
            if not path.name.startswith("__"):
                yield path.relative_to(ROOT)


def named_in_docstrings():
    """Return the text of the module docstrings of all tests."""
    paths = TESTS.rglob("test_*.py")
    return "\n".join(ast.get_docstring(ast.parse(path.read_text(encoding="utf-8"))) or "" for path in paths)


def test_every_module_has_a_test_file_or_is_named_in_one():
    text = named_in_docstrings()
    missing = [
        str(path)
        for path in modules()
        if not (TESTS / path.parent / f"test_{path.name}").is_file() and path.as_posix() not in text
    ]
    assert not missing
