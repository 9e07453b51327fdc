"""Whose answer a reply is, told from its status, and from what the gateway's own replies look like (T6)."""

import dataclasses

import pytest

from beckn_conformance.judging.origin import ENOUGH, INTERMEDIARY, Appearance, Origin, signature
from beckn_conformance.messages.exchange import Reply
from tests.exchanges import GET, JSON, SIGNUP, exchange, nack, page, reply

OWN = (("Server", "gunicorn"), ("Date", "Mon, 04 May 2026 10:00:00 GMT"))


def called(answer, **how):
    return exchange(GET, {"registration": {"id": "1"}}, answer, **how)


def acquainted(*fields, times=1):
    """What is known after some replies with these fields."""
    appearance = Appearance()
    for _ in range(times):
        appearance.learn(called(reply(headers=(("action", "ACK"), ("message", "ok"), JSON, *fields))))
    return appearance


def bare(status, *fields, content=b"<html>no</html>", media="text/html"):
    return Reply(status, (("Content-Type", media), *fields), content)


@pytest.mark.parametrize("answer", [reply(), nack(), nack(status=503), nack(status=520)])
def test_whoever_says_ack_or_nack_is_the_gateway(answer):
    assert Appearance().origin(called(answer)) is Origin.OWN


@pytest.mark.parametrize("status", sorted(INTERMEDIARY))
def test_some_statuses_are_of_no_use_to_a_gateway(status):
    assert acquainted(*OWN).origin(called(bare(status, *OWN))) is Origin.FRONT


@pytest.mark.parametrize("status", [200, 400, 405, 406, 413])
def test_a_page_in_place_of_json_is_unlike_the_gateway(status):
    assert Appearance().origin(called(page(status))) is Origin.UNLIKE
    assert not Appearance().by_gateway(called(page(status)))


def test_the_page_of_a_framework_that_stumbled_may_be_the_gateways():
    assert acquainted(*OWN).by_gateway(called(bare(500, *OWN)))


@pytest.mark.parametrize("fields", [(), (("Server", "nginx"), OWN[1]), OWN[:1], (*OWN, ("Via", "1.1 varnish"))])
@pytest.mark.parametrize("status", [200, 403, 500])
def test_another_server_is_something_in_front(status, fields):
    answer = bare(status, *fields, content=b'{"error": "blocked"}', media="application/json")

    assert acquainted(*OWN).origin(called(answer)) is Origin.FRONT


def test_a_gateway_may_name_several_servers():
    appearance = acquainted(*OWN)
    appearance.learn(called(nack(headers=(("action", "NACK"), ("Server", "gw-2"), OWN[1]))))

    assert appearance.by_gateway(called(bare(500, ("Server", "gw-2"), OWN[1])))


def test_a_field_of_all_replies_that_a_page_lacks_gives_it_away_unless_it_crashed():
    appearance = acquainted(*OWN, ("X-Request-Id", "7"), times=ENOUGH)

    assert appearance.origin(called(bare(400, *OWN, content=b"{}", media="application/json"))) is Origin.FRONT
    assert appearance.by_gateway(called(bare(500, *OWN)))


def test_an_answer_was_lost_where_it_never_came_or_something_else_did():
    appearance = acquainted(*OWN)
    lost = [
        called(None, trouble="connection: reset"),
        called(page(200), trouble="outage: status 200"),
        *(called(bare(status)) for status in (200, 403, 500, 520)),
    ]
    given = [called(reply()), called(page(302)), called(page(429)), called(None, trouble="limit: too large")]

    assert [appearance.lost(one) for one in lost] == [True] * len(lost)
    assert [appearance.lost(one) for one in given] == [False] * len(given)


def test_a_crash_page_of_the_same_hand_as_a_firewalls_is_the_firewalls():
    """ModSecurity answers 403 to what it blocks and 500 to what it cannot parse; Apache writes both."""
    appearance = acquainted(*OWN)
    pages = [f"<!DOCTYPE HTML PUBLIC x><html><head>\n<title>{n}</title>".encode() for n in (403, 500)]
    own = bare(500, *OWN, content=b"<html><title>Oops</title>")
    appearance.learn(called(bare(403, *OWN, content=pages[0])))

    assert appearance.origin(called(bare(500, *OWN, content=pages[1]))) is Origin.FRONT
    assert appearance.by_gateway(called(own))


def test_a_page_is_shown_by_its_server_and_title():
    answer = bare(403, ("Server", "Apache"), content=b"<HTML><head><TITLE>\n403 &amp; no\n</TITLE></head>")

    assert signature(answer) == "Server: Apache, title '403 & no'"


def test_a_signup_teaches_as_much_as_any_other_call():
    appearance = Appearance()
    appearance.learn(dataclasses.replace(called(reply(headers=(("action", "ACK"), JSON, *OWN))), action=SIGNUP))

    assert appearance.origin(called(bare(500, ("Server", "proxy")))) is Origin.FRONT
