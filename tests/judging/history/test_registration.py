"""How a registration begins, and changes that were refused or whose answers were lost (R17)."""

import copy

import pytest

from tests.exchanges import (
    ADD,
    PENDING,
    SIGNUP,
    UPDATE,
    VERIFIED,
    Registered,
    Story,
    configured,
    drop,
    nack,
    page,
    put,
    reply,
)
from tests.judging.stories import drawn, infos, looks, requirements, signed_up

# Registrations made beforehand.


def beforehand(**declared):
    story = Story(configured(registrations=(("old-1", "token-of-old-1"),), **declared))
    api = {"endpoint_url": "https://api.metro.example.com/beckn", "status": VERIFIED}
    documents = [{**story.values.document(), "status": VERIFIED, "id": "1"}]
    story.registrations.append(Registered("old-1", "token-of-old-1", VERIFIED, story.values.info(), documents, api))
    return story


def test_a_registration_made_beforehand_is_taken_as_a_first_get_shows_it():
    story = beforehand()
    story.get()
    story.update()
    story.look()
    story.add()
    story.look()

    assert story.findings() == []
    assert {"UPDATE-ECHO", "UPDATE-WHOLE", "DOCUMENTS-LISTED", "GET-ROUND-TRIP"} <= story.met()


def test_a_registration_made_beforehand_must_not_lose_what_it_showed():
    story = beforehand()
    story.get()
    story.get(change=put("/info/phone", "+91-8023329991"))

    assert story.findings() == [("GET-ROUND-TRIP", "/info/phone")]


def test_changes_to_a_registration_never_seen_are_judged_for_themselves():
    story = beforehand()
    story.update()
    story.add()
    story.get()

    assert story.findings() == []


def test_what_was_refused_before_a_first_get_excuses_nothing_after_it():
    story = beforehand()
    info = story.values.info()
    story.update(info, answer=nack({"info": {"phone": "is taken"}}))
    story.look()
    story.get(change=infos(info))

    assert ("GET-ROUND-TRIP", "/info/phone") in story.findings()


# Changes that should have been refused.


def test_a_change_acknowledged_without_a_token_leaves_nothing_certain():
    story = signed_up()
    story.get()
    story.update(token=None)
    story.look()

    assert story.findings() == [("TOKEN-NACK-ABSENT", "header:Token")]


def test_a_foreign_token_that_is_acknowledged_leaves_nothing_certain():
    story = signed_up()
    other = story.mine
    story.signup()
    story.wait()
    story.update(token=other.token)
    story.look()
    story.get(of=other, change=infos(story.mine.info))

    assert story.findings()[0] == ("TOKEN-NACK-FOREIGN", "header:Token")
    assert {"UPDATE-ECHO", "UPDATE-WHOLE"}.isdisjoint(requirements(story))


@pytest.mark.parametrize("action", ["get", "update", "add"])
def test_a_reply_that_shows_another_registration_is_one_finding(action):
    story = signed_up()
    other = story.mine
    story.signup()
    story.wait()
    getattr(story, action)(change=lambda body: {**body, **other.shown(), "info": other.info})
    story.look()

    prefix = {"get": "GET", "update": "UPDATE", "add": "DOCUMENTS"}[action]
    found = [one for one in story.findings() if one[0] != f"{prefix}-STATUS"]
    assert found == [(f"{prefix}-ID", "/registration/id")]


def test_a_faulty_update_that_is_acknowledged_is_the_only_finding():
    story = signed_up()
    bad = {**story.values.info(), "phone": "none"}
    story.update(bad)
    story.look()
    story.add()
    story.get()

    assert story.findings() == [("UPDATE-NACK-PHONE", "/info/phone")]


# Refused changes.


@pytest.mark.parametrize("fault", ["info", "token", "timestamp"])
def test_values_of_a_refused_update_that_are_kept_are_a_finding(fault):
    story = signed_up()
    story.get()
    info = story.values.info()
    how = {"info": {}, "token": {"token": "made up"}, "timestamp": {"header_changes": {"Timestamp": None}}}
    sent = {**info, "phone": "none"} if fault == "info" else info
    body = {"registration": {"status": "UPDATE-FAIL"}, "info": {"phone": "bad"}}
    story.update(sent, answer=nack(body if fault == "info" else {}), **how[fault])
    story.look(change=put("/info/name", info["name"]))
    story.get(change=put("/info/name", info["name"]))

    assert story.findings() == [("UPDATE-NACK-UNCHANGED", "/info")]


