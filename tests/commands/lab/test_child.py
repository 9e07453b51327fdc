"""Commands that the laboratory runs in processes of their own end in time and with it."""

from __future__ import annotations

import time
from pathlib import Path

import pytest

from beckn_conformance.commands.lab import child
from beckn_conformance.errors import KitError
from beckn_conformance.process import children


@pytest.fixture
def hanging(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A private folder, and a command that never ends."""
    monkeypatch.setattr(children, "arguments", lambda module: ("-c", "import time; time.sleep(600)"))
    return tmp_path


def test_a_command_says_what_it_prints_and_how_it_ends(tmp_path: Path) -> None:
    finished = child.run(("verify", "nowhere", "--public-key", "none"), tmp_path)

    assert (finished.status, finished.output) == (4, b"")
    assert finished.complaint == "none cannot be read: No such file or directory"


def test_variables_reach_a_command(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    code = "import os; print(os.environ['LAB'], os.environ['TMPDIR'], os.getcwd())"
    monkeypatch.setattr(children, "arguments", lambda module: ("-c", code))

    finished = child.run((), tmp_path, environment={"LAB": "yes"})

    assert finished.output.decode().split() == ["yes", str(tmp_path), str(tmp_path)]


def test_a_command_that_hangs_is_ended(hanging: Path) -> None:
    began = time.monotonic()
    with pytest.raises(KitError, match=r"longer than 0\.2 s"):
        child.run((), hanging, limit=0.2)

    assert time.monotonic() - began < 60


def test_a_command_that_is_not_wanted_any_more_is_ended(hanging: Path) -> None:
    with pytest.raises(KitError, match="not wanted"):
        child.run((), hanging, wanted=lambda: False)
