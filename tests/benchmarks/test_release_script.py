"""The training script of the released weights: its import and the defaults of its options."""

import importlib.util
import sys
from importlib.machinery import SourceFileLoader
from pathlib import Path

import pytest

SCRIPT = Path(__file__).resolve().parents[2] / "scripts" / "train_shipped_weights"


@pytest.fixture
def script(monkeypatch):
    loader = SourceFileLoader("train_shipped_weights", str(SCRIPT))
    module = importlib.util.module_from_spec(importlib.util.spec_from_loader(loader.name, loader))
    monkeypatch.setitem(sys.modules, loader.name, module)
    monkeypatch.setattr(sys, "dont_write_bytecode", True)
    loader.exec_module(module)
    return module


def test_the_defaults_are_those_of_the_release(script):
    given = script.options().parse_args(["data", "resources/weights"])
    assert (given.coarse_updates, given.refiner_updates, script.SHARE) == (4000, 0, 0.5)


def test_the_demo_scene_is_not_a_training_scene(script):
    assert script.DEMO_SEED not in {*script.COARSE_SEEDS, *script.REFINER_SEEDS}
