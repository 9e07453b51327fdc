"""Times of recorded calls: every notation is read, and no more is concluded than it says."""

import pytest

from beckn_conformance.record.foreign.moments import Moment, moment, spans, started, tick

WHEN = 1793527200.5


@pytest.mark.parametrize(
    "text",
    [
        "2026-11-01T10:00:00.500Z",
        "2026-11-01T15:30:00.5000001+05:30",
        "2026-11-01 10:00:00.5 +0000",
        "2026/11/01 10:00:00.500",
        "2026-11-01T10:00:00,5Z",
        WHEN,
        WHEN * 1e3,
        int(WHEN * 1e3),
        int(WHEN * 1e6),
        int(WHEN * 1e9),
        "1793527200.5",
        "1793527200500",
        "/Date(1793527200500)/",
    ],
)
def test_a_time_is_read_in_every_notation(text):
    assert started(text) == pytest.approx(WHEN, abs=1e-3)


@pytest.mark.parametrize(
    "text", ["Sun, 01 Nov 2026 10:00:00 GMT", "Sun Nov 01 2026 15:30:00 GMT+0530 (IST)", "01/Nov/2026:15:30:00 +0530"]
)
def test_a_time_to_a_second_is_read_in_every_notation(text):
    assert started(text) == 1793527200


@pytest.mark.parametrize(
    "text",
    [
        *("0001-01-01T00:00:00.0000000+05:30", "1970-01-01T00:00:00Z", "9999-12-31T23:59:59Z", "yesterday", "", "12"),
        *(None, True, [], {}, 0, -1, 10**400, float("inf"), float("nan"), "1" * 5000, "2026-13-01T00:00:00Z"),
    ],
)
def test_what_is_no_time_of_a_recording_is_none(text):
    assert started(text) is None


@pytest.mark.parametrize(
    ("entry", "seconds"),
    [
        ({"time": 12.5}, 0.0125),
        ({"time": "12.5"}, 0.0125),
        ({"time": 0, "timings": {"send": 1, "wait": 10, "receive": -1}}, 0.011),
        ({"time": -1}, None),
        ({"time": 10**400, "timings": []}, None),
        ({}, None),
    ],
)
def test_the_time_that_a_call_took_is_read(entry, seconds):
    assert moment(entry).seconds == (None if seconds is None else pytest.approx(seconds))


@pytest.mark.parametrize(("starts", "size"), [((5.0, 9.0), 1.0), ((5.0, 9.1), 0.1), ((5.0, 9.123), 0.0)])
def test_it_is_seen_how_exactly_times_are_told(starts, size):
    assert tick([Moment(start, 0.1) for start in starts]) == size


def overlap(one, other):
    return one.begin < other.end and other.begin < one.end


def test_calls_whose_times_are_known_are_where_they_were():
    first, second = spans([Moment(5.001, 0.02), Moment(5.123, 0.02)], 0.0, [False] * 2)

    assert (first.begin, first.end) == (5.001, pytest.approx(5.021))
    assert not overlap(first, second)


def test_calls_within_a_second_may_have_overlapped_and_end_in_the_order_of_the_file():
    first, second, third = spans([Moment(5.0, 0.3), Moment(5.0, 0.1), Moment(9.0, 0.1)], 0.0, [False] * 3)

    assert overlap(first, second)
    assert first.end < second.end
    assert not overlap(second, third)


def test_a_call_without_a_time_may_have_overlapped_with_those_around_it():
    first, lost, third, last = spans(
        [Moment(5.001, 0.1), Moment(), Moment(9.003, 0.1), Moment(20.0, 0.1)], 0.0, [False] * 4
    )

    assert overlap(first, lost)
    assert overlap(lost, third)
    assert not overlap(first, third)
    assert not overlap(lost, last)


def test_without_any_time_all_calls_may_have_overlapped():
    found = spans([Moment()] * 50, WHEN, [False] * 50)

    assert all(overlap(one, other) for one in found for other in found)
    assert [span.end for span in found] == sorted(span.end for span in found)
    assert found[0].begin == WHEN


def test_durations_in_seconds_are_not_taken_for_milliseconds():
    first, second = spans([Moment(5.001, 0.0008), Moment(5.123, 0.00002)], 0.0, [False] * 2)

    assert first.end == pytest.approx(5.801)
    assert overlap(first, second)
