"""The gateway without defects follows the strictest reading of the page."""

import json
import time
from datetime import timedelta

import pytest

from reference_server import create_app
from reference_server.binding import is_deep
from reference_server.gateway import Gateway
from tests.reference_server.reference_messages import (
    ADD,
    API_FAULTS,
    DOCUMENT_FAULTS,
    GET,
    INFO,
    INFO_FAULTS,
    JPEG,
    NEW_INFO,
    PDF,
    SIGNUP,
    UPDATE,
    put,
    signup_body,
)
from tests.reference_server.reference_provider import Provider


def at(body, pointer):
    for part in pointer.split("/")[1:]:
        body = body[int(part) if isinstance(body, list) else part]
    return body


def places(value, pointer=""):
    """List the places of all texts in a body."""
    if isinstance(value, dict):
        return [place for name, child in value.items() for place in places(child, f"{pointer}/{name}")]
    if isinstance(value, list):
        return [place for n, child in enumerate(value) for place in places(child, f"{pointer}/{n}")]
    return [pointer] if value is not None else []


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


def test_a_registration_is_given_back_as_it_was_made(provider):
    seen = provider.get()

    assert seen.action == "ACK"
    assert seen.body["registration"] == {"id": provider.id, "status": "PENDING-VERIFICATION"}
    assert seen.body["info"] == INFO
    assert [document["data"] for document in seen.body["documents"]] == [PDF["data"], JPEG["data"]]
    assert "auth" not in seen.body


FAULTS = [*INFO_FAULTS, *DOCUMENT_FAULTS, *API_FAULTS]


@pytest.mark.parametrize(("pointer", "value"), FAULTS)
def test_a_fault_of_a_signup_is_blamed_at_its_place_and_nowhere_else(pointer, value):
    seen = Provider(create_app()).call(SIGNUP, put(signup_body(), pointer, value))

    assert (seen.status, seen.action) == (400, "NACK")
    assert places(seen.body) == [pointer]
    assert at(seen.body, pointer).strip()


def test_every_faulty_field_is_blamed(stranger):
    body = signup_body()
    body["info"] |= {"name": None, "phone": "1"}
    body["documents"] = [None, PDF, {"name": 1}]
    body["api"] = []

    seen = stranger.call(SIGNUP, body)

    assert places(seen.body) == [
        "/info/name",
        "/info/phone",
        "/documents/0",
        "/documents/2/name",
        "/documents/2/data",
        "/api",
    ]
    assert seen.body["documents"][1] is None


def test_a_fault_of_an_update_is_blamed_and_the_update_fails(provider):
    seen = provider.update({**NEW_INFO, "email": 7})

    assert seen.action == "NACK"
    assert seen.body["registration"] == {"status": "UPDATE-FAIL"}
    assert places(seen.body["info"]) == ["/email"]


@pytest.mark.parametrize("info", [{}, {"name": None}, {"nickname": "x"}])
def test_an_update_of_nothing_is_refused(provider, info):
    seen = provider.update(info)

    assert seen.action == "NACK"
    assert isinstance(seen.body["info"], str)


@pytest.mark.parametrize("reference", [None, [], "x", {}, {"id": None}, {"id": 7}, {"id": ""}])
def test_a_faulty_registration_is_blamed(provider, reference):
    got = provider.call(GET, {"registration": reference})
    updated = provider.call(UPDATE, {"registration": reference, "info": NEW_INFO})
    added = provider.call(ADD, {"registration": reference, "documents": [PDF]})

    assert got.action == updated.action == added.action == "NACK"
    assert got.body["registration"]
    assert updated.body["registration"]["id"]
    assert updated.body["registration"]["status"] == "UPDATE-FAIL"
    assert added.body == {}


def test_an_unknown_registration_is_blamed(provider):
    provider.id = "reg-unknown"

    got, updated, added = provider.get(), provider.update(NEW_INFO), provider.add(PDF)

    assert places(got.body) == ["/registration/id"]
    assert places(updated.body) == ["/registration/id", "/registration/status"]
    assert updated.body["registration"]["status"] == "UPDATE-FAIL"
    assert (added.action, added.body) == ("NACK", {})


@pytest.mark.parametrize("action", [SIGNUP, GET, UPDATE, ADD])
@pytest.mark.parametrize(
    "header",
    [
        {"Action": None},
        {"Action": "Provider/nonsense"},
        {"Action": "/Provider/signup"},
        {"Timestamp": None},
        {"Timestamp": "yesterday"},
        {"Timestamp": "2026-13-01T10:00:00"},
        {"Timestamp": "2026-02-30T10:00:00"},
    ],
)
def test_a_faulty_header_is_refused(provider, action, header):
    body = {**signup_body(), "registration": {"id": provider.id}}

    seen = provider.call(action, body, **header)

    assert seen.action == "NACK"
    assert provider.get().body["registration"]["status"] == "PENDING-VERIFICATION"


