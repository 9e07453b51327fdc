"""Runs a module of this installation in a Python process of its own, which ends with its parent."""

from __future__ import annotations

import os
import signal
import threading
from pathlib import Path

HERE = Path(__file__).resolve().parents[2]
SAFE_PATH = "PYTHONSAFEPATH"
"""Environment variable that keeps the current folder off the path of modules, as ``-P`` does."""


def arguments(module: str) -> tuple[str, ...]:
    """Returns Python's arguments for running a module as a command. The current folder stays off the path, so that a
    ``yaml.py`` in it is not imported."""
    # Last, so that files beside the package hide nothing either.
    code = f"import runpy,sys; sys.path.append({str(HERE)!r}); runpy.run_module({module!r}, None, '__main__', True)"
    return "-P", "-c", code


def end_with_stdin() -> None:
    """Kills this process and its group when standard input ends, so that no run outlives its parent."""
    # Background jobs of a shell start with SIGINT ignored.
    signal.signal(signal.SIGINT, signal.default_int_handler)
    # pytest replaces standard input.
    descriptor = os.dup(0)

    def watch() -> None:
        while os.read(descriptor, 4096):
            pass
        os.killpg(0, signal.SIGKILL)

    threading.Thread(target=watch, daemon=True).start()
