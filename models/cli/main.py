"""The command `map-refiner`: the engine without QGIS."""

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
    """One line on stderr, without a traceback."""

    exit_code = 2


class Group(click.Group):
    """Commands whose expected errors are one line and exit code 2."""

    def invoke(self, ctx: click.Context) -> Any:
        """Run a command in the environment that rasters need."""
        try:
            with environment():
                return super().invoke(ctx)
        except RefinerError as error:
            raise BadInput(" ".join(str(error).split())) from error


@click.group(cls=Group, commands=COMMANDS, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name="map-refiner")
def main() -> None:
    """Make class maps of aerial images, refine them step by step, and turn them into polygons."""
    use_all_cores()
