"""Runs a module of this installation in a Python process of its own."""

from __future__ import annotations

from pathlib import Path

HERE = Path(__file__).resolve().parents[2]


def arguments(module: str) -> tuple[str, ...]:
    """Returns Python's arguments for running a module as a command. The current folder stays off the path, so that a
    ``yaml.py`` in it is not imported."""
    # Last, so that files beside the package hide nothing either.
    code = f"import runpy,sys; sys.path.append({str(HERE)!r}); runpy.run_module({module!r}, None, '__main__', True)"
    return "-P", "-c", code
