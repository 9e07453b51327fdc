"""Runs the kit as its users do: in a pytest process of its own, in a folder of its own."""

from __future__ import annotations

import json
import multiprocessing
import os
import resource
import signal
import subprocess
import sys
import time
from dataclasses import dataclass
from functools import cache, cached_property
from importlib.metadata import entry_points
from multiprocessing import forkserver
from pathlib import Path
from unittest import mock

import beckn_conformance

ROOT = Path(beckn_conformance.__file__).resolve().parents[1]
PLUGIN = "beckn_conformance.plugin"
ONE = ("--pyargs", "beckn_conformance.suite.test_get::test_plain_get")
"""Narrows a run to one test, the quickest way."""
SEED = ("-p", "_hypothesis_pytestplugin", "--hypothesis-seed=1")
LONGEST = 300.0
"""Seconds after which a run counts as hanging: far more than one takes, however busy the machine is."""

_PROCESSES = multiprocessing.get_context("forkserver")
# Imported once, and inherited by the process of every run.
_PROCESSES.set_forkserver_preload(["tests.end_to_end.kit", "tests.end_to_end.inherited"])


def installed():
    """Whether an entry point brings the plugin."""
    return any(entry.value == PLUGIN for entry in entry_points(group="pytest11"))


def environment(**more):
    """That of this process, with the kit importable from any folder, and without what steers pytest or a client."""
    kept = {
        key: value
        for key, value in os.environ.items()
        if not key.startswith("PYTEST_")
        and not key.lower().endswith("_proxy")
        and key not in ("CI", "GITHUB_STEP_SUMMARY", "NO_COLOR", "FORCE_COLOR", "PY_COLORS")
    }
    path = os.pathsep.join(filter(None, [str(ROOT), kept.get("PYTHONPATH", "")]))
    return {**kept, "PYTHONPATH": path, "COLUMNS": "100", **more}


@dataclass(frozen=True)
class Run:
    """A run of the kit that has ended."""

    status: int
    printed: bytes
    """Everything on standard output and standard error."""
    folder: Path
    """The report folder."""
    seconds: float
    peak: float = 0.0
    """Most memory that its process took, in MB."""

    @property
    def output(self):
        return self.printed.decode("utf-8", "backslashreplace")

    @property
    def lines(self):
        """The lines that say something."""
        return [line for line in self.output.splitlines() if line.strip()]

    @cached_property
    def report(self):
        return json.loads((self.folder / "report.json").read_text(encoding="utf-8"), parse_constant=_refuse)

    @property
    def reported(self):
        return (self.folder / "report.json").exists()

    @property
    def findings(self):
        """Those of the report, each with its requirement and the status of that."""
        return [
            {**finding, "requirement": row["id"], "status": row["status"]}
            for row in self.report["requirements"]
            for finding in row["findings"]
        ]

    def requirement(self, name):
        """The row of the report on one requirement."""
        return next(row for row in self.report["requirements"] if row["id"] == name)

    @property
    def journal(self):
        """Every exchange that was written down."""
        return [
            json.loads(line)
            for file in sorted(self.folder.glob("exchanges*.jsonl"))
            for line in file.read_text(encoding="utf-8").splitlines()
        ]

    @property
    def crashed(self):
        """Whether anything printed looks like a fault of the kit."""
        return any(word in self.output for word in ("Traceback", "INTERNALERROR", "fault of the kit"))


def _refuse(name):
    raise ValueError(f"{name} is no JSON")


@cache
def _start_server():
    """Starts what every run is forked from; only its environment tells it where to find what it preloads."""
    folders = [str(ROOT), os.environ.get("PYTHONPATH", "")]
    with mock.patch.dict(os.environ, {"PYTHONPATH": os.pathsep.join(filter(None, folders))}):
        forkserver.ensure_running()


