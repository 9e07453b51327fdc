"""The progress of a long property is shown on a terminal, and nowhere else."""

import contextlib
import os
import pty
import subprocess
import sys
import textwrap
from pathlib import Path
from types import SimpleNamespace

import pytest

import beckn_conformance
from beckn_conformance.plugin import progress
from beckn_conformance.plugin.progress import ERASE, RESTORE, SAVE, Progress
from beckn_conformance.record.events import ScenarioEnd, Transcript, Weight

EXAMPLE = ScenarioEnd("test_history", Transcript([]))
SMALLER = ScenarioEnd("test_history", Transcript([]), Weight(exact=1))
ROOT = Path(beckn_conformance.__file__).resolve().parents[1]


class Stage:
    """A terminal, or a file, of some width, and a run that has come so far."""

    def __init__(self, *, terminal=True, written=10, width=100):
        self.shown = ""
        room = max(width - written - 1, 0) if terminal else 0
        self.screen = SimpleNamespace(room=room, put=self._put)
        self.session = SimpleNamespace(
            player=SimpleNamespace(sent=40),
            tally=SimpleNamespace(ids=lambda: {"GET-ID-1", "GET-ACK-1", "GET-ACK-2"}),
            subscribers=[],
        )

    def progress(self):
        return Progress(self.screen, self.session, "test_history", 250)

    def judge(self, examples):
        """Has so many examples judged."""
        for _ in range(examples):
            for subscriber in self.session.subscribers:
                subscriber(EXAMPLE)

    def _put(self, text):
        self.shown += text


@pytest.fixture
def clock(monkeypatch):
    """The time, which goes on only where a test says so."""
    now = [100.0]
    monkeypatch.setattr(progress.time, "monotonic", lambda: now[0])
    return now


def test_it_shows_examples_exchanges_and_findings(clock):
    stage = Stage()
    with stage.progress():
        stage.judge(74)
        stage.session.player.sent = 640
        clock[0] += 3
        stage.judge(1)

        text = "  test_history: 75 of 250 examples, 200 exchanges/s, 3 findings so far"
        assert stage.shown == f"{SAVE}{text}{ERASE}{RESTORE}"


def test_a_shrunk_example_is_not_counted(clock):
    stage = Stage()
    with stage.progress():
        clock[0] += 3
        stage.session.subscribers[0](SMALLER)
        assert stage.shown == ""
        stage.judge(1)

    assert "1 of 250 examples" in stage.shown


def test_a_short_property_shows_nothing(clock):
    stage = Stage()
    with stage.progress():
        clock[0] += 1
        stage.judge(75)

    assert stage.shown == ""
    assert stage.session.subscribers == []


def test_it_is_not_written_too_often(clock):
    stage = Stage()
    with stage.progress():
        clock[0] += 3
        stage.judge(50)

    assert stage.shown.count(SAVE) == 1


def test_a_file_shows_nothing(clock):
    stage = Stage(terminal=False)
    with stage.progress():
        clock[0] += 60
        stage.judge(75)

    assert stage.shown == ""


@pytest.mark.parametrize(("written", "width"), [(70, 80), (79, 80), (90, 80)])
def test_it_fits_on_its_line_and_is_removed_at_the_end(clock, written, width):
    stage = Stage(written=written, width=width)
    with stage.progress():
        clock[0] += 3
        stage.judge(75)
        text = stage.shown.removeprefix(SAVE).removesuffix(ERASE + RESTORE)

    assert len(text) <= max(width - written - 1, 0)
    assert stage.shown == "" or stage.shown.endswith(RESTORE + ERASE)


PLUGIN = """
    import types
    from beckn_conformance.record.events import ScenarioEnd, Transcript
    from beckn_conformance.plugin import progress

    progress.QUIET = progress.INTERVAL = 0

    def pytest_configure(config):
        config.screen = progress.Screen(config)

    def test_history(pytestconfig):
        player, tally = types.SimpleNamespace(sent=0), types.SimpleNamespace(ids=set)
        session = types.SimpleNamespace(player=player, tally=tally, subscribers=[])
        with progress.Progress(pytestconfig.screen, session, "test_history", 250) as shown:
            shown.follow(ScenarioEnd("test_history", Transcript([])))
"""


def _shown_on_a_terminal(folder, *options, **env):
    """What a terminal of 80 columns shows of a run of pytest in which progress is told."""
    (folder / "test_it.py").write_text(textwrap.dedent(PLUGIN))
    ours, theirs = pty.openpty()
    command = [sys.executable, "-P", "-m", "pytest", "-c", os.devnull, "-p", "test_it", "test_it.py", *options]
    environment = {**os.environ, "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1", "COLUMNS": "80", "TERM": "xterm", **env}
    environment["PYTHONPATH"] = os.pathsep.join([str(folder), str(ROOT)])
    process = subprocess.Popen(command, cwd=folder, stdout=theirs, stderr=theirs, stdin=theirs, env=environment)
    os.close(theirs)
    shown = b""
    # Reading fails where nobody is left to write.
    with contextlib.suppress(OSError):
        while piece := os.read(ours, 65536):
            shown += piece
    os.close(ours)
    assert process.wait() == 0, shown.decode()
    return shown.decode()


@pytest.mark.parametrize("capture", ["fd", "sys", "no"])
def test_a_terminal_shows_it_while_pytest_captures(tmp_path, capture):
    shown = _shown_on_a_terminal(tmp_path, f"--capture={capture}")

    text = "  test_history: 1 of 250 examples, 0 exchanges/s, 0 findings so far"
    assert f"test_it.py {SAVE}{text}{ERASE}{RESTORE}" in shown


def test_a_terminal_without_colours_shows_nothing(tmp_path):
    assert SAVE not in _shown_on_a_terminal(tmp_path, "--color=no")
