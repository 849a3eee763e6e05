"""The command `map-refiner`, which runs without QGIS."""

from __future__ import annotations

from typing import Any

import click

from ..errors import RefinerError
from ..io.raster_reader import environment
from ..runtime.device import use_all_cores
from . import maps, results, tools, train

COMMANDS = (
    train.train_coarse_command,
    maps.classify_command,
    train.train_refiner_command,
    maps.refine_command,
    results.evaluate_command,
    results.vectorize_command,
    tools.import_array_command,
    tools.info_command,
    tools.doctor_command,
)


class BadInput(click.ClickException):
    """An expected error: one line on stderr, without a traceback."""

    exit_code = 2


class Group(click.Group):
    """Command group that reports expected errors as one line, with exit code 2."""

    def invoke(self, ctx: click.Context) -> Any:
        """Run a command in the raster environment."""
        try:
            with environment():
                return super().invoke(ctx)
        except RefinerError as error:
            raise BadInput(" ".join(str(error).split())) from error


@click.group(cls=Group, commands=COMMANDS, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name="map-refiner")
def main() -> None:
    """Classify aerial images, refine the class maps step by step, and convert them to polygons."""
    use_all_cores()
