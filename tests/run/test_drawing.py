"""Examples drawn beside a process are those that it would draw, and it goes on where nobody draws for it."""

import os
import signal
from contextlib import contextmanager

import psutil
import pytest
from hypothesis import strategies as st

from beckn_conformance.run import drawing
from beckn_conformance.run.drawing import Drawer
from beckn_conformance.run.examples import Examples
from tests.texts import texts

NUMBERS = Examples(lambda: st.lists(st.integers()), 7, "numbers")
WORDS = Examples(lambda: st.dictionaries(texts(), st.none() | st.binary()), 7, "words")

pytestmark = [
    pytest.mark.skipif(not drawing.THREADS.is_dir(), reason="only Linux says how many threads a process has"),
    # A worker of pytest-xdist has a thread for what it is told.
    pytest.mark.filterwarnings("ignore:This process.*fork:DeprecationWarning"),
]


@pytest.fixture
def threads(tmp_path, monkeypatch):
    """The threads of this process, of which there is one."""
    (tmp_path / "1").touch()
    monkeypatch.setattr(drawing, "THREADS", tmp_path)
    return tmp_path


@contextmanager
def drawer(properties):
    found = Drawer(properties)
    try:
        for name in properties:
            found.order((name, 0, 20))
        yield found
    finally:
        found.close()


@pytest.mark.usefixtures("threads")
def test_examples_drawn_beside_a_process_are_those_that_it_draws():
    with drawer({"numbers": NUMBERS, "words": WORDS}) as drawn:
        assert drawn.take(("words", 0, 20)) == WORDS.chunk(0, 20)
        assert drawn.has(("numbers", 0, 20))
        assert drawn.take(("numbers", 0, 20)) == NUMBERS.chunk(0, 20)
        assert drawn.take(("numbers", 1, 20)) is None


@pytest.mark.usefixtures("threads")
def test_what_is_still_being_drawn_need_not_be_waited_for():
    with drawer({"numbers": NUMBERS, "slow": Examples(lambda: st.builds(signal.pause), 7, "slow")}) as drawn:
        assert drawn.take(("numbers", 0, 20)) is not None
        assert not drawn.has(("slow", 0, 20))


def test_a_process_with_several_threads_draws_by_itself(threads):
    (threads / "2").touch()

    with drawer({"numbers": NUMBERS}) as drawn:
        assert drawn.has(("numbers", 0, 20))
        assert drawn.take(("numbers", 0, 20)) is None


@pytest.mark.usefixtures("threads")
def test_a_process_draws_by_itself_if_there_is_no_room_for_another(monkeypatch):
    def fork():
        raise BlockingIOError

    monkeypatch.setattr(os, "fork", fork)

    with drawer({"numbers": NUMBERS}) as drawn:
        assert drawn.has(("numbers", 0, 20))
        assert drawn.take(("numbers", 0, 20)) is None


@pytest.mark.usefixtures("threads")
@pytest.mark.parametrize(
    "strategy", [st.builds(lambda: os._exit(1)), st.builds(dict, st.just(1)), st.just(id).map(lambda f: lambda: f)]
)
def test_a_process_draws_what_cannot_be_drawn_beside_it(strategy):
    with drawer({"odd": Examples(lambda: strategy, 7, "odd"), "numbers": NUMBERS}) as drawn:
        assert drawn.take(("odd", 0, 20)) is None
        assert drawn.take(("numbers", 0, 20)) is None
        drawn.order(("numbers", 1, 20))
        assert drawn.has(("numbers", 1, 20))


@pytest.mark.usefixtures("threads")
def test_nothing_is_left_of_a_process_that_draws():
    before = psutil.Process().children()
    with drawer({"numbers": NUMBERS}):
        assert psutil.Process().children() != before

    assert psutil.Process().children() == before


@pytest.mark.usefixtures("threads")
def test_a_process_that_draws_ends_with_the_one_beside_it(monkeypatch):
    with monkeypatch.context() as killed:
        # Nobody is left to end it.
        killed.setattr(os, "kill", lambda *_: None)
        with drawer({"numbers": NUMBERS}):
            pass