BUSY = [
    nack({"registration": {"id": "is being changed"}}, status=409),
    nack({}),
    page(409, b"Conflict", "text/plain"),
    page(423, b'{"error": "locked"}', "application/json"),
]


@pytest.mark.parametrize("answer", BUSY, ids=lambda answer: f"{answer.status}-{len(answer.content)}")
@pytest.mark.parametrize("fault", [{}, {"phone": "12"}], ids=["valid", "faulty"])
def test_a_change_may_be_refused_while_another_is_under_way(answer, fault):
    story = signed_up()
    start, old = story.now + 0.1, story.mine.info.copy()
    story.update(at=start, seconds=0.3)
    new = story.mine.info.copy()
    story.update({**story.values.info(), **fault}, at=start, seconds=0.2, answer=answer)
    story.add(at=start, seconds=0.1, answer=answer)
    looks(story, old)
    story.wait()
    looks(story, new)
    story.add()

    assert story.findings() == []


@pytest.mark.parametrize(("beside", "found"), [(True, []), (False, ["UPDATE-STATUS"])])
def test_a_change_may_show_the_status_that_a_refused_one_left_beside_it(beside, found):
    story = signed_up()
    start, failed = story.now + 0.1, nack({"registration": {"status": "UPDATE-FAIL"}, "info": {"phone": "no number"}})
    story.update({**story.values.info(), "phone": "12"}, at=start, seconds=0.1, answer=failed)
    story.update(at=start + (0 if beside else 1), seconds=0.2, change=put("/registration/status", "UPDATE-FAIL"))

    assert requirements(story) == found


def test_a_refusal_of_a_lone_change_is_a_finding():
    story = signed_up()
    story.update(answer=nack({}))

    assert requirements(story) == ["UPDATE-ACK"]


def test_a_change_refused_in_a_race_that_is_made_nevertheless_is_a_finding():
    story = signed_up()
    start, refused = story.now + 0.1, story.values.info()
    story.update(at=start, seconds=0.2)
    story.update(refused, at=start, seconds=0.1, answer=nack({}))
    story.wait()
    looks(story, refused)

    assert set(requirements(story)) == {"UPDATE-NACK-UNCHANGED"}


def test_a_refused_update_whose_values_the_next_addition_applies_is_a_finding():
    story = signed_up()
    bad = {**story.values.info(), "phone": "12"}
    answer = nack({"registration": {"status": "UPDATE-FAIL"}, "info": {"phone": "no number"}})
    story.update(bad, answer=answer)
    story.look()
    story.add()
    story.look(change=put("/info/name", bad["name"]))

    assert story.findings() == [("UPDATE-NACK-UNCHANGED", "/info")]


def test_blanks_after_a_refused_update_are_its_fault():
    story = signed_up()
    story.update()
    story.look()
    answer = nack({"registration": {"status": "UPDATE-FAIL"}, "info": {"phone": "no number"}})
    story.update({**story.values.info(), "phone": "12"}, answer=answer)
    story.get(change=put("/info/name", "blank"))

    assert story.findings() == [("UPDATE-NACK-UNCHANGED", "/info/name")]


# Answers that were lost.


def taken(story, action):
    """Has the gateway carry out a change, whatever it answers; returns the body of the call."""
    if action == UPDATE:
        story.mine.info, parts = story.values.info(), {}
        parts["info"] = story.mine.info
    else:
        parts = {"documents": [story.values.document()]}
        story.mine.documents.append({**parts["documents"][0], "id": "d-9", "status": PENDING})
    story.mine.status = "UPDATE-PENDING"
    return {"registration": {"id": story.mine.id}, **parts}


LOST = {
    "reset": {"answer": None, "trouble": "connection: reset"},
    "patience": {"answer": None, "trouble": "patience: asks to wait"},
    **{str(status): {"answer": page(status)} for status in (403, 502, 504)},
}
UNREAD = {
    "a message": {},
    "hostile": {"purpose": "unusual", "tags": ("a NUL character",)},
    "foreign": {"purpose": "foreign", "tags": ("another media type",)},
}


