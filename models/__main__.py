"""The command `map-refiner`, also `python -m map_refiner.models`."""

from __future__ import annotations

from .runtime.omp_threads import set_passive_wait


def main() -> None:
    """Set the wait policy of threads before torch is imported, and run the command."""
    set_passive_wait()
    from .cli.main import main as command

    command(prog_name="map-refiner")


if __name__ == "__main__":
    main()
