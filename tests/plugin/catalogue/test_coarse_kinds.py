"""What the kinds of coarse models are called; that these are the kinds of the command, its own source tells."""

import ast
from pathlib import Path

from map_refiner.models.shared import requests
from map_refiner.plugin.catalogue.coarse_kinds import COARSE_KINDS, coarse_kind

COARSE = Path(__file__).resolve().parents[3] / "models" / "coarse"


def kinds_of_the_command():
    """The names in the modules of the models, for QGIS's Python cannot import these."""
    found = {}
    for path in COARSE.rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.ClassDef):
                for line in node.body:
                    if isinstance(line, ast.Assign) and ast.unparse(line.targets[0]) == "kind" and line.value.value:
                        found[node.name] = line.value.value
    order = ast.parse((COARSE / "registry.py").read_text(encoding="utf-8"))
    table = next(node for node in ast.walk(order) if isinstance(node, ast.Dict))
    return [found[key.value.id] for key in table.keys]


def test_every_kind_of_the_command_has_a_name_and_one_sentence():
    assert [kind.key for kind in COARSE_KINDS] == kinds_of_the_command()
    assert len({kind.title() for kind in COARSE_KINDS}) == len(COARSE_KINDS)
    for kind in COARSE_KINDS:
        text = kind.description().replace("et al.", "").replace("0.25", "")
        assert text.endswith(".")
        assert text.count(".") == 1


def test_the_first_kind_is_the_usual_one():
    assert COARSE_KINDS[0].key == requests.TrainCoarse((), "").kind
    assert not coarse_kind("fcn").is_spectral
    assert coarse_kind("svm-rbf").is_spectral
    assert coarse_kind("extended") is None
