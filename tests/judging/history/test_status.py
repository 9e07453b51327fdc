"""The status of a registration after a change, and after a refused one (R5, R17)."""

import pytest

from tests.exchanges import ADD, UPDATE, VERIFIED, configured, nack, put, reply
from tests.judging.stories import beside_an_untouched_one, left, signed_up


@pytest.mark.parametrize("change", ["update", "add"])
def test_the_status_of_before_after_a_change_is_a_finding(change):
    story = signed_up()
    getattr(story, change)()
    story.mine.status = "REGISTERED"
    story.get()
    assert story.findings() == []

    story.look()
    assert story.findings() == [
        ({"update": "UPDATE", "add": "DOCUMENTS"}[change] + "-STATUS-SEEN", "/registration/status")
    ]


@pytest.mark.parametrize("status", ["UPDATE-PENDING", VERIFIED, "UPDATED"])
@pytest.mark.parametrize("change", ["update", "add"])
def test_a_later_status_after_a_change_is_fine(change, status):
    story = signed_up()
    getattr(story, change)()
    story.mine.status = status
    story.look()

    assert story.findings() == []


def test_a_verified_registration_may_be_verified_after_a_change():
    story = signed_up()
    story.mine.verify()
    story.get()
    story.update()
    story.mine.status = VERIFIED
    story.look()

    assert story.findings() == []


@pytest.mark.parametrize(
    ("declared", "found"), [({}, 1), ({"verification": "immediate"}, 0), ({"updates": "deferred"}, 0)]
)
def test_who_approves_by_itself_may_be_back_at_the_status_of_before(declared, found):
    story = signed_up(configured(**declared))
    story.update()
    story.mine.status = "REGISTERED"
    story.look()

    assert len(story.findings()) == found


# After a refused change.


@pytest.mark.parametrize(("change", "prefix"), [("update", "UPDATE"), ("add", "DOCUMENTS")])
@pytest.mark.parametrize(("status", "bad"), [("REGISTERED", False), ("UPDATE-FAIL", False), ("UPDATE-PENDING", True)])
def test_the_status_after_a_refused_change_is_that_of_before_or_a_failure(change, prefix, status, bad):
    story = signed_up()
    story.get()
    faulty = {"info": {**story.values.info(), "phone": "none"}} if change == "update" else {"documents": 5}
    blamed = {"registration": {"status": "UPDATE-FAIL"}, "info": {"phone": "bad"}}
    answer = nack(blamed if change == "update" else {"documents": "no list"})
    getattr(story, change)(next(iter(faulty.values())), answer=answer)
    story.look(change=put("/registration/status", status))

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
    story.look()

    assert story.findings() == []


def test_a_stale_status_is_not_what_a_refused_change_is_held_against():
    story = signed_up()
    story.wait()
    before = story.mine.status
    story.update()
    story.get(change=put("/registration/status", before))
    story.add([{"name": 1, "data": "x"}], answer=nack({"documents": [{"name": "is no text"}]}))
    story.look(change=put("/registration/status", "UPDATE-PENDING"))

    assert story.findings() == []


def test_a_settled_status_is_what_a_refused_change_is_held_against():
    story = beside_an_untouched_one()
    story.update()
    story.mine.verify()
    story.look(change=put("/registration/status", "KNOWN"))
    story.add([{"name": 1, "data": "x"}], answer=nack({"documents": [{"name": "is no text"}]}))
    story.look(change=put("/registration/status", "BROKEN"))

    assert story.findings() == [("DOCUMENTS-NACK-STATUS-UNCHANGED", "/registration/status")]


@pytest.mark.parametrize("declared", [{"verification": "immediate"}, {"updates": "deferred"}])
@pytest.mark.parametrize(("status", "bad"), [("ACTIVE", False), ("UPDATE-PENDING", True)])
def test_who_verifies_in_the_background_may_change_the_status_by_itself(declared, status, bad):
    story = signed_up(configured(**declared))
    story.get()
    story.update({**story.values.info(), "phone": "none"}, answer=nack({"info": {"phone": "bad"}}))
    story.look(change=put("/registration/status", status))

    assert (("UPDATE-NACK-STATUS-UNCHANGED", "/registration/status") in story.findings()) is bad


