"""Commands for results: `evaluate` and `vectorize`."""

from __future__ import annotations

from pathlib import Path

import click

from ..evaluate.report import evaluate_files
from ..io.files import refuse_inputs
from ..io.score_export import write_classes
from ..io.score_raster import ScoreRaster
from ..polygons.files import write_class_polygons
from ..polygons.vectorize import PolygonOptions, Workplace, stream_polygons
from .options import _bar, _check_output, out_option, scheduler_option


@click.command("evaluate")
@click.argument("scores", nargs=-1, required=True)
@click.option("--labels", required=True, help="Raster of class indices, or vector layer with a field `class`.")
@click.option("--report", "target", required=True, type=click.Path(path_type=Path), help="JSON file to write.")
@scheduler_option
def evaluate_command(scores: tuple[str, ...], labels: str, target: Path, scheduler: str | None) -> None:
    """Evaluate score rasters, or polygons (.gpkg, .shp, .geojson with a field `class`), against labels."""
    _check_output(target, ".json")
    with _bar("Evaluating") as bar:
        found = evaluate_files(scores, labels, target, bar, scheduler)
    for path, entry in zip(scores, found, strict=True):
        click.echo(f"{path}: {entry.summary}")


@click.command("vectorize")
@click.argument("scores")
@out_option
@click.option("--min-area", type=click.FloatRange(0), default=0.0, help="Smallest part to keep, in square metres.")
@click.option("--tolerance", type=click.FloatRange(0), default=0.0, help="Tolerance of the simplification in metres.")
@click.option("--background", is_flag=True, help="Also write the first class.")
@scheduler_option
def vectorize_command(
    scores: str, output: Path, min_area: float, tolerance: float, background: bool, scheduler: str | None
) -> None:
    """Convert a score raster to polygons (.gpkg, .shp or .geojson) or to a class raster (.tif)."""
    _check_output(output, ".gpkg", ".shp", ".geojson", ".tif")
    refuse_inputs(output, scores)
    raster = ScoreRaster(scores)
    with _bar("Vectorizing") as bar:
        if output.suffix.lower() == ".tif":
            if scheduler is not None:
                raise click.UsageError("A class raster is written on this machine; leave --scheduler out.")
            write_classes(scores, raster.grid, output, bar)
            click.echo(f"{output}: class raster")
            return
        found = stream_polygons(
            raster, PolygonOptions(min_area, tolerance, background), Workplace(output.parent, scheduler), bar
        )
        written = write_class_polygons(found, output, raster.grid.crs)
    click.echo(f"{output}: {written.count} polygons")
    for notice in written.notices:
        click.echo(str(notice), err=True)
