"""Starts pytest on the suite alone, isolated from any conftest.py and pytest settings around."""

from __future__ import annotations

import os
import signal
import threading
from importlib.metadata import entry_points
from pathlib import Path

from .. import plugin, suite

SUITE = Path(suite.__file__).resolve().parent
OPTIONS = (
    *("-c", str(SUITE / "pytest.ini"), "--rootdir", str(SUITE), "--confcutdir", str(SUITE), "-p", "no:cacheprovider"),
    # Scenarios assert nothing, so rewriting assertions would only take time.
    "--assert=plain",
)


def load_plugin() -> tuple[str, ...]:
    """Options that load the plugin if nothing else does. It goes by name, so that worker processes load it, too."""
    registered = any(entry.value == plugin.__name__ for entry in entry_points(group="pytest11"))
    return () if registered else ("-p", plugin.__name__)


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
