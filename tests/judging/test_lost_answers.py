"""Changes that were refused, or whose answers were lost (R17)."""

import pytest

from tests.exchanges import (
    ADD,
    PENDING,
    SIGNUP,
    UPDATE,
    VERIFIED,
    Story,
    configured,
    nack,
    page,
    put,
)
from tests.judging.stories import signed_up

# Refused changes (R17).


@pytest.mark.parametrize("fault", ["info", "token", "timestamp"])
def test_values_of_a_refused_update_that_are_kept_are_a_finding(fault):
    story = signed_up()
    story.get()
    info = story.values.info()
    how = {"info": {}, "token": {"token": "made up"}, "timestamp": {"header_changes": {"Timestamp": None}}}
    sent = {**info, "phone": "none"} if fault == "info" else info
    body = {"registration": {"status": "UPDATE-FAIL"}, "info": {"phone": "bad"}}
    story.update(sent, answer=nack(body if fault == "info" else {}), **how[fault])
    story.wait()
    story.get(change=put("/info/name", info["name"]))
    story.get(change=put("/info/name", info["name"]))

    assert story.findings() == [("UPDATE-NACK-UNCHANGED", "/info/name")]


def test_a_document_of_a_refused_addition_that_is_kept_is_a_finding():
    story = signed_up()
    good = story.values.document()
    story.add([good, {"name": "x.pdf"}], answer=nack({"documents": [{}, {"data": "is missing"}]}))
    story.wait()
    story.get(change=lambda body: body["documents"].append({**good, "status": PENDING}))

    assert story.findings() == [("DOCUMENTS-NACK-UNCHANGED", "/documents/2")]


def test_documents_that_nobody_sent_are_judged_by_nobody():
    story = signed_up()
    story.get(change=lambda body: body["documents"].append({**story.values.document(), "status": PENDING}))

    assert story.findings() == []


@pytest.mark.parametrize(("change", "prefix"), [("update", "UPDATE"), ("add", "DOCUMENTS")])
@pytest.mark.parametrize(("status", "bad"), [("REGISTERED", False), ("UPDATE-FAIL", False), ("UPDATE-PENDING", True)])
def test_the_status_after_a_refused_change_is_that_of_before_or_a_failure(change, prefix, status, bad):
    story = signed_up()
    story.get()
    faulty = {"info": {**story.values.info(), "phone": "none"}} if change == "update" else {"documents": 5}
    blamed = {"registration": {"status": "UPDATE-FAIL"}, "info": {"phone": "bad"}}
    answer = nack(blamed if change == "update" else {"documents": "no list"})
    getattr(story, change)(next(iter(faulty.values())), answer=answer)
    story.wait()
    story.get(change=put("/registration/status", status))

    expected = [(f"{prefix}-NACK-STATUS-UNCHANGED", "/registration/status")] if bad else []
    assert story.findings() == expected


def test_nothing_follows_from_the_status_where_a_change_was_pending():
    story = signed_up()
    story.update()
    story.get()
    story.update({"phone": "none"}, answer=nack({"registration": {"status": "UPDATE-FAIL"}, "info": {"phone": "x"}}))
    story.wait()
    story.mine.status = VERIFIED
    story.get()

    assert story.findings() == []


# Answers that were lost.

LOST = [
    {"answer": None, "trouble": "connection: reset"},
    {"answer": None, "trouble": "patience: asks to wait"},
    {"answer": page(502)},
    {"answer": page(504)},
]


@pytest.mark.parametrize("lost", LOST, ids=lambda lost: lost.get("trouble") or str(lost["answer"].status))
@pytest.mark.parametrize("applied", [True, False])
def test_an_update_whose_answer_was_lost_may_have_been_made_or_not(lost, applied):
    story = signed_up()
    info = story.values.info()
    story.call(UPDATE, {"registration": {"id": story.mine.id}, "info": info}, **lost)
    if applied:
        story.mine.info, story.mine.status = info, "UPDATE-PENDING"
    story.wait()
    story.get()
    story.add()
    story.wait()
    story.get()

    assert story.findings() == []


@pytest.mark.parametrize("lost", LOST, ids=lambda lost: lost.get("trouble") or str(lost["answer"].status))
@pytest.mark.parametrize("applied", [True, False])
def test_an_addition_whose_answer_was_lost_may_have_been_made_or_not(lost, applied):
    story = signed_up()
    document = story.values.document()
    story.call(ADD, {"registration": {"id": story.mine.id}, "documents": [document]}, **lost)
    if applied:
        story.mine.documents.append({**document, "id": "d-9", "status": PENDING})
        story.mine.status = "UPDATE-PENDING"
    story.wait()
    story.get()
    story.update()
    story.wait()
    story.add()
    story.get()

    assert story.findings() == []


@pytest.mark.parametrize("action", [UPDATE, ADD])
def test_a_change_whose_answer_was_lost_may_be_made_after_a_later_one_was_refused(action):
    story = signed_up()
    story.get()
    parts = {UPDATE: {"info": story.values.info()}, ADD: {"documents": [story.values.document()]}}[action]
    story.call(action, {"registration": {"id": story.mine.id}, **parts}, None, trouble="connection: reset")
    story.get()
    faulty = {"info": {**story.values.info(), "phone": None}}
    story.call(UPDATE, {"registration": {"id": story.mine.id}, **faulty}, nack({"info": {"phone": "is missing"}}))
    story.mine.status = "UPDATE-PENDING"
    story.wait()
    story.get()

    assert story.findings() == []


REPLACED = [*LOST, {"answer": page(403)}]
UNREAD = [("unusual", "a NUL character"), ("foreign", "another media type")]


