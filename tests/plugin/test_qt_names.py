"""The names that the plugin takes from Qt and QGIS: they exist in this QGIS and in QGIS 4.

Qt 6 has only `Qt.Orientation.Vertical`; PyQt 5 also has `Qt.Vertical`. Only a real QGIS can distinguish an enum's
member from another attribute, so the names are looked up in it.
"""

import ast
import enum
import importlib
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
PATHS = sorted((ROOT / "plugin").rglob("*.py"))
GONE = {"exec_", "print_", "setMargin"}  # methods of PyQt 5 that PyQt 6 lacks


def from_qgis(tree):
    """Map the names that a module imports from qgis to their objects."""
    found = {}
    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom) and not node.level and node.module.split(".")[0] == "qgis":
            module = importlib.import_module(node.module)
            found |= {alias.asname or alias.name: getattr(module, alias.name, None) for alias in node.names}
    return found


def is_member(value):
    """Return whether a value is a member of a Qt, QGIS or Python enum."""
    kind = type(value)
    return isinstance(value, enum.Enum) or (issubclass(kind, int) and kind not in (int, bool))


def attributes(tree, names):
    """Yield each dotted name in a module that starts with an imported name: (node, owner, value or None)."""
    resolved = dict(names)
    nodes = [node for node in ast.walk(tree) if isinstance(node, ast.Attribute)]
    for node in sorted(nodes, key=lambda node: len(ast.unparse(node))):  # Qt.Orientation before its members
        owner = resolved.get(ast.unparse(node.value))
        if isinstance(owner, type):
            value = resolved[ast.unparse(node)] = getattr(owner, node.attr, None)
            yield node, owner, value


def offences(rule):
    """List the names for which rule(owner, value) is true, over all modules of the plugin."""
    found = []
    for path in PATHS:
        tree = ast.parse(path.read_text(encoding="utf-8"))
        for node, owner, value in attributes(tree, from_qgis(tree)):
            if rule(owner, value):
                found.append(f"{path.relative_to(ROOT)}:{node.lineno} {ast.unparse(node)}")
    return found


def test_names_exist_in_this_qgis():
    assert PATHS
    assert not offences(lambda _, value: value is None)


def test_enums_are_scoped():
    assert not offences(lambda owner, value: is_member(value) and type(value) is not owner)


def test_actions_come_from_qtwidgets():
    # PyQt 6 has QAction in QtGui; qgis.PyQt.QtWidgets offers it for both versions.
    found = [
        path
        for path in PATHS
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.ImportFrom) and node.module == "qgis.PyQt.QtGui"
        for alias in node.names
        if alias.name in {"QAction", "QActionGroup", "QShortcut", "QUndoCommand"}
    ]
    assert not found


def test_methods_removed_in_qt6_are_not_used():
    found = [
        f"{path.relative_to(ROOT)}:{node.lineno} {node.attr}"
        for path in PATHS
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.Attribute) and node.attr in GONE
    ]
    assert not found
