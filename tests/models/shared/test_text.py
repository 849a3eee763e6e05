"""Texts with values."""

from pathlib import Path

import numpy as np
from map_refiner.models.errors import RefinerError
from map_refiner.models.shared.codec import from_line, to_line
from map_refiner.models.shared.events import Failed, Noticed
from map_refiner.models.shared.text import Text, stored_text, text


def test_values_fill_the_template():
    assert str(text("{name}: {size:.1f} GB", name=Path("a") / "b", size=np.float32(1.25))) == "a/b: 1.2 GB"
    assert str(text("{} stays")) == "{} stays"


def test_texts_survive_the_wire():
    found = text("{a} {b} {c}", a="ä", b=np.int64(3), c=None)
    assert from_line(to_line(Failed("Open", (found,), "x"))) == Failed("Open", (found,), "x")
    assert from_line(to_line(Noticed((found, text("plain"))))) == Noticed((found, text("plain")))


def test_stored_texts_are_read_also_from_the_plain_strings_of_the_first_release():
    assert stored_text("Out of {memory") == Text("Out of {memory")
    assert str(stored_text("Out of {memory")) == "Out of {memory"
    assert stored_text({"template": "{n}", "values": [["n", 3]]}) == text("{n}", n=3)


def test_errors_carry_their_text():
    error = RefinerError("{name} is missing.", name="x")
    error.add_sentence("Choose another.")
    assert error.texts == (text("{name} is missing.", name="x"), text("Choose another."))
    assert str(error) == "x is missing. Choose another."
