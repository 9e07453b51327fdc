"""Commands of the laboratory end in time, and run one at a time for each account, and a few at a time for all."""

import contextlib
import time

import pytest

from beckn_conformance.commands.lab import execution
from beckn_conformance.commands.lab.accounts import Account
from beckn_conformance.commands.lab.operations import AT_ONCE, CommandSlots
from beckn_conformance.commands.lab.places import Places
from beckn_conformance.commands.lab.refusals import Conflict
from beckn_conformance.errors import KitError
from beckn_conformance.process import children

ACCOUNTS = [Account(f"a{number}", "vendor") for number in range(AT_ONCE + 1)]


@pytest.fixture
def turns(tmp_path):
    with Places(tmp_path / "lab").held():
        yield CommandSlots(Places(tmp_path / "lab"))


@pytest.fixture
def hanging(tmp_path, monkeypatch):
    """A private folder, and a command that never ends."""
    monkeypatch.setattr(children, "arguments", lambda module: ("-c", "import time; time.sleep(600)"))
    return tmp_path


def test_a_command_says_what_it_prints_and_how_it_ends(tmp_path):
    finished = execution.command(("verify", "nowhere", "--public-key", "none"), tmp_path)

    assert (finished.status, finished.output) == (4, b"")
    assert finished.complaint == "none cannot be read: No such file or directory"


def test_variables_reach_a_command(tmp_path, monkeypatch):
    code = "import os; print(os.environ['LAB'], os.environ['TMPDIR'], os.getcwd())"
    monkeypatch.setattr(children, "arguments", lambda module: ("-c", code))

    finished = execution.command((), tmp_path, environment={"LAB": "yes"})

    assert finished.output.decode().split() == ["yes", str(tmp_path), str(tmp_path)]


def test_a_command_that_hangs_is_ended(hanging):
    began = time.monotonic()
    with pytest.raises(KitError, match=r"longer than 0\.2 s"):
        execution.command((), hanging, limit=0.2)

    assert time.monotonic() - began < 60


def test_a_command_that_is_not_wanted_any_more_is_ended(hanging):
    with pytest.raises(KitError, match="no longer wanted"):
        execution.command((), hanging, wanted=lambda: False)


def test_an_account_has_one_turn_at_a_time(turns):
    with turns.taken(ACCOUNTS[0]):
        with pytest.raises(Conflict, match="for you"), turns.taken(ACCOUNTS[0]):
            pass
        with turns.taken(ACCOUNTS[1]):
            pass
    with turns.taken(ACCOUNTS[0]):
        pass


def test_a_few_accounts_have_turns_at_the_same_time(turns):
    with contextlib.ExitStack() as stack:
        for account in ACCOUNTS[:-1]:
            stack.enter_context(turns.taken(account))
        with pytest.raises(Conflict, match="too much"), turns.taken(ACCOUNTS[-1]):
            pass
    with turns.taken(ACCOUNTS[-1]):
        pass
