"""When a request is sent again, when it is not, and when a run gives a gateway up."""

import dataclasses
import datetime
from email.utils import format_datetime

import pytest

from beckn_conformance.client import retry
from beckn_conformance.client.limiter import ConcurrencyLimiter
from beckn_conformance.client.retry import FEW, MANY, REPEATS, Fate, RetryPolicy, Wait
from beckn_conformance.messages.exchange import Exchange, Received, Reply, Request, Trouble, TroubleKind
from beckn_conformance.specification.actions import ADD

SECONDS = 30.0


class Clock:
    """A clock that moves only when a test says so."""

    def __init__(self, monkeypatch):
        self.now = 1000.0
        monkeypatch.setattr(retry.time, "monotonic", lambda: self.now)


@pytest.fixture
def clock(monkeypatch):
    return Clock(monkeypatch)


@pytest.fixture
def limiter():
    return ConcurrencyLimiter(16)


@pytest.fixture
def subject(limiter, clock):
    made = RetryPolicy(SECONDS, limiter)
    made.after(answered(200), Fate.ANSWERED, get(), clock.now)
    return made


def exchange(reply=None, trouble="", said=None):
    received = None if reply is None else Received({} if said is None else {"action": said}, None)
    request = Request("POST", "http://gateway/Provider/get", (), b"")
    return Exchange("x1", "Provider/get", request, None, reply, received, 0.0, 0.1, Trouble.read(trouble))


def answered(status, said=None, **fields):
    headers = tuple((name.replace("_", "-"), value) for name, value in fields.items())
    return exchange(Reply(status, headers, b""), said=said)


def get():
    return Wait(repeatable=True)


def change():
    return Wait(repeatable=False)


TIMEOUT = exchange(trouble="timeout: no whole reply within 10 s")
LOST = exchange(trouble="connection: closed before a reply came")
REFUSED = exchange(trouble="no connection: Connection refused")
LATE = exchange(trouble="timeout: no whole reply within 10 s")


@pytest.mark.parametrize("wait", [get, change])
@pytest.mark.parametrize("status", [429, 503])
def test_a_request_put_off_is_sent_again_when_the_gateway_says(subject, clock, status, wait):
    pause = subject.after(answered(status, Retry_After="7"), Fate.ANSWERED, wait(), clock.now)

    assert pause == 7
    assert subject.quiet_until == clock.now + 7


def test_a_date_in_retry_after_is_read_by_the_gateways_clock(subject, clock):
    theirs = datetime.datetime(2031, 5, 6, 7, 8, 9, tzinfo=datetime.UTC)
    later = theirs + datetime.timedelta(seconds=12)
    reply = answered(429, Retry_After=format_datetime(later, usegmt=True), Date=format_datetime(theirs, usegmt=True))

    assert subject.after(reply, Fate.ANSWERED, change(), clock.now) == 12


@pytest.mark.parametrize("text", ["", "soon", "nan", "1, 2", "Mon, 99 Foo 2026 00:00:00 GMT", "\ud800"])
def test_a_retry_after_that_is_no_time_is_ignored(subject, clock, text):
    expected = RetryPolicy(SECONDS, ConcurrencyLimiter(1)).after(answered(429), Fate.ANSWERED, change(), clock.now)

    assert subject.after(answered(429, Retry_After=text), Fate.ANSWERED, change(), clock.now) == expected


@pytest.mark.parametrize("text", ["-5", "0", "Mon, 01 Jan 2001 00:00:00 GMT"])
def test_a_retry_after_in_the_past_still_means_a_pause(subject, clock, text):
    pause = subject.after(answered(429, Retry_After=text), Fate.ANSWERED, change(), clock.now)

    assert 0 < pause < 1


def test_pauses_grow_once_a_round_without_a_retry_after(subject, clock):
    pauses = []
    for _ in range(4):
        begun = clock.now
        clock.now += 0.01
        pauses.append([subject.after(answered(429), Fate.ANSWERED, change(), begun) for _ in range(5)])
        clock.now += pauses[-1][0]

    assert [len(set(of_a_round)) for of_a_round in pauses] == [1, 1, 1, 1]
    firsts = [of_a_round[0] for of_a_round in pauses]
    assert firsts == sorted(set(firsts))


