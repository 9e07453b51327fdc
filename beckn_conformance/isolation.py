"""How pytest is started on the suite alone, apart from every conftest.py and pytest setting around."""

from __future__ import annotations

from importlib.metadata import entry_points
from pathlib import Path

from . import plugin, suite

SUITE = Path(suite.__file__).resolve().parent
OPTIONS = (
    *("-c", str(SUITE / "pytest.ini"), "--rootdir", str(SUITE), "--confcutdir", str(SUITE), "-p", "no:cacheprovider"),
    # Whoever starts it has imported the kit before pytest could look at it.
    *("-W", "ignore:Module already imported:pytest.PytestAssertRewriteWarning"),
)


def load_plugin() -> tuple[str, ...]:
    """Options that load the plugin where nothing else does; by its name, so that worker processes load it too."""
    registered = any(entry.value == plugin.__name__ for entry in entry_points(group="pytest11"))
    return () if registered else ("-p", plugin.__name__)
