"""The store keeps its rows, and gives out the queued runs in a fair order."""

import sqlite3

import pytest

from beckn_conformance.commands.lab.store import Gateway, Run, Store
from beckn_conformance.errors import UsageError
from tests.commands.lab.laboratories import gateway_row, run_row


@pytest.fixture
def store(tmp_path):
    store = Store(tmp_path / "db")
    yield store
    store.close()


def taken(store):
    run = store.take()
    return run.id if run else ""


def test_rows_come_back_as_they_were_after_another_start(tmp_path, store):
    gateway = gateway_row(store, declarations=b"\x00\xff")
    run = run_row(store, "r1", strict=True, seed=7, verdict="conformant", status=0)

    assert {path.stat().st_mode & 0o077 for path in tmp_path.iterdir()} == {0}
    other = Store(tmp_path / "db")
    assert other.get(Gateway, gateway.id) == gateway
    assert other.get(Run, "r1") == run
    assert other.get(Run, "r2") is None
    other.close()


def test_rows_are_listed_newest_first_and_by_their_columns(store):
    for id_, owner in (("r1", "alice"), ("r2", "bob"), ("r3", "alice")):
        run_row(store, id_, owner)

    assert [run.id for run in store.all(Run)] == ["r3", "r2", "r1"]
    assert [run.id for run in store.all(Run, 1, owner="alice")] == ["r3"]
    assert [run.id for run in store.all(Run, owner=("bob", "carol"))] == ["r2"]


def test_a_run_changes_only_in_the_states_that_are_named(store):
    run_row(store, "r1")

    assert store.change(Run, "r1", states=("running",), state="ended") is None
    assert store.change(Run, "r1", states=("queued",), state="cancelled") is not None
    assert store.change(Run, "r2", state="ended") is None


def test_the_oldest_run_is_next_and_is_taken_once(store):
    for number in (1, 2):
        run_row(store, f"r{number}", url=f"http://gw{number}.example")

    assert [taken(store) for _ in range(3)] == ["r1", "r2", ""]
    run = store.get(Run, "r1")
    assert run is not None
    assert (run.state, run.attempts) == ("running", 1)
    assert run.started


def test_the_owner_with_the_fewest_running_is_next(store):
    for number in range(3):
        run_row(store, f"a{number}", "alice", f"http://a{number}.example")
    run_row(store, "b0", "bob", "http://b0.example")

    assert [taken(store) for _ in range(4)] == ["a0", "b0", "a1", "a2"]


def test_owners_take_turns_with_one_worker(store, monkeypatch):
    moments = iter(range(100))
    monkeypatch.setattr("beckn_conformance.commands.lab.store.now", lambda: f"{next(moments):03}")
    for number in range(3):
        run_row(store, f"a{number}", "alice", f"http://a{number}.example")
    for number in range(2):
        run_row(store, f"b{number}", "bob", f"http://b{number}.example")

    order = []
    while id_ := taken(store):
        order.append(id_)
        store.change(Run, id_, state="ended")

    assert order == ["a0", "b0", "a1", "b1", "a2"]


def test_two_runs_of_a_gateway_never_go_at_once_whoever_owns_it(store):
    run_row(store, "r1", "alice")
    run_row(store, "r2", "bob")

    assert [taken(store), taken(store)] == ["r1", ""]
    store.change(Run, "r1", state="ended")
    assert taken(store) == "r2"


def test_each_run_of_the_reference_gateway_has_its_own(store):
    run_row(store, "r1", url="reference:a")
    run_row(store, "r2", url="reference:a")

    assert [taken(store), taken(store)] == ["r1", "r2"]


def test_a_gateway_that_is_busy_otherwise_waits(store):
    run_row(store, "r1")

    assert store.take(["http://gw.example"]) is None
    assert taken(store) == "r1"


def test_a_file_that_is_no_database_or_of_another_version_is_refused(tmp_path):
    (tmp_path / "text").write_text("no database " * 100)
    with pytest.raises(UsageError, match="cannot be used"):
        Store(tmp_path / "text")

    database = sqlite3.connect(tmp_path / "later")
    database.execute("PRAGMA user_version = 99")
    database.close()
    with pytest.raises(UsageError, match="another version"):
        Store(tmp_path / "later")
