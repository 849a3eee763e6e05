"""Write a demo scene: `python -m map_refiner.demo_scene FOLDER`."""

from pathlib import Path

import click

from ..models.errors import OutputError
from .files import write


@click.command()
@click.argument("folder", type=click.Path(file_okay=False, path_type=Path))
@click.option("--size", default=1500, show_default=True, type=click.IntRange(64, 6000), help="Pixels a side.")
@click.option("--seed", default=7, show_default=True, type=click.IntRange(0), help="Another town for each number.")
def main(folder: Path, size: int, seed: int) -> None:
    """Draw an aerial scene at 0.5 m and write it to FOLDER with its exact truth and imprecise map vectors."""
    try:
        files = write(folder, size, seed)
    except OutputError as error:
        raise click.UsageError(str(error)) from error
    click.echo(f"Wrote {files.scene} and its truth and map vectors beside it.")


if __name__ == "__main__":
    main()
