"""Run a benchmark: `python -m benchmarks NAME [options]`. Without a name, list all benchmarks and their pages."""

from __future__ import annotations

import importlib
import os
import sys
from collections.abc import Sequence
from typing import TYPE_CHECKING

os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")  # before torch is imported, as in the worker

if TYPE_CHECKING:
    from .harness import Benchmark

MODULES = (
    "quality.refiners",
    "quality.ablation",
    "quality.spatial",
    "quality.spectral",
    "quality.published_protocol",
    "quality.pretrained",
    "quality.corrections",
    "quality.banepa",
    "quality.worst_region",
    "speed.step",
    "speed.training",
    "speed.latency",
    "speed.scale",
    "speed.recurrent_cell",
    "speed.alternatives",
)
NAMES = {module.rpartition(".")[2]: module for module in MODULES}


def load(name: str) -> Benchmark:
    """Import a benchmark by name."""
    benchmark: Benchmark = importlib.import_module(f"{__package__}.{NAMES[name]}").BENCHMARK
    return benchmark


def listing() -> str:
    """Return a list of all benchmarks: name, title and page."""
    lines = ["usage: python -m benchmarks NAME [options]; NAME --help lists the options of a benchmark", ""]
    for name in NAMES:
        benchmark = load(name)
        page = f"docs/measured/{name}.md" if benchmark.has_page else "printed only"
        lines.append(f"  {name:20}{benchmark.title} ({page})")
    return "\n".join(lines)


def main(arguments: Sequence[str]) -> int:
    """Run the command and return its exit status: 2 for a usage error."""
    if not arguments or arguments[0] in ("-h", "--help", "list"):
        print(listing())
        return 0
    name, *rest = arguments
    if name not in NAMES:
        print(f"There is no benchmark {name!r}; choose one of {', '.join(NAMES)}.", file=sys.stderr)
        return 2
    from .harness import UsageError

    try:
        load(name).main(rest)
    except UsageError as error:
        print(error, file=sys.stderr)
        return 2
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
