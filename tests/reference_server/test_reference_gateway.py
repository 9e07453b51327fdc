"""The gateway without defects, as far as the kit does not judge it: ``tests/proof/test_fairness.py`` has the rest."""

import json
import time
from datetime import timedelta

import pytest

from reference_server import create_app
from reference_server.binding import is_deep
from reference_server.gateway import Gateway
from tests.reference_server.reference_messages import GET, INFO, JPEG, PDF, SIGNUP, put, signup_body
from tests.reference_server.reference_provider import Provider


def test_a_signup_is_acknowledged_with_all_that_was_sent(stranger):
    seen = stranger.sign_up()

    assert (seen.status, seen.action) == (200, "ACK")
    assert seen.message
    assert seen.body["info"] == INFO
    waiting = {"status": "PENDING-VERIFICATION"}
    assert seen.body["documents"] == [{**PDF, **waiting}, {**JPEG, **waiting}]
    assert seen.body["api"] == {**signup_body()["api"], **waiting}
    assert seen.body["registration"]["id"] == stranger.id
    assert seen.body["auth"]["exp"] > "2026"


@pytest.mark.parametrize("info", [{}, {"name": None}, {"nickname": "x"}])
def test_an_update_of_nothing_is_refused(provider, info):
    seen = provider.update(info)

    assert seen.action == "NACK"
    assert isinstance(seen.body["info"], str)


def test_a_token_ends(provider, monkeypatch):
    now = Gateway.now
    monkeypatch.setattr(Gateway, "now", lambda gateway: now(gateway) + timedelta(days=366))

    assert provider.get().action == "NACK"


@pytest.mark.parametrize("missing", [True, False])
def test_a_signup_needs_no_documents(stranger, missing):
    body = signup_body()
    body["documents"] = []
    if missing:
        del body["documents"]

    assert stranger.sign_up(body).body["documents"] == []


def test_a_large_document_is_kept(stranger):
    data = "JVBE" * 500_000

    seen = stranger.sign_up(put(signup_body(), "/documents/0/data", data))

    assert seen.body["documents"][0]["data"] == data


MALFORMED = [
    b"",
    b"{",
    b'{"info": {"name": "x"',
    b"no json",
    b"[]",
    b"[{}]",
    b"7",
    b'"text"',
    b"null",
    b'{"info": NaN}',
    b"\xff\xfe{}",
    b'{"info": "\\ud800"}',
    b"[" * 100_000,
    b'{"a":' * 100_000,
    b"1" * 10_000,
]


@pytest.mark.parametrize("name", ["[" * 1000, '\\"[' * 1000, '"{' * 1000])
def test_brackets_within_a_text_are_no_nesting(stranger, name):
    assert stranger.sign_up(put(signup_body(), "/info/name", name)).body["info"]["name"] == name


@pytest.mark.parametrize("action", [SIGNUP, GET])
@pytest.mark.parametrize("text", MALFORMED, ids=range(len(MALFORMED)))
def test_a_text_that_is_no_request_is_refused(stranger, action, text):
    header = {"Action": action, "Token": "x", "Timestamp": "2026-05-04T10:20:30"}

    reply = stranger.raw(f"/{action}", text, header)

    assert reply.status_code == 400
    shown = json.loads(reply.content)
    assert (shown.get("header") or reply.headers)["action"] == "NACK"
    assert stranger.sign_up().action == "ACK"


@pytest.mark.parametrize("member", ["header", "body"])
@pytest.mark.parametrize("value", [None, [], "x", 7])
def test_an_envelope_without_one_of_its_members_is_refused(member, value):
    provider = Provider(create_app(binding="envelope"), "envelope")
    header = {"Action": SIGNUP, "Token": "x", "Timestamp": "2026-05-04T10:20:30"}
    envelope = {"header": header, "body": signup_body(), member: value}

    reply = provider.raw(f"/{SIGNUP}", json.dumps(envelope).encode(), {})

    assert reply.json()["header"]["action"] == "NACK"


def test_members_that_are_not_on_the_page_are_ignored(stranger):
    body = {**signup_body(), "x": 1}
    body["info"] |= {"nickname": None}

    assert stranger.sign_up(body).body["info"] == INFO


def test_operations_are_served_under_any_prefix_and_nothing_else_is(stranger):
    assert stranger.call(SIGNUP, signup_body(), path=f"v1/x/{SIGNUP}").action == "ACK"
    for path in ("/Provider/signup/", "/provider/signup", "/Provider", "/Provider/signups", "/xProvider/signup"):
        assert stranger.raw(path, b"{}", {}).status_code == 404
    assert stranger.raw("/Provider/signup", b"{}", {}, method="GET").status_code == 405


def test_an_operator_judges_single_documents(provider):
    assert provider.operate("documents/1/reject") == 204
    assert provider.operate("documents/2/reject") == 404

    assert [document["status"] for document in provider.get().body["documents"]] == ["PENDING-VERIFICATION", "REJECTED"]


def test_an_operator_cannot_judge_what_is_not_there(stranger):
    stranger.id = "reg-unknown"

    assert stranger.operate("verify") == 404
    stranger.sign_up()
    assert stranger.operate("praise") == 404


def test_a_text_without_an_end_is_searched_once():
    began = time.process_time()

    assert not is_deep("[]" * 301 + '"' + '\\"' * 20_000)

    assert time.process_time() - began < 2
