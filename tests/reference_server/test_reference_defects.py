"""Defects break what they say, seen from the outside, for one or two of each family."""

import json

import pytest

from tests.reference_server.reference_messages import GET, INFO, JPEG, NEW_INFO, NOW, PDF, SIGNUP, put, signup_body
from tests.reference_server.reference_provider import Provider


@pytest.mark.parametrize("binding", ["http", "envelope"])
def test_a_message_that_is_left_out_is_not_there(planted, binding):
    gateway = planted(defects=["signup-message-missing"], binding=binding)
    header = {"Action": SIGNUP, "Token": "x", "Timestamp": NOW}
    body = signup_body() if binding == "http" else {"header": header, "body": signup_body()}

    reply = gateway.raw(f"/{SIGNUP}", json.dumps(body).encode(), header)

    members = reply.headers if binding == "http" else reply.json()["header"]
    assert members["action"] == "ACK"
    assert "message" not in members


def test_a_body_that_is_no_json_cannot_be_read(planted):
    provider = planted(defects=["get-json-cut-short"])
    provider.sign_up()

    with pytest.raises(ValueError, match="delimiter"):
        provider.get()


def test_a_fault_that_is_let_through_is_acknowledged_and_the_like_of_it_is_not(planted):
    gateway = planted(defects=["signup-info-phone-letters-in-the-extension-accepted"])

    seen = gateway.call(SIGNUP, put(signup_body(), "/info/phone", "+91-8023329991-desk"))

    assert (seen.action, seen.body["info"]["phone"]) == ("ACK", "+91-8023329991-desk")
    assert gateway.call(SIGNUP, put(signup_body(), "/info/phone", "+91-80desk")).action == "NACK"


@pytest.mark.parametrize(("index", "action"), [(0, "NACK"), (1, "ACK")])
def test_only_the_first_document_is_checked(planted, index, action):
    gateway = planted(defects=["signup-documents-item-name-missing-accepted-beyond-first"])

    body = signup_body()
    del body["documents"][index]["name"]
    seen = gateway.call(SIGNUP, body)

    assert seen.action == action


@pytest.mark.parametrize(
    ("defect", "pointer", "value", "body"),
    [
        ("signup-info-phone-error-blank", "/info/phone", 7, {"info": {"phone": " "}}),
        ("signup-info-name-error-unsaid", "/info/name", 7, {}),
        ("signup-info-phone-error-echoes-value", "/info/phone", "desk", {"info": {"phone": "desk"}}),
    ],
)
def test_a_nack_says_something_else(planted, defect, pointer, value, body):
    seen = planted(defects=[defect]).call(SIGNUP, put(signup_body(), pointer, value))

    assert (seen.action, seen.body) == ("NACK", body)


def test_a_valid_value_is_refused_at_its_place(planted):
    gateway = planted(defects=["signup-info-email-with-a-tag-refused"])

    seen = gateway.call(SIGNUP, put(signup_body(), "/info/email", "a+b@example.com"))

    assert seen.action == "NACK"
    assert list(seen.body) == ["info"]
    assert list(seen.body["info"]) == ["email"]
    assert gateway.call(SIGNUP, signup_body()).action == "ACK"


@pytest.mark.parametrize(("name", "token"), [("absent", None), ("empty", ""), ("unknown", "nobody's")])
def test_a_call_is_let_in_without_its_token_and_no_other_way(planted, name, token):
    provider = planted(defects=[f"get-token-{name}-accepted"])
    provider.sign_up()
    tokens = {None, "", "nobody's"}

    assert provider.get(Token=token).action == "ACK"
    assert {provider.get(Token=other).action for other in tokens - {token}} == {"NACK"}


def test_replies_mix_two_updates(planted):
    provider = planted(defects=["get-mixes-old-phone"])
    provider.sign_up()

    assert provider.update(NEW_INFO).body["info"] == NEW_INFO
    assert provider.get().body["info"] == {**NEW_INFO, "phone": INFO["phone"]}


def test_a_second_addition_replaces_the_first(planted):
    provider = planted(defects=["documents-add-second-addition-replaces-first"])
    provider.sign_up()
    provider.add(PDF)

    added = provider.add(JPEG).body["documents"]

    assert [document["name"] for document in added] == [PDF["name"], JPEG["name"], JPEG["name"]]


def test_two_registrations_share_an_id_and_nothing_else(planted):
    one = planted(defects=["signup-id-every-second-repeated"])
    one.sign_up()
    other = Provider(one.app)
    other.sign_up(put(signup_body(), "/info/name", "Other"))

    assert one.id == other.id
    assert one.get().body["info"]["name"] == INFO["name"]
    assert other.get().body["info"]["name"] == "Other"


def test_a_crash_is_a_bare_server_error(planted):
    provider = planted(defects=["get-unknown-crashes"])
    provider.sign_up()
    header = {"Action": GET, "Token": provider.token, "Timestamp": NOW}

    reply = provider.raw(f"/{GET}", b'{"registration": {"id": "reg-unknown"}}', header)

    assert (reply.status_code, reply.text) == (500, "Internal Server Error")
    assert provider.get().action == "ACK"


def test_two_defects_can_be_planted_together(planted):
    gateway = planted(defects=["signup-ack-registration-status-blank", "signup-ack-auth-exp-null"])

    seen = gateway.call(SIGNUP, signup_body())

    assert (seen.body["registration"]["status"], seen.body["auth"]["exp"]) == (" ", None)
