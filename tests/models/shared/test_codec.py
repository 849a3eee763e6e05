"""The wire: every message survives it, and nothing else is taken for one.

Modules that this file covers: models/errors.py, models/shared/class_source.py, models/shared/requests.py.
"""

import dataclasses
import json
import typing

import pytest
from map_refiner.models.shared import codec, requests
from map_refiner.models.shared.class_source import ClassSource
from map_refiner.models.shared.text import text

EXAMPLES = {
    "str": "Straße \N{SNOWMAN} \\ \" \n 'x'",
    "int": 3,
    "float": 0.1,
    "bool": True,
    "float | None": 1e-9,
    "int | None": 7,
    "tuple[int, ...]": (1, 2, 3),
    "tuple[int, int]": (800, 600),
    "tuple[int, ...] | None": (0, 31),
    "tuple[str, ...]": ("background", "Gebäude"),
    "tuple[float, ...]": (0.25, 1.0),
    "tuple[tuple[float, ...], ...]": ((0.5, -1.0), (2.0,)),
    "tuple[tuple[int, ...], ...]": ((3, 1), (0, 2)),
    "Text": text("{name}: {count}, {size}", name="ü.tif", count=3, size=0.5),
    "tuple[Text, ...]": (text("No {thing}.", thing="CRS"), text("Plain.")),
    "tuple[tuple[str, str, str], ...]": (("32x", "/tmp/ü.tif", "/tmp/k.tif"),),
    "tuple[float, float]": (0.5, 0.75),
    "tuple[float, float] | None": (0.5, 0.75),
    "tuple[tuple[float, float, float, int, int], ...]": ((500000.5, 4e6, 0.25, 1, 2), (0.5, -1.5, 0.125, 0, 1)),
    "tuple[float, float, float, float] | None": (1.5, -2.0, 3.0, 4e6),
    "tuple[float | None, ...]": (0.5, None),
    "tuple[ClassSource, ...]": (ClassSource("road", "/tmp/ü.gpkg|layername=x", 7.0), ClassSource("building", "b")),
}
KINDS = typing.get_args(codec.Message)


def example(kind):
    return kind(**{field.name: EXAMPLES[field.type] for field in dataclasses.fields(kind)})


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.__name__)
def test_a_message_survives_the_wire(kind):
    message = example(kind)
    line = codec.to_line(message)
    assert line.endswith("\n")
    assert line.count("\n") == 1
    assert line.isascii()
    assert codec.from_line(line) == message


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.__name__)
def test_what_has_a_default_may_be_left_out(kind):
    needed = {field.name for field in dataclasses.fields(kind) if field.default is dataclasses.MISSING}
    content = {"type": kind.__name__, **dataclasses.asdict(example(kind))}
    short = {name: value for name, value in content.items() if name in needed or name == "type"}
    assert isinstance(codec.from_line(json.dumps(short)), kind)


def test_file_names_that_are_no_unicode_survive():
    path = b"/tmp/caf\xe9.tif".decode("utf-8", "surrogateescape")
    assert codec.from_line(codec.to_line(requests.LoadScores(path))).path == path


@pytest.mark.parametrize(
    "line",
    [
        "",
        "\n",
        "hello",
        "5",
        "null",
        "[]",
        "{}",
        '"Step"',
        '{"type": "Nonsense"}',
        '{"type": null}',
        '{"type": ["Step"]}',
        '{"type": {"a": 1}}',
        '{"type": "Step"}',
        '{"type": "Step", "start": 1, "colour": 2}',
        '{"type": "TrainCoarse", "sources": [{"a": 1}], "model": "m"}',
        '{"type": "Step", "start": 1',
        "[" * 200_000,
        '{"type": "Step", "start": ' + "[" * 900 + "]" * 900 + "}",
        '{"type": "Step", "start": ' + "9" * 10_000 + "}",
        "\x00\x01",
        "\N{REPLACEMENT CHARACTER}",
    ],
    ids=lambda line: line[:30] or "empty",
)
def test_what_is_no_message_is_told_apart(line):
    with pytest.raises(codec.ProtocolError):
        codec.from_line(line)
