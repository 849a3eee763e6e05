"""Preloading of the modules that torch's optimizers need, which takes seconds, with cancel checks."""

from __future__ import annotations

import importlib
import threading
from collections.abc import Callable

SLOW_MODULE = "torch._dynamo"  # imported by the first optimizer, on the thread that creates it
LOOK_EVERY_S = 0.1
_loading = threading.Thread(target=importlib.import_module, args=(SLOW_MODULE,), name="optimizers", daemon=True)
_lock = threading.Lock()


def preload_optimizers(check: Callable[[], None]) -> None:
    """Wait until optimizers can be created without delay; `check` is called meanwhile and may raise to end it."""
    with _lock:
        if _loading.ident is None:
            _loading.start()
    check()
    while _loading.is_alive():
        check()
        _loading.join(LOOK_EVERY_S)
