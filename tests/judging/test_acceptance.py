"""Valid requests are acknowledged; nothing is due to unclear ones (Q1 to Q12, H2)."""

import pytest

from beckn_conformance.judging.finding import Obligation
from beckn_conformance.judging.obligations import obligations
from tests.exchanges import (
    ADD,
    CONFIG,
    GET,
    JSON,
    SIGNUP,
    SPECIFICATION,
    UPDATE,
    Story,
    changed,
    configured,
    drop,
    nack,
    page,
    put,
)
from tests.judging.calls import PREFIX, answered, begun, blame, call
from tests.judging.stories import signed_up


@pytest.mark.parametrize("action", [GET, UPDATE, ADD])
def test_a_valid_request_that_is_refused_is_a_finding(action):
    assert answered(action, nack({})) == [(f"{PREFIX[action]}-ACK", "")]


@pytest.mark.parametrize(
    ("action", "pointer", "requirement"),
    [
        (SIGNUP, "/info/name", "SIGNUP-ACK-NAME"),
        (SIGNUP, "/info/phone", "SIGNUP-ACK-PHONE"),
        (SIGNUP, "/info/email", "SIGNUP-ACK-EMAIL"),
        (SIGNUP, "/info/company_id", "SIGNUP-ACK-COMPANY-ID"),
        (SIGNUP, "/documents/1/data", "SIGNUP-ACK-DOCUMENTS"),
        (SIGNUP, "/api/endpoint_url", "SIGNUP-ACK-ENDPOINT-URL"),
        (UPDATE, "/info/phone", "UPDATE-ACK-PHONE"),
        (ADD, "/documents/0/name", "DOCUMENTS-ACK-DOCUMENTS"),
    ],
)
def test_a_valid_value_that_is_blamed_is_a_finding_there(action, pointer, requirement):
    assert answered(action, nack(blame(action, pointer))) == [(requirement, pointer)]


@pytest.mark.parametrize(("owner", "findings"), [(-1, [("UPDATE-ACK", "")]), (-2, [])])
def test_an_update_may_repeat_its_own_company_id_and_no_other(owner, findings):
    story = begun()
    story.signup()
    story.signup()
    story.wait()
    info = {**story.values.info(), "company_id": story.registrations[owner].info["company_id"]}

    story.call(UPDATE, {"registration": {"id": story.mine.id}, "info": info}, nack({}))

    assert story.findings() == findings


@pytest.mark.parametrize(("changed_before", "findings"), [(False, []), (True, [("UPDATE-ACK-EMAIL", "/info/email")])])
def test_a_gateway_may_hold_on_to_a_member_that_it_never_changed(changed_before, findings):
    story = signed_up()
    if changed_before:
        story.update()
        story.wait()
        story.signup()
        story.wait()
    story.update(answer=nack(blame(UPDATE, "/info/email")))

    assert story.findings() == findings


@pytest.mark.parametrize(
    ("kept", "refusal", "finding"),
    [("email", blame(UPDATE, "/info/email"), ("UPDATE-ACK-EMAIL", "/info/email")), ("", {}, ("UPDATE-ACK", ""))],
)
def test_an_update_is_accepted_where_it_changes_nothing_that_is_held(kept, refusal, finding):
    story = signed_up()
    story.update({**story.values.info(), **({kept: story.mine.info[kept]} if kept else {})}, answer=nack(refusal))

    assert story.findings() == [finding]


def test_a_refused_name_with_symbols_is_less_of_a_finding():
    found = answered(SIGNUP, nack(blame(SIGNUP, "/info/name")), change=put("/info/name", "Metro 🚇"))

    assert found == [("SIGNUP-ACK-NAME-SYMBOLS", "/info/name")]


@pytest.mark.parametrize("status", [401, 403])
@pytest.mark.parametrize("action", [GET, UPDATE, ADD])
def test_a_good_token_that_is_refused_is_a_finding(action, status):
    assert answered(action, nack({}, status=status)) == [("TOKEN-ACCEPTED", "header:Token")]


@pytest.mark.parametrize("answer", [nack({}), nack({}, status=401), nack(blame(SIGNUP, "/info/name"), status=403)])
def test_signups_that_never_work_without_an_agreed_token_are_not_judged(answer):
    story = Story()
    call(story, SIGNUP, answer)

    assert story.findings() == []