def test_waiting_for_a_request_ends_with_patience(subject, clock):
    wait = change()
    while (pause := subject.after(answered(429, Retry_After="9"), Fate.ANSWERED, wait, clock.now)) is not None:
        clock.now += pause
        assert clock.now <= 1000 + SECONDS

    assert clock.now == 1000 + 27
    why = "patience: status 429, asking to wait for longer than 30 s; a longer patience may help"
    assert str(wait.reason or "") == why


def test_waiting_for_a_request_ends_even_if_others_are_answered(subject, clock):
    wait = change()
    while (pause := subject.after(answered(429, Retry_After="9"), Fate.ANSWERED, wait, clock.now)) is not None:
        clock.now += pause
        subject.after(answered(200), Fate.ANSWERED, change(), clock.now)

    assert clock.now <= 1000 + SECONDS


def test_a_pause_longer_than_patience_is_not_begun(subject, clock):
    wait = change()

    assert subject.after(answered(429, Retry_After="86400"), Fate.ANSWERED, wait, clock.now) is None
    assert subject.quiet_until <= clock.now
    assert wait.reason


@pytest.mark.parametrize("status", [502, 503, 504])
def test_a_request_answered_in_front_is_repeated_if_it_changes_nothing(subject, clock, status):
    wait = get()
    times = 0
    while (pause := subject.after(answered(status), Fate.PUT_OFF, wait, clock.now)) is not None:
        clock.now += pause
        times += 1

    assert times == REPEATS
    assert subject.after(answered(status), Fate.PUT_OFF, change(), clock.now) is None
    assert str(wait.reason or "") == ""


@pytest.mark.parametrize("status", [502, 503, 504])
@pytest.mark.parametrize("said", ["ACK", "NACK"])
def test_an_answer_of_the_gateway_counts_whatever_its_status(subject, clock, limiter, status, said):
    assert subject.after(answered(status, said), Fate.ANSWERED, get(), clock.now) is None
    assert limiter.open == limiter.usual


def test_a_lost_answer_is_asked_for_again_if_that_changes_nothing(subject, clock):
    wait, changing = get(), change()
    pauses = [subject.after(LOST, Fate.LOST, wait, clock.now) for _ in range(REPEATS + 1)]

    assert None not in pauses[:-1]
    assert pauses[-1] is None
    assert subject.after(LOST, Fate.LOST, changing, clock.now) is None
    assert "not sent again" in str(changing.reason)
    assert changing.reason.kind is TroubleKind.CONNECTION


def test_a_late_answer_is_never_asked_for_again(subject, clock):
    for wait in (get(), change()):
        assert subject.after(LATE, Fate.LATE, wait, clock.now) is None
        assert str(wait.reason or "") == ""


def test_an_unsent_request_is_sent_again_until_patience_is_over(subject, clock):
    wait = change()
    while (pause := subject.after(REFUSED, Fate.UNSENT, wait, clock.now)) is not None:
        clock.now += pause

    assert 1000 + SECONDS * 0.8 < clock.now <= 1000 + SECONDS
    assert str(wait.reason or "") == "no connection: Connection refused, for longer than 30 s"


def test_a_gateway_that_never_answered_is_not_waited_for(limiter, clock):
    wait = change()

    assert RetryPolicy(SECONDS, limiter).after(REFUSED, Fate.UNSENT, wait, clock.now) is None
    assert str(wait.reason or "") == ""


def test_a_silent_gateway_is_given_up_once_patience_is_over(subject, clock):
    for _ in range(3):
        for _ in range(16):
            subject.after(LATE, Fate.LATE, change(), clock.now - 10)
        assert not subject.given_up
        clock.now += 10
    clock.now += 1
    subject.after(LATE, Fate.LATE, change(), clock.now - 10)

    assert str(subject.given_up).startswith(
        "patience: given up after 49 requests (Provider/get) and 31 s without an answer"
    )
    assert "timeout: no whole reply within 10 s" in str(subject.given_up)


