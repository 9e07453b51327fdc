"""Starts pytest on the suite alone, isolated from any conftest.py and pytest settings around."""

from __future__ import annotations

from importlib.metadata import entry_points
from pathlib import Path

from .. import plugin, suite

PLUGIN = plugin.__name__
SUITE = Path(suite.__file__).resolve().parent
OPTIONS = (
    *("-c", str(SUITE / "pytest.ini"), "--rootdir", str(SUITE), "--confcutdir", str(SUITE), "-p", "no:cacheprovider"),
    # Scenarios assert nothing, so rewriting assertions would only take time.
    "--assert=plain",
    # No test of the suite needs these plugins, and importing them takes as long as a hundred calls.
    *("-p", "no:schemathesis", "-p", "no:anyio"),
)


def load_plugin() -> tuple[str, ...]:
    """Options that load the plugin if nothing else does. It goes by name, so that worker processes load it, too."""
    registered = any(entry.value == PLUGIN for entry in entry_points(group="pytest11"))
    return () if registered else ("-p", PLUGIN)
