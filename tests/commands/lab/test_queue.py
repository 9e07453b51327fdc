"""The queue plays every run once, survives what goes wrong, and loses none at a restart."""

import shutil
import threading
from contextlib import closing

import pytest

from beckn_conformance.commands.fleet.job import CANCELLED, Outcome
from beckn_conformance.commands.lab import queue as queue_module
from beckn_conformance.commands.lab.places import Places
from beckn_conformance.commands.lab.queue import RESTARTED, Queue
from beckn_conformance.commands.lab.refusals import Conflict, Unavailable
from beckn_conformance.commands.lab.store import Run, Store
from beckn_conformance.errors import KitError
from beckn_conformance.report.files import RECORD
from tests.commands.lab.laboratories import run_row
from tests.end_to_end.kit import ROOT, until


class Executor:
    """Plays runs that end when a test says so."""

    def __init__(self):
        self.playing = []
        self.most = 0
        self.free = threading.Event()
        self.faults = []
        self.instructions = []

    def play(self, run, instruction):
        if self.faults:
            raise self.faults.pop()
        self.playing.append(run.id)
        self.most = max(self.most, len(self.playing))
        while instruction() == "play" and not self.free.is_set():
            self.free.wait(0.005)
        asked = instruction()
        self.instructions.append(asked)
        self.playing.remove(run.id)
        return Outcome(run.id, None, CANCELLED) if asked == "end" else Outcome(run.id, 3, "exit status 3")


class Stage:
    def __init__(self, folder):
        self.places = Places(folder)
        self.store = Store(folder / "db")
        self.executor = Executor()
        self.queues = []

    def start(self, workers=2):
        queue = Queue(self.store, self.places, self.executor.play, workers)
        self.queues.append(queue)
        queue.start()
        return queue

    def run(self, id_, **more):
        return run_row(self.store, id_, **{"url": f"http://{id_}.example", **more})

    def now(self, id_):
        run = self.store.get(Run, id_)
        assert run is not None
        return run

    def ended(self, *ids):
        return not any(self.now(id_).under_way for id_ in ids)


@pytest.fixture
def stage(tmp_path, monkeypatch):
    monkeypatch.setattr(queue_module, "AGAIN", 0.01)
    places = Places(tmp_path)
    with places.held():
        stage = Stage(tmp_path)
        yield stage
        for queue in stage.queues:
            queue.close()
        stage.store.close()


def test_so_many_runs_go_at_a_time(stage):
    for number in range(5):
        stage.run(f"r{number}")
    stage.start(workers=2)

    until(lambda: len(stage.executor.playing) == 2)
    stage.executor.free.set()
    until(lambda: stage.ended(*(f"r{number}" for number in range(5))))

    assert stage.executor.most == 2


def test_a_run_that_is_queued_later_begins_at_once(stage):
    stage.executor.free.set()
    queue = stage.start()
    stage.run("r1")
    queue.wake()

    until(lambda: stage.ended("r1"))


def test_a_run_that_cannot_be_played_says_why_and_the_next_one_goes_on(stage):
    stage.executor.faults = [KitError("no key"), OSError(28, "No space left on device")]
    stage.executor.free.set()
    for id_ in ("r1", "r2", "r3"):
        stage.run(id_)
    stage.start(workers=1)

    until(lambda: stage.ended("r1", "r2", "r3"))
    assert stage.now("r1").reason == "it could not be played: [Errno 28] No space left on device"
    assert stage.now("r2").reason == "it could not be played: no key"
    assert stage.now("r3").reason == "exit status 3"


def test_a_fault_of_the_kit_ends_one_run_only(stage, capsys):
    stage.executor.faults = [AssertionError("never")]
    stage.executor.free.set()
    stage.run("r1")
    stage.run("r2")
    stage.start(workers=1)

    until(lambda: stage.ended("r1", "r2"))
    assert stage.now("r1").reason == "a fault of the laboratory ended it"
    assert "never" in capsys.readouterr().err
    assert stage.now("r2").reason == "exit status 3"


def test_a_queued_run_is_cancelled_before_it_begins(stage):
    queue = stage.start(workers=1)
    first, second = stage.run("r1"), stage.run("r2")
    queue.wake()
    until(lambda: stage.executor.playing == ["r1"])

    assert queue.cancel(second)
    stage.executor.free.set()
    until(lambda: stage.ended("r1"))

    assert stage.now("r2").state == "cancelled"
    assert stage.now("r2").attempts == 0
    assert not queue.cancel(first)