def test_few_unanswered_requests_are_no_reason_to_give_up(subject, clock):
    for _ in range(FEW - 1):
        clock.now += SECONDS
        subject.after(LATE, Fate.LATE, change(), clock.now - 10)

    assert not subject.given_up


def test_many_unanswered_requests_in_a_row_are_enough_at_any_time(subject, clock):
    for _ in range(MANY - 1):
        subject.after(answered(429, Retry_After="86400"), Fate.ANSWERED, change(), clock.now)
    assert not subject.given_up
    subject.after(answered(429, Retry_After="86400"), Fate.ANSWERED, change(), clock.now)

    assert "status 429" in str(subject.given_up)


def test_everything_in_flight_may_be_lost_at_once(clock):
    subject = RetryPolicy(SECONDS, ConcurrencyLimiter(256))
    for _ in range(256):
        subject.after(LOST, Fate.LOST, change(), clock.now)

    assert not subject.given_up


def test_patience_with_one_operation_is_spent_once_while_others_are_answered(subject, clock):
    busy = dataclasses.replace(answered(503, Retry_After="1"), action="Provider/documents/add")
    again = []
    while clock.now < 1000 + 2 * SECONDS:
        subject.after(answered(200), Fate.ANSWERED, get(), clock.now)
        again.append(subject.after(busy, Fate.ANSWERED, change(), clock.now) is not None)
        clock.now += SECONDS / 5

    assert again == [True] * 6 + [False] * 4


def hang(subject, clock, times, purpose="", answers=(), after=0):
    """Adds documents in vain while others are answered, or were ``after`` seconds ago; why no more are added."""
    for _ in range(times):
        clock.now += 10
        for action in ("Provider/get", *answers):
            call = dataclasses.replace(answered(200), action=action)
            subject.after(call, Fate.ANSWERED, change(), clock.now)
        clock.now += after
        late = dataclasses.replace(LATE, action=ADD, purpose=purpose)
        subject.after(late, Fate.LATE, change(), clock.now - 10)
    return subject.ended(ADD)


@pytest.mark.parametrize(("times", "ends"), [(FEW - 1, False), (FEW, True)])
def test_an_operation_that_hangs_while_others_are_answered_is_given_up(subject, clock, times, ends):
    assert bool(hang(subject, clock, times)) is ends
    assert not subject.ended("Provider/get")


@pytest.mark.parametrize("fields", [{"answers": [ADD]}, {"purpose": "broken"}, {"after": 11}])
def test_answers_hostile_calls_and_stalls_are_no_reason_to_give_an_operation_up(subject, clock, fields):
    assert not hang(subject, clock, 2 * FEW, **fields)


def test_an_answer_in_between_restarts_patience(subject, clock):
    for _ in range(20):
        for _ in range(16):
            subject.after(LATE, Fate.LATE, change(), clock.now - 10)
        clock.now += 10
        subject.after(answered(404), Fate.ANSWERED, change(), clock.now)

    assert not subject.given_up


def test_a_gateway_that_always_asks_to_come_back_at_once_is_given_up(limiter, clock):
    subject = RetryPolicy(60.0, limiter)
    wait = change()
    while (pause := subject.after(answered(429, Retry_After="0"), Fate.ANSWERED, wait, clock.now)) is not None:
        clock.now += pause

    assert wait.reason


def test_places_are_halved_once_a_round_and_reopen_with_good_answers(subject, clock, limiter):
    for _ in range(16):
        subject.after(answered(429), Fate.ANSWERED, change(), clock.now)
    assert limiter.open == 8
    for _ in range(10):
        clock.now += 1
        subject.after(answered(429), Fate.ANSWERED, change(), clock.now)
    assert limiter.open == 1
    for _ in range(2):
        subject.after(answered(200), Fate.ANSWERED, change(), clock.now)
    assert limiter.open == 2
    for _ in range(1000):
        subject.after(answered(200), Fate.ANSWERED, change(), clock.now)
    assert limiter.open == limiter.usual
    assert list(subject.notes()) == [
        "the gateway asked for fewer requests: 26 × status 429; those in flight went down to 1"
    ]