@pytest.mark.parametrize("lost", LOST.values(), ids=LOST)
@pytest.mark.parametrize("how", UNREAD.values(), ids=UNREAD)
@pytest.mark.parametrize("made", [True, False])
@pytest.mark.parametrize("action", [UPDATE, ADD])
def test_a_change_without_an_answer_of_the_gateway_may_have_been_made_or_not(action, made, how, lost):
    """Where a filter of replies puts a page in the place of what the gateway says, it was made as well."""
    story = signed_up()
    before = copy.deepcopy(story.mine)
    body = taken(story, action)
    if not made:
        story.registrations[-1] = before
    story.call(action, body, **how, **lost, about=story.mine.id)
    story.look()
    story.update()
    story.wait()
    story.add()
    story.look()

    assert story.findings() == []


@pytest.mark.parametrize("action", [UPDATE, ADD])
def test_an_odd_change_acknowledged_with_status_409_was_not_refused(action):
    story = signed_up()
    body = taken(story, action)
    answer = reply("ACK", story.mine.shown(), status=409)
    story.call(action, body, answer, purpose="unusual", tags=("a comment",), about=story.mine.id)
    story.look()

    assert set(requirements(story)) <= {"REPLY-STATUS-ACK"}


@pytest.mark.parametrize("action", [UPDATE, ADD])
def test_an_unread_change_that_the_gateway_refused_and_made_is_a_finding(action):
    story = signed_up()
    story.get()
    body = taken(story, action)
    story.call(action, body, nack(), purpose="unusual", tags=("a comment",), about=story.mine.id)
    if action == ADD:
        story.mine.documents.clear()
    story.look()

    assert {*requirements(story)} in ({"GET-ROUND-TRIP"}, {"SIGNUP-DOCUMENTS-KEPT"})


def test_an_update_whose_answer_was_lost_in_a_race_may_be_the_one_that_stays():
    for stays in (0, 1):
        story = signed_up()
        start = story.now + 0.1
        lost, kept = drawn(story, 2)
        body = {"registration": {"id": story.mine.id}, "info": lost}
        story.call(UPDATE, body, None, at=start, seconds=0.1, trouble="connection: reset")
        story.update(kept, at=start, seconds=0.2)
        story.wait()
        looks(story, (lost, kept)[stays])

        assert story.findings() == []


def test_a_mix_with_an_update_whose_answer_was_lost_is_a_finding():
    story = signed_up()
    lost, kept = drawn(story, 2)
    story.call(UPDATE, {"registration": {"id": story.mine.id}, "info": lost}, None, trouble="connection: reset")
    story.update(kept)
    story.wait()
    looks(story, {**kept, "phone": lost["phone"]})

    assert requirements(story) == ["UPDATE-WHOLE"]


def test_after_a_crash_in_an_update_anything_may_be_shown():
    story = signed_up()
    sent = story.values.info()
    story.call(UPDATE, {"registration": {"id": story.mine.id}, "info": sent}, page(500))
    story.wait()
    looks(story, {**story.mine.info, "phone": sent["phone"]})

    assert requirements(story) == ["REPLY-NO-CRASH"]


def test_other_registrations_are_judged_though_one_is_uncertain():
    story = signed_up()
    story.call(UPDATE, {"registration": {"id": story.mine.id}, "info": story.values.info()}, page(500))
    story.signup()
    story.look(change=drop("/documents/0"))

    assert requirements(story) == ["REPLY-NO-CRASH", "SIGNUP-DOCUMENTS-KEPT"]


def test_a_late_answer_to_an_update_is_the_only_finding():
    story = signed_up()
    story.call(
        UPDATE,
        {"registration": {"id": story.mine.id}, "info": story.values.info()},
        None,
        trouble="timeout: no whole reply within 10 s",
    )
    story.look()

    assert story.findings() == [("REPLY-TIME", "")]


def test_a_signup_whose_answer_was_lost_leaves_nothing_behind():
    story = Story()
    story.call(SIGNUP, story.values.signup(), None, trouble="connection: reset")
    story.signup()
    story.look()

    assert story.findings() == []
