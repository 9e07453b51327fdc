"""What a stranger's file costs in processor time and memory is bounded, and ends in one line."""

import contextlib
import signal
import time

import pytest

from beckn_conformance.errors import UsageError
from beckn_conformance.process.limits import limited

resource = pytest.importorskip("resource")
GB = 1 << 30


def _for_ever():
    while True:
        pass


def test_too_much_processor_time_is_a_usage_error():
    with pytest.raises(UsageError, match=r"^it takes more than 0\.05 s of processor time$"), limited("it", 0.05):
        _for_ever()


def test_an_exception_that_a_library_loses_comes_again():
    def losing():
        with contextlib.suppress(UsageError):
            _for_ever()
        _for_ever()

    with pytest.raises(UsageError), limited("it", 0.05):
        losing()


@pytest.mark.skipif("sys.platform != 'linux'")
def test_too_much_memory_is_a_usage_error():
    with pytest.raises(UsageError, match="it takes more than 16 GB of memory"), limited("it", memory=16 * GB):
        bytes(32 * GB)


def test_limits_end_with_what_they_limit():
    before = resource.getrlimit(resource.RLIMIT_AS), signal.getsignal(signal.SIGPROF)

    with limited("it"):
        pass

    assert (resource.getrlimit(resource.RLIMIT_AS), signal.getsignal(signal.SIGPROF)) == before
    assert signal.getitimer(signal.ITIMER_PROF)[0] == 0


def test_a_limit_within_another_leaves_that_in_force():
    def whole():
        with limited("a part"):
            pass
        end = time.process_time() + 2
        while time.process_time() < end:
            pass

    with pytest.raises(UsageError, match=r"^all takes more than 0\.2 s"), limited("all", 0.2):
        whole()