def test_a_run_without_trouble_has_no_notes(subject):
    assert list(subject.notes()) == []


def test_failed_connections_are_noted(subject, clock):
    subject.after(REFUSED, Fate.UNSENT, change(), clock.now)

    assert list(subject.notes()) == ["the gateway could not be reached for a while: 1 attempts to connect failed"]


# Gateways that would have a run wait all day.


def _hold_up(subject, clock, answers):
    """Seconds until a gateway is given up that asks for the longest pause after some answers; None if it is not."""
    began = clock.now
    for _ in range(500):
        for _ in range(answers):
            subject.after(answered(200), Fate.ANSWERED, get(), clock.now)
        begun = clock.now
        clock.now += 0.1
        pause = subject.after(answered(429, Retry_After="29"), Fate.ANSWERED, change(), begun)
        if subject.given_up:
            return clock.now - began
        clock.now += pause
    return None


def test_a_gateway_that_asks_for_a_pause_after_each_answer_is_given_up(subject, clock):
    assert _hold_up(subject, clock, 1) < 15 * SECONDS
    assert str(subject.given_up).startswith("patience: given up after ")
    assert str(subject.given_up).endswith("answers")


def test_a_gateway_that_asks_for_a_pause_after_some_answers_is_waited_for(subject, clock):
    assert _hold_up(subject, clock, 15) is None


def test_a_gateway_that_answers_every_second_request_in_time_is_given_up(clock):
    subject = RetryPolicy(SECONDS, ConcurrencyLimiter(1))
    answers = 0
    while not subject.given_up and answers < 1000:
        begun = clock.now
        clock.now += 10
        subject.after(TIMEOUT, Fate.LATE, change(), begun)
        subject.after(answered(200), Fate.ANSWERED, get(), clock.now)
        answers += 1

    assert answers < 100


def test_many_late_answers_side_by_side_are_no_reason_to_give_up(subject, limiter, clock):
    for _ in range(3000):
        subject.after(TIMEOUT, Fate.LATE, change(), clock.now - 10)
        subject.after(answered(200), Fate.ANSWERED, get(), clock.now)

    assert subject.given_up is None


def refused_alone(subject, limiter, clock, times, answers=1, **fields):
    """A gateway answers some calls and refuses one, again and again, while one request is in flight."""
    for _ in range(times):
        for _ in range(answers):
            subject.after(answered(200, "ACK"), Fate.ANSWERED, get(), clock.now)
        limiter.open = 1
        clock.now += 1.0
        subject.after(answered(503, **fields), Fate.PUT_OFF, get(), clock.now)


def test_a_gateway_that_closes_many_connections_may_limit_them(subject, clock):
    for number in range(FEW):
        assert bool(list(subject.notes())) is False, number
        subject.after(LOST, Fate.LOST, change(), clock.now)

    assert any("--gateway-concurrency" in note for note in subject.notes())


def test_requests_are_spaced_out_for_a_gateway_that_limits_their_rate(subject, limiter, clock):
    refused_alone(subject, limiter, clock, 2)
    first = subject.interval
    refused_alone(subject, limiter, clock, 2)

    assert 0 < first < subject.interval
    assert any("limits the rate" in note for note in subject.notes())


@pytest.mark.parametrize(("times", "answers", "fields"), [(1, 1, {}), (9, 0, {}), (9, 1, {"Retry_After": "1"})])
def test_an_outage_and_a_named_wait_space_nothing_out(subject, limiter, clock, times, answers, fields):
    refused_alone(subject, limiter, clock, times, answers, **fields)

    assert subject.interval == 0
