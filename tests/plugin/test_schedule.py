"""Scenarios begin in an order that leaves hostile input to the end."""

import math
from types import SimpleNamespace

from beckn_conformance.plugin.schedule import WINDOW, Schedule
from beckn_conformance.run.examples import CHUNK
from beckn_conformance.run.scenario import Scenario


class Session:
    """Notes in which order scenarios begin, and plays none."""

    def __init__(self):
        self.begun, self.first = [], []
        self.run = SimpleNamespace(examples=CHUNK + 1)
        memory = SimpleNamespace(room=math.inf)
        self.player = SimpleNamespace(playing={}, memory=memory, sent=0, prefetch=self.prefetch, all_due=self.all_due)
        self.tally = SimpleNamespace(ids=set)
        self.subscribers = []
        self.steps = 0

    def prefetch(self, plays, *, first=False):
        self.steps += bool(plays)
        self.begun += plays
        self.first += plays if first else ()

    def all_due(self):
        self.due_after = len(self.begun)

    def play(self, name, play, test, weight=None):
        return SimpleNamespace(findings={})

    def end_test(self, test, requirements, *, drawn=False):
        return None


class Examples:
    def chunk(self, number, count):
        return [None] * count


def of(name, *, file="test_signup", drawn=False, settles=False):
    """A test of a file of the suite; a property if it is ``drawn``."""
    return SimpleNamespace(
        name=f"{file}.py::{name}",
        node_id=name,
        item=SimpleNamespace(name=name),
        scenario=Scenario(play=lambda actor, example=None: None, settles=settles),
        is_property=drawn,
        is_divided=False,
        part=(0, 1),
        play=None,
        requirements=(),
        examples=lambda session: Examples(),
    )


def played(*tests):
    session = Session()
    schedule = Schedule(session, SimpleNamespace(option=SimpleNamespace(maxfail=0)))
    schedule.arrange(tests, {test.name: "" for test in tests})
    for test in tests:
        schedule.play(test)
    return session


def test_hostile_input_begins_once_all_examples_have_begun():
    begun = played(of("plain"), of("property", drawn=True), of("hostile", file="test_robustness")).begun

    assert len(begun) == 1 + CHUNK + 1 + 1
    assert begun[0] == "test_signup.py::plain"
    assert begun[-1] == "test_robustness.py::hostile"


def test_hostile_input_waits_for_nobody_who_waits_for_others():
    session = played(of("waiting"), of("hostile", file="test_robustness"))

    assert session.begun[: session.due_after] == ["test_signup.py::waiting"]


def test_tests_that_follow_begin_in_one_step():
    session = played(*(of(f"plain {number}") for number in range(50)))

    assert len(session.begun) == 50
    assert session.steps == 2


def test_examples_that_settle_are_played_before_others():
    session = played(of("plain"), of("history", drawn=True, settles=True), of("property", drawn=True))

    assert len(session.first) == CHUNK + 1
    assert {name.partition("#")[0] for name in session.first} == {"test_signup.py::history"}


def test_examples_that_are_still_being_drawn_take_room():
    session = Session()
    schedule = Schedule(session, SimpleNamespace(option=SimpleNamespace(maxfail=0)))
    ordered = []
    schedule._drawer = SimpleNamespace(order=ordered.append, has=lambda chunk: False)
    tests = [of(f"plain {number}") for number in range(3)]
    tests += [of(f"property {number}", drawn=True) for number in range(50)]
    schedule.arrange(tests, {test.name: "" for test in tests})
    for test in tests[:3]:
        schedule.play(test)

    assert 0 < sum(count for _, _, count in ordered) <= WINDOW + CHUNK
