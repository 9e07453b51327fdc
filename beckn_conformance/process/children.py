"""Runs a module of this installation in a Python process of its own."""

from __future__ import annotations

from pathlib import Path

HERE = Path(__file__).resolve().parents[2]


def arguments(module: str) -> tuple[str, ...]:
    """Arguments of Python that run a module as a command, and leave the current folder off the path: files that lie
    there, such as a ``yaml.py``, are no modules of the kit's."""
    # Last, so that files beside the package hide nothing either.
    code = f"import runpy,sys; sys.path.append({str(HERE)!r}); runpy.run_module({module!r}, None, '__main__', True)"
    return "-P", "-c", code