def test_signups_that_never_work_with_the_agreed_token_are_a_finding():
    story = Story(configured(signup_token="agreed"))
    call(story, SIGNUP, nack({}), token="agreed")

    assert story.findings() == [("SIGNUP-ACK", "")]


def test_a_signup_that_blames_a_valid_member_is_a_finding_at_once():
    story = Story()
    call(story, SIGNUP, nack(blame(SIGNUP, "/info/phone")))

    assert story.findings() == [("SIGNUP-ACK-PHONE", "/info/phone")]


def corrected(**how):
    """A story with a signup that was refused for its phone, and its body without that fault."""
    story = begun(**how)
    body = story.values.signup()
    story.call(SIGNUP, changed(body, put("/info/phone", "12")), nack(blame(SIGNUP, "/info/phone")))
    story.wait()
    return story, body


@pytest.mark.parametrize(("refusal", "pointer"), [(blame(SIGNUP, "/info/email"), "/info/email"), ({}, "")])
def test_a_corrected_signup_that_is_refused_for_the_refused_one_is_a_finding(refusal, pointer):
    story, body = corrected()
    story.call(SIGNUP, body, nack(refusal))

    assert story.findings() == [("SIGNUP-ACK-CORRECTED", pointer)]


def test_a_corrected_signup_that_is_acknowledged_is_kept_and_its_values_are_taken():
    story, body = corrected()
    story.signup(body=body)
    story.look()
    story.signup(body=body, answer=nack(blame(SIGNUP, "/info/email")))

    assert story.findings() == []
    assert {"SIGNUP-ACK-CORRECTED", "SIGNUP-ECHO", "GET-ROUND-TRIP"} <= story.met()


def test_a_corrected_signup_of_recorded_traffic_may_be_refused():
    story, body = corrected()
    story.call(SIGNUP, body, nack(blame(SIGNUP, "/info/email")))

    assert not any(judgement.finding for judgement in story.judgements(closed=False))


UNUSUAL = [
    put("/info/name", "a" * 65),
    put("/info/phone", " +91-8023329991"),
    put("/info/email", '"x y"@example.com'),
    put("/documents", []),
    drop("/documents"),
    put("/note", "extra"),
]


@pytest.mark.parametrize("answer", [nack({"info": {"name": "no"}, "api": "no"}), nack([])])
@pytest.mark.parametrize("change", UNUSUAL)
def test_nothing_is_due_to_an_unclear_request(change, answer):
    assert answered(SIGNUP, answer, change=change) == []


# Refusals for something else than the request (R5, Q10).


@pytest.mark.parametrize("action", [UPDATE, ADD])
@pytest.mark.parametrize("change", [None, put("/registration/id", None)])
def test_a_change_may_be_refused_while_another_one_waits(action, change):
    story = begun()
    story.signup()
    story.wait()
    story.update()
    story.wait()
    faulty = {UPDATE: put("/info/phone", "12"), ADD: put("/documents/0/name", "12")}[action]
    call(story, action, nack({}, status=409), change=faulty if change else None)

    assert story.findings() == []


def _updated_and_verified():
    story = begun()
    story.signup()
    story.wait()
    story.update()
    story.mine.verify()
    story.look()
    return story


def test_a_change_must_not_be_refused_after_the_one_before_was_carried_out():
    story = _updated_and_verified()
    call(story, UPDATE, nack({}, status=409))

    assert story.findings() == [("UPDATE-ACK", "")]


@pytest.mark.parametrize("again", [True, False])
@pytest.mark.parametrize(
    "answer", [nack(), page(409, b"{}", JSON[1]), page(423, b"{}", JSON[1])], ids=lambda a: f"{a.status}"
)
def test_a_refusal_without_a_reason_counts_only_if_it_comes_again(answer, again):
    story = _updated_and_verified()
    faulty = {**story.values.info(), "phone": "12"}
    story.update(faulty, answer=answer)
    if again:
        body = {"registration": {"status": "UPDATE-FAIL"}, "info": {"phone": "is no number"}}
        story.update(faulty, answer=nack(body))

    assert bool(story.findings()) is not again


