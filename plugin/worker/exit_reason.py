"""Explanations of worker exits."""

from __future__ import annotations

import re
from collections.abc import Sequence

from ..wording import tr

KILLED = (9, -9, 137)  # by the kernel's out-of-memory killer or by the user
ACCESS_VIOLATION = (11, -11, 139, 3221225477, -1073741819)

_MISSING_MODULE = re.compile(r"No module named '([\w.]+)'")
_OUT_OF_MEMORY = re.compile(r"MemoryError|out of memory|bad_alloc|Cannot allocate memory")
_DLL = re.compile(r"DLL load failed|WinError (?:126|127|1114)")


def explain(code: int, stderr: Sequence[str], python: str) -> str:
    """Return one sentence that explains an exit code and the last lines of stderr."""
    text = "\n".join(stderr)
    missing = _MISSING_MODULE.search(text)
    if missing:
        return tr(
            "The Python at {python} has no module “{module}”. Install it there, or choose another Python "
            "in Settings > Options > Map Refiner."
        ).format(python=python, module=missing.group(1))
    if _OUT_OF_MEMORY.search(text) or code in KILLED:
        return tr(
            "The worker was killed (exit code {code}), probably because memory ran out. Try a smaller "
            "area or a larger working pixel."
        ).format(code=code)
    if _DLL.search(text):
        return tr(
            "The Python at {python} could not load a library that PyTorch needs. On Windows, install the "
            "Microsoft Visual C++ Redistributable."
        ).format(python=python)
    if code in ACCESS_VIOLATION:
        return tr("The worker crashed with an access violation (exit code {code}).").format(code=code)
    last = next((line for line in reversed(stderr) if line.strip()), "")
    return tr("The worker ended unexpectedly (exit code {code}). {last}").format(code=code, last=last).strip()


def cannot_start(python: str) -> str:
    """Return a message saying that the Python interpreter could not be started."""
    return tr(
        "The Python at {python} could not be started. Choose another one in Settings > Options > Map Refiner."
    ).format(python=python)
