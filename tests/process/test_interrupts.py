"""SIGTERM ends what runs as Ctrl-C does, and both wait where something must not be left half done."""

import signal

import pytest

from beckn_conformance.process.interrupts import take_termination, undisturbed


@pytest.fixture(params=[signal.default_int_handler, signal.SIG_IGN], ids=["heard", "ignored"])
def terminable(request):
    """A process that handles SIGTERM as the kit does, also in the background of a shell, where Ctrl-C is ignored."""
    before = signal.getsignal(signal.SIGINT), signal.getsignal(signal.SIGTERM)
    signal.signal(signal.SIGINT, request.param)
    signal.signal(signal.SIGTERM, signal.SIG_DFL)
    forget = take_termination()
    yield forget
    signal.signal(signal.SIGINT, before[0])
    signal.signal(signal.SIGTERM, before[1])


def test_termination_interrupts(terminable):
    with pytest.raises(KeyboardInterrupt):
        signal.raise_signal(signal.SIGTERM)

    terminable()
    assert signal.getsignal(signal.SIGTERM) == signal.SIG_DFL


def test_termination_waits_for_what_must_not_be_left_half_done(terminable):
    done = []

    def work():
        with undisturbed():
            signal.raise_signal(signal.SIGTERM)
            done.append("all of it")

    with pytest.raises(KeyboardInterrupt):
        work()
    assert done == ["all of it"]


@pytest.mark.usefixtures("terminable")
def test_a_handler_of_somebody_else_is_left_alone():
    signal.signal(signal.SIGTERM, signal.SIG_IGN)

    take_termination()()

    assert signal.getsignal(signal.SIGTERM) == signal.SIG_IGN
