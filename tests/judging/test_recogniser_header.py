"""Action and Timestamp as the recogniser takes them (T5, H1)."""

import datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.exchanges import ACTIONS, NOW, QUICK, SIGNUP, diagnose
from tests.judging.diagnoses import BODIES, of
from tests.texts import texts


def headed(action=SIGNUP, **members):
    return of(action, header_changes=members)


@pytest.mark.parametrize("action", ACTIONS)
def test_a_wrong_action_is_faulty(action):
    other = next(a for a in ACTIONS if a != action)
    at = "header:Action"

    assert headed(action, Action=None) == {(at, "missing")}
    assert headed(action, Action="") == {(at, "missing")}
    assert headed(action, Action=other) == {(at, "another operation")}
    assert headed(action, Action="Provider/close") == {(at, "unknown")}


@pytest.mark.parametrize(
    "value", ["provider/signup", "PROVIDER/SIGNUP", "/Provider/signup", "Provider/signup/", " Provider/signup"]
)
def test_the_right_action_in_another_notation_is_unclear(value):
    assert headed(Action=value) == "unclear"


@pytest.mark.parametrize(
    ("value", "kind"),
    [
        (None, "missing"),
        ("", "missing"),
        ("yesterday", "a word"),
        ("noon", "a word"),
        ("2026-13-01T10:00:00", "a 13th month"),
        ("2026-02-30T10:00:00", "30 February"),
        ("2026-04-31T10:00:00", "impossible"),
        ("2026-04-30T10:61:00", "impossible"),
    ],
)
def test_an_impossible_timestamp_is_faulty(value, kind):
    assert headed(Timestamp=value) == {("header:Timestamp", kind)}


@pytest.mark.parametrize(
    "value",
    [
        *("2026-05-04T10:00:00Z", "2026-05-04T10:00:00+05:30", "2026-05-04T10:00:00.123", "2026-05-04 10:00:00"),
        *("2026-05-04", "20260504T100000", "1777888800", "1777888800000", "Mon, 04 May 2026 10:00:00 GMT"),
        *("4 May 2026", "2026-W19-1T10:00:00", "２０２６-05-04T10:00:00"),
        *(" 2026-05-04T10:00:00", "2026-05-04T10:00:00\n"),
        *("2019-09-13T14:31:54", "2027-05-04T10:00:00", "0001-01-01T00:00:00", "9999-12-31T23:59:59"),
    ],
)
def test_a_time_in_another_notation_or_of_another_day_is_unclear(value):
    assert headed(Timestamp=value) == "unclear"


@pytest.mark.parametrize("value", ["2026-05-03T24:00:00", "2026-05-04T09:59:60"])
def test_midnight_as_24_and_a_leap_second_are_other_notations_of_a_time(value):
    assert headed(Timestamp=value) == "unclear"


@given(st.integers(-14 * 3600, 14 * 3600))
@QUICK
def test_the_local_time_of_any_zone_is_valid(offset):
    moment = datetime.datetime.fromtimestamp(NOW + offset, datetime.UTC)

    assert headed(Timestamp=f"{moment:%Y-%m-%dT%H:%M:%S}") == "valid"


@given(texts(max_size=20), texts(max_size=20), texts(max_size=40))
@QUICK
def test_a_header_of_any_text_can_be_diagnosed(action, token, timestamp):
    members = {"Action": action, "Token": token, "Timestamp": timestamp}

    for operation in ACTIONS:
        assert diagnose(operation, BODIES[operation], header_changes=members) is not None