@pytest.mark.parametrize("lost", REPLACED, ids=lambda lost: lost.get("trouble") or str(lost["answer"].status))
@pytest.mark.parametrize(("purpose", "tag"), UNREAD)
@pytest.mark.parametrize("action", [UPDATE, ADD])
def test_an_unread_change_without_an_own_answer_may_have_been_made(action, purpose, tag, lost):
    story = signed_up()
    info, document = story.values.info(), story.values.document()
    parts = {UPDATE: {"info": info}, ADD: {"documents": [document]}}[action]
    body = {"registration": {"id": story.mine.id}, **parts}
    story.call(action, body, purpose=purpose, tags=(tag,), about=story.mine.id, **lost)
    if action == UPDATE:
        story.mine.info = info
    else:
        story.mine.documents.append({**document, "id": "d-9", "status": PENDING})
    story.mine.status = "UPDATE-PENDING"
    story.wait()
    story.get()

    assert story.findings() == []


@pytest.mark.parametrize("action", [UPDATE, ADD])
def test_a_change_that_something_in_front_answers_is_not_refused(action):
    """A filter of replies lets the request through and puts a page in the place of what the gateway says."""
    story = signed_up()
    info, document = story.values.info(), story.values.document()
    parts = {UPDATE: {"info": info}, ADD: {"documents": [document]}}[action]
    story.call(action, {"registration": {"id": story.mine.id}, **parts}, page(403))
    if action == UPDATE:
        story.mine.info = info
    else:
        story.mine.documents.append({**document, "id": "d-9", "status": PENDING})
    story.mine.status = "UPDATE-PENDING"
    story.wait()
    story.get()

    assert story.findings() == []


@pytest.mark.parametrize("action", [UPDATE, ADD])
def test_an_unread_change_that_the_gateway_refused_and_made_is_a_finding(action):
    story = signed_up()
    story.get()
    parts = {UPDATE: {"info": story.values.info()}, ADD: {"documents": [story.values.document()]}}[action]
    body = {"registration": {"id": story.mine.id}, **parts}
    story.call(action, body, nack(), purpose="unusual", tags=("a comment",), about=story.mine.id)
    if action == UPDATE:
        story.mine.info = parts["info"]
    else:
        story.mine.documents.clear()
    story.wait()
    story.get()

    assert {requirement for requirement, _ in story.findings()} <= {"GET-ROUND-TRIP", "SIGNUP-DOCUMENTS-KEPT"}
    assert story.findings() != []


def test_a_stale_status_is_not_what_a_refused_change_is_held_against():
    story = signed_up()
    story.wait()
    before = story.mine.status
    story.update()
    story.get(change=put("/registration/status", before))
    story.add([{"name": 1, "data": "x"}], answer=nack({"documents": [{"name": "is no text"}]}))
    story.wait()
    story.get(change=put("/registration/status", "UPDATE-PENDING"))

    assert story.findings() == []


def test_a_settled_status_is_what_a_refused_change_is_held_against():
    story = signed_up()
    story.update()
    story.verify()
    story.wait()
    story.get(change=put("/registration/status", "KNOWN"))
    story.add([{"name": 1, "data": "x"}], answer=nack({"documents": [{"name": "is no text"}]}))
    story.wait()
    story.get(change=put("/registration/status", "BROKEN"))

    assert story.findings() == [("DOCUMENTS-NACK-STATUS-UNCHANGED", "/registration/status")]


@pytest.mark.parametrize("declared", [{"verification": "immediate"}, {"updates": "deferred"}])
@pytest.mark.parametrize(("status", "bad"), [("ACTIVE", False), ("UPDATE-PENDING", True)])
def test_who_verifies_in_the_background_may_change_the_status_by_itself(declared, status, bad):
    story = signed_up(configured(**declared))
    story.get()
    story.update({**story.values.info(), "phone": "none"}, answer=nack({"info": {"phone": "bad"}}))
    story.wait()
    story.get(change=put("/registration/status", status))

    assert (("UPDATE-NACK-STATUS-UNCHANGED", "/registration/status") in story.findings()) is bad


def test_a_late_answer_to_an_update_is_the_only_finding():
    story = signed_up()
    story.call(
        UPDATE,
        {"registration": {"id": story.mine.id}, "info": story.values.info()},
        None,
        trouble="timeout: no whole reply within 10 s",
    )
    story.wait()
    story.get()

    assert story.findings() == [("REPLY-TIME", "")]


def test_a_signup_whose_answer_was_lost_leaves_nothing_behind():
    story = Story()
    story.call(SIGNUP, story.values.signup(), None, trouble="connection: reset")
    story.signup()
    story.wait()
    story.get()

    assert story.findings() == []


@pytest.mark.parametrize("seen_elsewhere", [True, False])
def test_a_status_that_moves_on_by_itself_is_no_trace_of_a_refused_change(seen_elsewhere):
    story = Story()
    if seen_elsewhere:
        story.signup()
        story.get(change=put("/registration/status", "IN-REVIEW"))
    story.signup()
    story.get()
    story.update({**story.values.info(), "phone": "none"}, answer=nack({"info": {"phone": "bad"}}))
    story.wait()
    story.get(change=put("/registration/status", "IN-REVIEW"))

    assert ("UPDATE-NACK-STATUS-UNCHANGED" in [r for r, _ in story.findings()]) is not seen_elsewhere


@pytest.mark.parametrize(
    ("declared", "found"), [({}, 1), ({"verification": "immediate"}, 0), ({"updates": "deferred"}, 0)]
)
def test_who_approves_by_itself_may_be_back_at_the_status_of_before(declared, found):
    story = signed_up(configured(**declared))
    story.update()
    story.mine.status = "REGISTERED"
    story.wait()
    story.get()

    assert len(story.findings()) == found
