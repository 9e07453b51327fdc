"""Runs the kit as its users do: a pytest process of its own, in a folder of its own."""

from __future__ import annotations

import json
import multiprocessing
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from importlib.metadata import entry_points
from pathlib import Path
from typing import Any

import beckn_conformance

ROOT = Path(beckn_conformance.__file__).resolve().parents[1]
PLUGIN = "beckn_conformance.plugin"
LONGEST = 60.0
"""Seconds after which a run counts as hanging; every run here is meant to end far earlier."""

# Imported once, and inherited by the process of every run.
PRELOADED = [
    "pytest",
    "beckn_conformance.campaign",
    "reference_server",
    "allure_pytest.plugin",
    "schemathesis",
    "hypothesis",
    "xdist.plugin",
    "end_to_end.kit",
]


def plugin_arguments() -> list[str]:
    """What brings the plugin where no entry point does."""
    installed = any(entry.value == PLUGIN for entry in entry_points(group="pytest11"))
    return ["-p", PLUGIN]


def environment(more: Mapping[str, str]) -> dict[str, str]:
    """That of this process, with the kit importable from any folder, and without what would steer pytest."""
    inherited = {
        key: value
        for key, value in os.environ.items()
        if not key.startswith(("PYTEST_", "COLUMNS", "CI", "http_proxy", "https_proxy"))
    }
    path = os.pathsep.join(filter(None, [str(ROOT), inherited.get("PYTHONPATH", "")]))
    return {**inherited, "PYTHONPATH": path, "COLUMNS": "100", "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1", **more}


@dataclass(frozen=True)
class Run:
    """A run of the kit that has ended."""

    status: int
    output: str
    """Everything on standard output and standard error."""
    folder: Path
    """The report folder."""
    seconds: float

    @cached_property
    def report(self) -> dict[str, Any]:
        loaded = json.loads((self.folder / "report.json").read_text(encoding="utf-8"))
        assert isinstance(loaded, dict)
        return loaded

    @property
    def findings(self) -> list[dict[str, Any]]:
        """Those of the report, each with its requirement."""
        return [
            {**finding, "requirement": row["id"], "status": row["status"]}
            for row in self.report["requirements"]
            for finding in row["findings"]
        ]

    @property
    def journal(self) -> list[dict[str, Any]]:
        """Every exchange, as the kit wrote it down."""
        return [
            json.loads(line)
            for file in sorted(self.folder.glob("exchanges*.jsonl"))
            for line in file.read_text(encoding="utf-8").splitlines()
        ]

    @property
    def crashed(self) -> bool:
        """Whether anything looks like a fault of the kit."""
        return "Traceback" in self.output or "INTERNALERROR" in self.output or "Error:" in self.output


def _child(arguments: list[str], folder: str, env: dict[str, str], output: str) -> None:
    """The process of a run."""
    os.chdir(folder)
    os.environ.clear()
    os.environ.update(env)
    descriptor = os.open(output, os.O_CREAT | os.O_WRONLY | os.O_TRUNC)
    os.dup2(descriptor, 1)
    os.dup2(descriptor, 2)
    sys.stdout = open(1, "w", encoding="utf-8", closefd=False)  # noqa: SIM115
    sys.stderr = open(2, "w", encoding="utf-8", closefd=False)  # noqa: SIM115
    sys.argv = ["pytest", *arguments]
    import pytest

    status = int(pytest.main(arguments))
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(status)


_CONTEXT = multiprocessing.get_context("forkserver")
_CONTEXT.set_forkserver_preload(PRELOADED)


class Kit:
    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def run(self, url, *options, config=None, env={}):
        out = self.folder / "out.txt"
        args = [*plugin_arguments(), f"--gateway-url={url}", *options]
        started = time.monotonic()
        p = _CONTEXT.Process(target=_child, args=(args, str(self.folder), environment(env), str(out)))
        p.start()
        p.join(60)
        return Run(p.exitcode, out.read_text(), self.folder / "reports", time.monotonic() - started)
