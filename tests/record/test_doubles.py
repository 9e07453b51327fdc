"""Calls that are on record twice are found, however many equal ones there are."""

import time

from beckn_conformance.record.foreign.doubles import single
from beckn_conformance.record.foreign.har import Recorded
from beckn_conformance.record.foreign.moments import Moment
from tests.exchanges import GET


def read(number):
    """One of many equal calls, a second after the one before."""
    request = {"method": "POST", "url": "http://gw", "headers": [], "content": "{}"}
    reply = {"status": 200, "headers": [], "content": "{}"}
    return GET, Recorded({"request": request, "reply": reply}, Moment(float(number), 0.1))


def test_equal_calls_at_other_times_are_all_kept_and_soon():
    calls = [read(number) for number in range(3000)]
    began = time.process_time()

    assert single(calls) == calls
    assert time.process_time() - began < 5


def test_a_call_and_its_double_are_one():
    calls = [read(number // 2) for number in range(20)]

    assert single(calls) == calls[::2]