@pytest.mark.parametrize("untouched", [True, False])
def test_another_status_after_a_refusal_is_a_finding_only_if_time_alone_does_not_explain_it(untouched):
    story = beside_an_untouched_one() if untouched else signed_up()
    story.get()
    story.update({**story.values.info(), "phone": "none"}, answer=nack({"info": {"phone": "bad"}}))
    story.look(change=put("/registration/status", "ACTIVE"))

    assert (("UPDATE-NACK-STATUS-UNCHANGED", "/registration/status") in story.findings()) is untouched


@pytest.mark.parametrize("looked", [True, False])
def test_a_registration_that_never_had_an_update_is_not_pending_after_a_refused_one(looked):
    story = signed_up()
    if looked:
        story.get()
    story.update({**story.values.info(), "phone": "none"}, answer=nack({"info": {"phone": "bad"}}))
    story.look(change=put("/registration/status", "UPDATE-PENDING"))

    assert ("UPDATE-NACK-STATUS-UNCHANGED", "/registration/status") in story.findings()


@pytest.mark.parametrize("seen", ["before", "after", None])
def test_a_status_that_moves_on_by_itself_is_no_trace_of_a_refused_change(seen):
    def elsewhere():
        story.signup()
        story.get(change=put("/registration/status", "QUEUED (17 before you)"))

    story = beside_an_untouched_one()
    if seen == "before":
        elsewhere()
    story.signup()
    story.get()
    story.update({**story.values.info(), "phone": "none"}, answer=nack({"info": {"phone": "bad"}}))
    story.look(change=put("/registration/status", "QUEUED (16 before you)"))
    if seen == "after":
        elsewhere()

    assert bool(left(story, "UPDATE-NACK-STATUS-UNCHANGED")) is (seen is None)


def test_a_registration_may_be_approved_again_soon_after_an_update():
    story = signed_up()
    story.get(change=put("/registration/status", "APPROVED"))
    story.update(story.values.info())
    story.look(change=put("/registration/status", "APPROVED"))

    assert left(story, "UPDATE-STATUS-SEEN") == []


def test_a_status_that_a_parallel_change_explains_is_no_trace_of_the_refused_one():
    story = signed_up()
    start = story.now + 0.1
    bad = {**story.values.info(), "phone": "12"}
    answer = nack({"registration": {"status": "UPDATE-FAIL"}, "info": {"phone": "no number"}})
    story.update(bad, at=start, seconds=0.1, answer=answer)
    new = story.values.info()
    pending = {**story.mine.shown(), "info": new}
    pending["registration"]["status"] = "UPDATE-PENDING"
    story.get(at=start + 0.2, seconds=0.1, answer=reply(body=pending))
    story.update(new, at=start, seconds=0.5)

    assert story.findings() == []


def test_a_failed_update_may_be_over_when_another_change_is_refused():
    story = signed_up()
    story.get()
    for status in ("UPDATE-FAIL", "REGISTERED"):
        story.update({**story.values.info(), "phone": "none"}, answer=nack({"info": {"phone": "bad"}}))
        story.look(change=put("/registration/status", status))

    assert "UPDATE-NACK-STATUS-UNCHANGED" not in [requirement for requirement, _ in story.findings()]


def test_a_look_that_overlaps_a_refused_update_does_not_show_that_the_status_moves_by_itself():
    story = signed_up()
    for _ in range(3):
        story.signup()
        start, before = story.now + 0.1, story.mine.shown()
        bad = {**story.values.info(), "phone": "12"}
        story.update(bad, at=start, seconds=0.1, answer=nack({"info": {"phone": "no number"}}))
        story.get(at=start, seconds=0.2, answer=reply(body=before))
        story.update(bad, answer=nack({"info": {"phone": "no number"}}))
        story.get(change=put("/registration/status", "UPDATE-PENDING"))
        story.get(change=put("/registration/status", "UPDATE-PENDING"))

    assert len(left(story, "UPDATE-NACK-STATUS-UNCHANGED")) == 3


def test_a_status_seen_after_an_overlapping_look_is_no_proof_of_anything():
    story = signed_up()
    start, before = story.now + 0.1, story.mine.shown()
    story.update({"phone": "12"}, at=start, seconds=0.1, answer=nack({"info": {"phone": "no number"}}))
    story.get(at=start, seconds=0.2, answer=reply(body=before))
    story.get(change=put("/registration/status", "UPDATE-PENDING"))

    assert not any(judgement.obligation.kind.endswith(" by itself") for judgement in story.judgements())
