"""Loading what torch's optimizers need: seconds at the first training of a process, in which a cancel is heeded."""

from __future__ import annotations

import importlib
import threading
from collections.abc import Callable

SLOW_MODULE = "torch._dynamo"  # imported by the first optimizer, on whatever thread makes it
LOOK_EVERY_S = 0.1
_loading = threading.Thread(target=importlib.import_module, args=(SLOW_MODULE,), name="optimizers", daemon=True)
_lock = threading.Lock()


def preload_optimizers(check: Callable[[], None]) -> None:
    """Wait until optimizers can be made at once, calling `check` meanwhile, which may raise to end the waiting."""
    with _lock:
        if _loading.ident is None:
            _loading.start()
    check()
    while _loading.is_alive():
        check()
        _loading.join(LOOK_EVERY_S)
