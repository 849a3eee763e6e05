"""The worker's requirements.

Modules that this file covers: models/shared/conventions.py, models/shared/paths.py.
"""

import tomllib
from map_refiner.models.shared import conventions
from map_refiner.models.shared.paths import PACKAGE_ROOT
from map_refiner.models.shared.requirements import MODULES, REQUIREMENTS


def test_requirements_are_those_of_the_project():
    project = tomllib.loads((PACKAGE_ROOT / "pyproject.toml").read_text())["project"]
    assert list(REQUIREMENTS) == project["dependencies"]
    assert all(requirement.startswith(name) for requirement, name in zip(REQUIREMENTS, MODULES, strict=True))


def test_the_pattern_finds_the_weights_that_ship():
    found = {
        role: list(conventions.WEIGHTS_FOLDER.glob(conventions.WEIGHTS_PATTERN.format(role=role)))
        for role in ("coarse", "refiner")
    }
    assert found["coarse"]
    assert found["refiner"]
