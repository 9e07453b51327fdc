"""Calls that are on record twice are found, however many equal ones there are."""

import time
from dataclasses import replace

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


def test_a_call_with_the_timestamp_of_an_earlier_one_says_nothing_new():
    action, first = read(0)

    def at(moment, stamp):
        request = {**first.row["request"], "headers": [["Timestamp", f"2026-11-30T10:00:{stamp}"]]}
        return action, replace(first, row={**first.row, "request": request}, moment=Moment(moment, 0.1))

    calls = [at(0.0, "00"), at(1.0, "01"), at(86400.0, "00")]
    kept = single(calls)

    assert kept[:2] == calls[:2]
    assert kept[2][1].row["reply"] is None


def test_a_call_may_be_made_again_within_the_second_of_its_timestamp():
    request = {"method": "POST", "url": "http://gw", "headers": [["Timestamp", "2026-11-30T10:00:00"]], "content": "{}"}
    calls = [(GET, Recorded({**read(0)[1].row, "request": request}, Moment(number / 10, 0.001))) for number in range(3)]

    assert single(calls) == calls


def test_calls_within_one_second_may_be_on_record_by_another_clock():
    header = [["Timestamp", "2026-11-30T10:00:00"]]

    def at(number, moment):
        request = {"method": "POST", "url": f"http://gw/{number}", "headers": header, "content": "{}"}
        return GET, Recorded({**read(0)[1].row, "request": request}, Moment(moment, 0.001))

    calls = [at(number, number / 100) for number in range(9)]
    later = [at(number, 600 + number / 100) for number in range(9)]

    assert [call.row["reply"] is None for _, call in single([*calls, *later])] == [False] * 9 + [True] * 9


def test_a_timestamp_that_is_always_the_same_tells_no_time():
    request = {"method": "POST", "url": "http://gw", "headers": [["Timestamp", "2019-09-13T14:31:54"]], "content": "{}"}
    calls = [
        (action, replace(call, row={**call.row, "request": {**request, "url": f"http://gw/{place % 3}"}}))
        for place, (action, call) in enumerate(map(read, range(9)))
    ]

    assert single(calls) == calls