@pytest.mark.parametrize(("held", "findings"), [(9, []), (7, [("DOCUMENTS-ACK", "")])])
def test_a_registration_may_have_no_more_than_ten_documents(held, findings):
    story = begun()
    story.signup(body=story.values.signup(documents=held))
    story.look()
    call(story, ADD, nack({}, status=422))

    assert story.findings() == findings


@pytest.mark.parametrize(("action", "prefix"), [(SIGNUP, "SIGNUP"), (ADD, "DOCUMENTS")])
@pytest.mark.parametrize("size", [0, 16_384, 32_768])
def test_a_document_of_the_full_length_is_to_be_seen_accepted(action, prefix, size):
    requirement, longest = f"{prefix}-ACK-DOCUMENTS", Obligation(action, "/documents/*/data", "32768 characters")
    assert longest in obligations(SPECIFICATION, CONFIG)[requirement]

    story = begun()
    documents = story.values.documents(1, size)
    if action == ADD:
        story.add(documents)
    else:
        story.signup({**story.values.signup(), "documents": documents})

    met = {judgement.obligation for judgement in story.judgements() if judgement.requirement == requirement}
    assert (longest in met) is (size == 32_768)


@pytest.mark.parametrize(
    ("action", "again"),
    [
        (SIGNUP, lambda story, sent: story.signup(sent)),
        (GET, lambda story, sent: story.get()),
        (UPDATE, lambda story, sent: story.update(sent["info"])),
        (ADD, lambda story, sent: story.add(sent["documents"])),
    ],
)
def test_of_a_call_that_is_made_again_the_last_answer_counts(action, again):
    story = begun()
    sent = call(story, action, nack({})).sent.body
    assert story.findings() == [(f"{PREFIX[action]}-ACK", "")]

    again(story, sent)
    assert story.findings() == []
    assert f"{PREFIX[action]}-ACK" in story.met()


def test_a_call_that_is_always_refused_without_a_reason_is_a_finding():
    story = begun()
    body = story.values.signup()
    for _ in range(3):
        call(story, SIGNUP, nack({}), body=body)

    assert story.findings() == [("SIGNUP-ACK", "")]


@pytest.mark.parametrize(("unknown", "findings"), [(2, [("GET-ACK", "")]), (3, [])])
def test_unknown_ids_may_lock_a_token(unknown, findings):
    story = begun()
    for number in range(unknown):
        call(story, GET, nack({"registration": {"id": "is unknown"}}), body={"registration": {"id": f"none {number}"}})
    story.get(answer=nack({}, status=423))

    assert story.findings() == findings


@pytest.mark.parametrize("said", [{}, {"registration": {"id": "is unknown"}}])
def test_a_registration_that_is_not_seen_yet_may_lock_its_token(said):
    story = Story()
    story.signup()
    for _ in range(3):
        story.get(answer=nack({"registration": {"id": "is unknown"}}, status=404))
    story.wait()
    story.get(answer=nack(said, status=423))

    assert story.findings() == ([("GET-ACK", "/registration/id")] if said else [])


@pytest.mark.parametrize(
    ("first", "findings"), [(nack({"registration": {"id": "is unknown"}}), 0), (nack(status=401), 0), (nack(), 2)]
)
def test_silence_about_an_id_is_excused_only_after_a_proper_refusal(first, findings):
    story = begun()
    for number, answer in enumerate((first, nack(status=409))):
        call(story, GET, answer, body={"registration": {"id": f"none {number}"}})

    assert story.findings() == [("GET-NACK-UNKNOWN", "/registration/id")] * findings


def test_a_refusal_that_blames_a_value_is_no_lock():
    story = begun()
    for number in range(3):
        story.get(token=f"made up {number}", answer=nack({}, status=401))
    story.update(answer=nack({"info": {"phone": "is faulty"}}))

    assert story.findings() == [("UPDATE-ACK-PHONE", "/info/phone")]


@pytest.mark.parametrize(("wrong", "findings"), [(2, [("TOKEN-ACCEPTED", "header:Token")]), (3, [])])
def test_wrong_tokens_may_lock_a_registration(wrong, findings):
    story = begun()
    for number in range(wrong):
        story.get(token=f"made up {number}", answer=nack({}, status=401))
    story.get(answer=nack({}, status=403))

    assert story.findings() == findings