class Started:
    """A run of the kit that goes on."""

    def __init__(self, arguments, folder, env, report):
        self._report = report
        self._output = folder / "printed.txt"
        self._began = time.monotonic()
        _start_server()
        self._process = _PROCESSES.Process(
            target=_be_pytest, args=(list(arguments), str(folder), dict(env), str(self._output))
        )
        self._process.start()

    def interrupt(self):
        """What Ctrl-C does."""
        assert self._process.pid is not None
        os.kill(self._process.pid, signal.SIGINT)

    def terminate(self):
        """What a machine does to a run that it wants to end."""
        self._process.terminate()

    def kill(self):
        """What nothing survives."""
        self._process.kill()

    def wait(self, longest=LONGEST, *, faulty=False):
        """The run once it has ended; raises AssertionError where it does not, or for a fault of the kit."""
        self._process.join(longest)
        hangs = self._process.exitcode is None
        if hangs:
            self._process.kill()
            self._process.join()
        printed = self._output.read_bytes() if self._output.exists() else b""
        assert not hangs, f"the run hangs: {printed.decode(errors='replace')}"
        assert self._process.exitcode is not None
        figure = self._output.with_suffix(".peak")
        peak = float(figure.read_text()) if figure.exists() else 0.0
        seconds = time.monotonic() - self._began
        return _sound(Run(self._process.exitcode, printed, self._report, seconds, peak), faulty)


def _be_pytest(arguments, folder, env, output):
    """The process of a run: pytest without any plugin but the kit's."""
    # Background jobs of a shell start with SIGINT ignored.
    signal.signal(signal.SIGINT, signal.default_int_handler)
    os.chdir(folder)
    os.environ.clear()
    os.environ.update(env)
    descriptor = os.open(output, os.O_CREAT | os.O_WRONLY | os.O_TRUNC, 0o600)
    os.dup2(descriptor, 1)
    os.dup2(descriptor, 2)
    sys.stdout = open(1, "w", encoding="utf-8", closefd=False)  # noqa: SIM115
    sys.stderr = open(2, "w", encoding="utf-8", closefd=False, buffering=1)  # noqa: SIM115
    sys.argv = ["pytest", *arguments]
    import pytest

    try:
        sys.exit(pytest.console_main())
    finally:
        peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
        Path(output).with_suffix(".peak").write_text(str(peak / (1024**2 if sys.platform == "darwin" else 1024)))


class Kit:
    """The kit in a folder of its own."""

    def __init__(self, folder):
        self.folder = folder
        self.report = folder / "reports"
        self.seeded = True
        """Whether the same is drawn every time. The plugin that this takes warns of what a run inherited already."""

    def configure(self, text):
        """Writes a configuration, and gives the option that names it."""
        file = self.folder / "gateway.yaml"
        file.write_text(text, encoding="utf-8")
        return f"--gateway-config={file}"

    def start(self, url, *options, **env):
        """Starts a run; its options are those of pytest."""
        alone = {"PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1"}
        arguments = ["-p", PLUGIN, f"--gateway-url={url}", *(SEED if self.seeded else ()), *options]
        return Started(arguments, self.folder, environment(**alone, **env), self.report)

    def run(self, url, *options, faulty=False, **env):
        """Runs the kit to its end; raises AssertionError for a fault of the kit, unless one is expected."""
        return self.start(url, *options, **env).wait(faulty=faulty)

    def pytest(self, *arguments, python=sys.executable, **env):
        """Runs pytest from a fresh interpreter with every plugin that is installed, as a user would type it."""
        began = time.monotonic()
        plugin = [] if installed() or python != sys.executable else ["-p", PLUGIN]
        ended = subprocess.run(
            [python, "-m", "pytest", *plugin, *arguments],
            cwd=self.folder,
            env=environment(**env),
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            stdin=subprocess.DEVNULL,
            timeout=LONGEST,
            check=False,
        )
        return _sound(Run(ended.returncode, ended.stdout, self.report, time.monotonic() - began))


def _sound(run, faulty=False):
    assert faulty or not run.crashed, run.output
    return run


def until(condition, longest=LONGEST):
    """Waits until something holds; raises AssertionError where it does not come to it.

    Whoever has waited for long is asked less often, since asking takes time from what is waited for.
    """
    began, pause = time.monotonic(), 0.01
    while not condition():
        assert time.monotonic() < began + longest, "what is waited for does not happen"
        time.sleep(pause)
        pause = min(pause * 1.2, 0.1)
