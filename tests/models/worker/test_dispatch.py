"""The table of the worker: each request of the protocol has the function that is for it."""

import typing

from map_refiner.models.shared import requests as p
from map_refiner.models.worker.dispatch import HANDLERS

WHILE_ANOTHER_RUNS = {p.Stop, p.Cancel}  # the wire's own


def test_every_request_is_carried_out_by_the_function_that_is_for_it():
    assert set(HANDLERS) == set(typing.get_args(p.Request)) - WHILE_ANOTHER_RUNS
    taken = {kind: typing.get_type_hints(handler)["request"] for kind, handler in HANDLERS.items()}
    assert not {kind: found for kind, found in taken.items() if found is not kind}
