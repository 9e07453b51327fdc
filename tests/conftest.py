"""The order of all tests, and which of them are quick."""

import asyncio
import gc
import inspect
import os
import signal
import sys
from functools import cache
from pathlib import Path

import pytest

from tests.browsing import browsing, pages

__all__ = ["browsing", "pages"]

# The tests are run by several processes and start many more. All share what the first of them compiles.
os.environ.pop("PYTHONDONTWRITEBYTECODE", None)
sys.dont_write_bytecode = False
# Background jobs of a shell start with SIGINT ignored, and so would every run that a test interrupts.
if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    signal.signal(signal.SIGINT, signal.default_int_handler)

HERE = Path(__file__).parent
WHOLE = ("proof", "end_to_end", "benchmarks")
"""Folders of tests that play much of the suite, and begin before others."""
UNHURRIED = (*WHOLE, "commands", "schemas")
"""Folders whose tests take long enough to be left out by ``-m quick``."""
LONGEST = 60.0
"""Seconds for a test that is a coroutine function."""


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items):
    """Puts long tests first, so that no process is left alone with one at the end, and marks those that are quick."""

    shortness = {item: (item.get_closest_marker("long") is None, _folder(item.path) not in WHOLE) for item in items}
    for item, (short, _) in shortness.items():
        if short and _folder(item.path) not in UNHURRIED:
            item.add_marker("quick")
    items.sort(key=shortness.__getitem__)


def pytest_ignore_collect(collection_path, config):
    """Does not even import what ``-m quick`` leaves out."""
    return True if config.option.markexpr == "quick" and _folder(collection_path) in UNHURRIED else None


@pytest.hookimpl(tryfirst=True)
def pytest_pyfunc_call(pyfuncitem):
    """Runs a test that is a coroutine function, for a minute at most; gives whether it is one."""
    if not inspect.iscoroutinefunction(pyfuncitem.obj):
        return None
    arguments = {name: pyfuncitem.funcargs[name] for name in inspect.signature(pyfuncitem.obj).parameters}

    async def play():
        async with asyncio.timeout(LONGEST):
            await pyfuncitem.obj(**arguments)

    asyncio.run(play())
    return True


@cache
def _folder(path):
    """The folder of tests/ that a path is in."""
    return path.relative_to(HERE).parts[0] if path != HERE and path.is_relative_to(HERE) else ""


@pytest.hookimpl(wrapper=True)
def pytest_collection():
    """Keeps the garbage collector from searching thousands of tests, which stay until the end, again and again.

    It searches less often afterwards, too. Tests leave few cycles, and searching for them took a tenth of the time.
    """
    gc.disable()
    try:
        return (yield)
    finally:
        gc.freeze()
        gc.set_threshold(50_000, 20, 50)
        gc.enable()
