"""Sessions end, and attempts to log in are limited."""

import pytest

from beckn_conformance.commands.lab.accounts import Account
from beckn_conformance.commands.lab.web.sessions import (
    ATTEMPTS,
    LASTS,
    MOST,
    MOST_ADDRESSES,
    WINDOW,
    Attempts,
    Sessions,
    form_token,
    is_form_token,
)

ALICE = Account("alice", "vendor", "proof")


class Clock:
    def __init__(self):
        self.now = 1000.0

    def __call__(self):
        return self.now


@pytest.fixture
def clock():
    return Clock()


@pytest.fixture
def sessions(tmp_path, clock):
    made = Sessions(tmp_path / "sessions", clock)
    yield made
    made.close()


def test_a_cookie_stands_for_an_account_until_it_is_over(sessions, clock):
    cookie = sessions.begin(ALICE)
    assert sessions.of(cookie) == ("alice", "proof")
    assert sessions.of(cookie + "x") is None

    clock.now += LASTS + 1
    assert sessions.of(cookie) is None


def test_logging_out_ends_one_session_only(sessions):
    one, other = sessions.begin(ALICE), sessions.begin(ALICE)

    sessions.end(one)

    assert sessions.of(one) is None
    assert sessions.of(other) is not None


def test_one_account_takes_the_sessions_of_no_other(sessions, clock):
    other, first = sessions.begin(Account("bob", "vendor", "proof")), sessions.begin(ALICE)
    for _ in range(MOST):
        clock.now += 1
        last = sessions.begin(ALICE)

    assert sessions.of(first) is None
    assert sessions.of(last)
    assert sessions.of(other)


def test_a_session_outlives_a_restart_and_its_file_holds_no_cookie(sessions, tmp_path, clock):
    cookie = sessions.begin(ALICE)
    again = Sessions(tmp_path / "sessions", clock)

    assert again.of(cookie) == ("alice", "proof")
    again.close()
    assert all(cookie.encode() not in path.read_bytes() for path in tmp_path.iterdir())


def test_the_form_token_of_one_session_is_none_for_another(sessions):
    one, other = sessions.begin(ALICE), sessions.begin(ALICE)

    assert is_form_token(form_token(one), one)
    assert not is_form_token(form_token(one), other)
    assert not is_form_token("", one)
    assert not is_form_token("\udc80é", one)
    assert one not in form_token(one)


def test_attempts_are_refused_for_a_while_after_some_have_failed(clock):
    attempts = Attempts(clock)
    for _ in range(ATTEMPTS):
        assert attempts.failed("192.0.2.1") == 0

    assert 0 < attempts.failed("192.0.2.1") <= WINDOW + 1
    assert attempts.failed("192.0.2.2") == 0
    clock.now += WINDOW + 1
    assert attempts.failed("192.0.2.1") == 0


def test_addresses_of_one_ipv6_network_count_as_one(clock):
    attempts = Attempts(clock)
    for number in range(ATTEMPTS):
        attempts.failed(f"2001:db8::{number:x}")

    assert attempts.failed("2001:db8::ffff")
    assert not attempts.failed("2001:db8:0:1::1")
    assert not attempts.failed("::ffff:192.0.2.1")


def test_counting_attempts_takes_bounded_memory(clock):
    attempts = Attempts(clock)
    for number in range(MOST_ADDRESSES + 10):
        attempts.failed(str(number))

    assert len(attempts) == MOST_ADDRESSES