def test_a_running_run_is_told_to_end(stage):
    queue = stage.start()
    run = stage.run("r1")
    queue.wake()
    until(lambda: stage.executor.playing == ["r1"])

    assert queue.cancel(run)
    until(lambda: stage.ended("r1"))

    assert stage.executor.instructions == ["end"]
    assert stage.now("r1").state == "cancelled"


def test_a_run_waits_while_its_cluster_cannot_be_reached(stage):
    stage.executor.faults = [Unavailable("the scheduler was lost")] * 3
    stage.executor.free.set()
    stage.run("r1")
    stage.start(workers=1)

    until(lambda: stage.ended("r1"))
    assert stage.now("r1").attempts == 4


def test_nothing_begins_on_a_full_disk(stage, monkeypatch):
    room = [False]
    monkeypatch.setattr(Places, "full", property(lambda self: not room[0]))
    stage.executor.free.set()
    stage.run("r1")
    stage.start()

    assert stage.now("r1").state == "queued"
    room[0] = True
    until(lambda: stage.ended("r1"))


def test_a_result_that_cannot_be_written_is_written_later(stage, monkeypatch):
    change, failures = stage.store.change, iter([True, True, False])

    def failing(*how, **values):
        if values.get("state") == "ended" and next(failures):
            raise Unavailable("database or disk is full")
        return change(*how, **values)

    monkeypatch.setattr(stage.store, "change", failing)
    stage.executor.free.set()
    stage.run("r1")
    stage.start()

    until(lambda: stage.ended("r1"))


def test_runs_that_were_under_way_are_queued_again_without_a_record(stage):
    queue = stage.start(workers=1)
    stage.run("r1")
    stage.run("r2")
    queue.wake()
    until(lambda: stage.executor.playing == ["r1"])
    queue.close()
    assert (stage.now("r1").state, stage.now("r2").state) == ("running", "queued")
    assert stage.executor.instructions == ["kill"]

    stage.executor.free.set()
    stage.start(workers=1)

    until(lambda: stage.ended("r1", "r2"))
    assert (stage.now("r1").attempts, stage.now("r2").attempts) == (2, 1)


def test_a_run_that_ends_the_laboratory_each_time_is_given_up(stage):
    stage.run("r1", state="running", attempts=3)
    stage.start()

    until(lambda: stage.ended("r1"))
    assert stage.now("r1").reason == RESTARTED
    assert stage.executor.instructions == []


def test_a_run_that_ended_just_before_a_restart_has_its_result(stage):
    stage.run("r1", state="running", attempts=1)
    folder = stage.places.report("r1")
    shutil.copytree(ROOT / "reports" / "sample", folder)
    for name in RECORD:
        (folder / name).touch()
    stage.start()

    until(lambda: stage.ended("r1"))
    assert (stage.now("r1").reason, stage.now("r1").verdict) == ("", "non-conformant")


def test_no_run_begins_while_its_gateway_is_needed_alone(stage):
    stage.executor.free.set()
    queue = stage.start()
    with queue.alone("http://r1.example"):
        stage.run("r1")
        stage.run("r2")
        queue.wake()
        until(lambda: stage.ended("r2"))
        assert stage.now("r1").state == "queued"
    until(lambda: stage.ended("r1"))


def test_a_gateway_is_not_had_alone_while_a_run_of_it_goes(stage):
    queue = stage.start()
    stage.run("r1")
    queue.wake()
    until(lambda: stage.executor.playing == ["r1"])

    with pytest.raises(Conflict), queue.alone("http://r1.example"):
        pass
    with queue.alone("http://r2.example"), pytest.raises(Conflict), queue.alone("http://r2.example"):
        pass


def test_a_folder_that_is_not_there_has_no_room(tmp_path):
    assert Places(tmp_path / "gone").full
    assert not Places(tmp_path).full


def test_a_data_folder_belongs_to_one_laboratory(tmp_path):
    with Places(tmp_path / "lab").held():
        with pytest.raises(KitError, match="in use by another laboratory"), Places(tmp_path / "lab").held():
            pass
        assert (tmp_path / "lab").stat().st_mode & 0o777 == 0o700
    with Places(tmp_path / "lab").held(), closing(Store(Places(tmp_path / "lab").database)):
        pass