def test_the_action_of_another_operation_is_refused(provider):
    assert provider.get(Action=UPDATE).action == "NACK"


@pytest.mark.parametrize("token", [None, "", "nobody's"])
def test_a_call_without_the_token_of_a_signup_is_refused(provider, token):
    calls = (
        provider.get(Token=token),
        provider.update(NEW_INFO, Token=token),
        provider.add(PDF, Token=token),
    )

    assert {seen.action for seen in calls} == {"NACK"}
    assert provider.get().body["info"] == INFO


def test_a_call_with_the_token_of_another_registration_is_refused(provider):
    other = Provider(provider.app, provider.binding)
    other.sign_up()

    calls = (
        provider.get(Token=other.token),
        provider.update(NEW_INFO, Token=other.token),
        provider.add(PDF, Token=other.token),
    )

    assert {seen.action for seen in calls} == {"NACK"}
    assert provider.get().body["info"] == INFO


def test_a_token_ends(provider, monkeypatch):
    now = Gateway.now
    monkeypatch.setattr(Gateway, "now", lambda gateway: now(gateway) + timedelta(days=366))

    assert provider.get().action == "NACK"


def test_an_update_is_seen_at_once_and_waits(provider):
    updated, got, added = provider.update(NEW_INFO), provider.get(), provider.add(PDF)

    for seen in (updated, got, added):
        assert seen.body["info"] == NEW_INFO
        assert seen.body["registration"] == {"id": provider.id, "status": "UPDATE-PENDING"}


def test_an_update_of_some_members_leaves_the_others(provider):
    provider.update({"phone": NEW_INFO["phone"], "email": None})

    assert provider.get().body["info"] == {**INFO, "phone": NEW_INFO["phone"]}


def test_added_documents_are_listed_after_the_earlier_ones_and_keep_their_ids(provider):
    first, second, got = provider.add(JPEG), provider.add(PDF, JPEG), provider.get()

    data = [document["data"] for document in second.body["documents"]]
    assert data == [each["data"] for each in (PDF, JPEG, JPEG, PDF, JPEG)]
    ids = [document["id"] for document in second.body["documents"]]
    assert ids[:3] == [document["id"] for document in first.body["documents"]]
    assert len(set(ids)) == 5
    assert [document["data"] for document in got.body["documents"]] == data


def test_a_refused_call_changes_nothing(provider):
    before = provider.get().body

    provider.update({**NEW_INFO, "phone": "x"})
    provider.add(PDF, {"name": "x.pdf"})

    assert provider.get().body == before


@pytest.mark.parametrize("missing", [True, False])
def test_a_signup_needs_no_documents(stranger, missing):
    body = signup_body()
    body["documents"] = []
    if missing:
        del body["documents"]

    assert stranger.sign_up(body).body["documents"] == []


NAMES = [
    "Société d'Électricité (Sud) & Co., Ltd. - 2",
    "北京地铁𠮷𝟙",
    "Σίσυφος МЕТРО दिल्ली",
    '<b>"x" \\ `y`</b> @#%+=/;:!?*',
    "🚇🚌",
    "e\u0301",
    "İstanbul",
    " padded ",
    "x" * 64,
    "x" * 1000,
]


@pytest.mark.parametrize("name", NAMES)
def test_a_name_is_kept_to_the_letter(stranger, name):
    body = put(signup_body(), "/info/name", name)

    assert stranger.sign_up(body).body["info"]["name"] == name
    assert stranger.get().body["info"]["name"] == name


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
    for path in (
        "/Provider/signup/",
        "/provider/signup",
        "/Provider",
        "/Provider/signups",
        "/xProvider/signup",
    ):
        assert stranger.raw(path, b"{}", {}).status_code == 404
    assert stranger.raw("/Provider/signup", b"{}", {}, method="GET").status_code == 405


def test_verified_documents_stay_verified_and_new_ones_wait(provider):
    assert provider.operate("verify") == 204
    assert provider.get().body["registration"]["status"] == "VERIFIED"

    provider.update(NEW_INFO)
    seen = provider.add(PDF)

    statuses = [document["status"] for document in seen.body["documents"]]
    assert statuses == ["VERIFIED", "VERIFIED", "PENDING-VERIFICATION"]
    assert seen.body["registration"]["status"] == "UPDATE-PENDING"


def test_an_operator_judges_single_documents(provider):
    assert provider.operate("documents/1/reject") == 204
    assert provider.operate("documents/2/reject") == 404

    assert [document["status"] for document in provider.get().body["documents"]] == [
        "PENDING-VERIFICATION",
        "REJECTED",
    ]


def test_an_operator_cannot_judge_what_is_not_there(stranger):
    stranger.id = "reg-unknown"

    assert stranger.operate("verify") == 404
    stranger.sign_up()
    assert stranger.operate("praise") == 404


def test_a_text_without_an_end_is_searched_once():
    began = time.process_time()

    assert not is_deep("[]" * 301 + '"' + '\\"' * 20_000)

    assert time.process_time() - began < 2
