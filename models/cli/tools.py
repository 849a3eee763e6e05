"""Commands for files and the installation: `import-cube`, `info` and `doctor`."""

from __future__ import annotations

from pathlib import Path

import click

from ..io.bands import spectrum_of
from ..io.matlab import import_cube
from ..io.raster_reader import GridReader
from ..runtime.device import choose_device
from ..scene.scene import Scene
from ..shared.band_text import band_spans
from ..weights.checkpoint import read_card
from .options import _bar, _check_output, device_option, out_option


@click.command("import-cube")
@click.argument("file")
@click.option("--key", default="", help="Name of the array, if the file has several.")
@out_option
def import_array_command(file: str, key: str, output: Path) -> None:
    """Convert an image cube or a label map from a MATLAB file to a GeoTIFF for QGIS and the other commands."""
    _check_output(output, ".tif")
    with _bar("Writing") as bar:
        bands, rows, columns = import_cube(file, key, output, bar)
    click.echo(f"{output}: {bands} bands of {columns} x {rows} pixels")


@click.command("info")
@click.argument("file")
def info_command(file: str) -> None:
    """Describe a weights file or a raster."""
    if Path(file).suffix.lower() == ".safetensors":
        card = read_card(file)
        click.echo(card.summary())
        for name in ("trained_on", "quality", "licence"):
            if getattr(card, name):
                click.echo(f"{name.replace('_', ' ')}: {getattr(card, name)}")
        return
    with Scene(file) as scene:
        size = f"{scene.native_m:.3f} m on the ground" if scene.native_m else "unknown size (no CRS)"
        click.echo(f"{scene.image_grid.width} x {scene.image_grid.height} pixels of {size}")
        click.echo(f"bands used: {band_spans(scene.bands)}")
        with GridReader(file) as reader:
            centres = spectrum_of(reader).centres
        for band, mean, std in zip(scene.bands, scene.statistics.mean, scene.statistics.std, strict=True):
            centre = centres[band - 1]
            at = f" at {centre:.1f} nm" if centre is not None else ""
            click.echo(f"band {band}{at}: mean {mean:.4g}, standard deviation {std:.4g}")


@click.command("doctor")
@device_option
def doctor_command(device: str) -> None:
    """Show the versions of Python and the libraries and the device, and time a step."""
    from .doctor import examine

    for line in examine(choose_device(device)):
        click.echo(line)
