"""The statuses and ids of documents (R7, R8)."""

import pytest

from beckn_conformance.judging.judge import Judge
from tests.exchanges import PENDING, UPDATE, VERIFIED, configured, nack, put, reply
from tests.judging.stories import beside_an_untouched_one, left, requirements, signed_up


@pytest.mark.parametrize("change", ["update", "add"])
@pytest.mark.parametrize("by", ["its reply", "get"])
def test_a_verified_document_that_waits_again_is_a_finding(change, by):
    story = signed_up()
    story.mine.verify()
    story.get()
    if by == "its reply":
        getattr(story, change)(change=put("/documents/0/status", PENDING))
    else:
        getattr(story, change)()
        story.look(change=put("/documents/0/status", PENDING))
        story.get(change=put("/documents/0/status", PENDING))

    requirement = {"update": "UPDATE-DOCUMENT-STATUS-KEPT", "add": "DOCUMENTS-OLD-STATUS-KEPT"}[change]
    assert story.findings() == [(requirement, "/documents/0/status")]


@pytest.mark.parametrize(
    ("status", "findings"), [(PENDING, []), (VERIFIED, [("DOCUMENTS-NEW-STATUS", "/documents/2/status")])]
)
def test_an_added_document_that_claims_to_be_verified_waits_like_any_other(status, findings):
    story = signed_up()
    claiming = {**story.values.document(), "status": VERIFIED}
    story.add([claiming], answer=nack({}))
    story.add([claiming], change=put("/documents/2/status", status))

    assert story.findings() == findings


@pytest.mark.parametrize(
    ("status", "findings"), [("UPDATE-PENDING", []), (VERIFIED, [("UPDATE-STATUS", "/registration/status")])]
)
def test_an_update_that_claims_to_be_verified_is_pending_like_any_other(status, findings):
    story = signed_up()
    claim = {"id": story.mine.id, "status": VERIFIED}
    shown = story.mine.shown()
    shown["registration"]["status"] = status
    body = {"registration": claim, "info": story.values.info()}
    story.call(UPDATE, body, reply("ACK", {**shown, "info": body["info"]}))
    story.wait()
    # What was acknowledged is kept, whatever was claimed.
    story.get(change=put("/registration/status", status))

    assert story.findings() == [*findings, ("UPDATE-VISIBLE", "/info")]


@pytest.mark.parametrize("change", ["update", "add"])
def test_a_document_may_be_verified_at_any_time(change):
    story = signed_up()
    story.get()
    getattr(story, change)()
    story.mine.verify()
    story.look()
    getattr(story, change)()

    assert story.findings() == []


def test_a_verified_document_that_waits_again_though_nobody_touched_the_registration_is_a_finding():
    story = signed_up()
    story.mine.verify()
    story.get()
    story.look(change=put("/documents/0/status", PENDING))

    assert story.findings() == [("UPDATE-DOCUMENT-STATUS-KEPT", "/documents/0/status")]


def test_a_document_just_verified_may_wait_in_a_stale_read_after_an_update():
    story = signed_up()
    story.mine.verify()
    story.get()
    story.update()
    story.get(change=put("/documents/0/status", PENDING))

    assert story.findings() == []


@pytest.mark.parametrize("change", ["update", "add"])
def test_a_document_may_wait_in_the_late_reply_to_a_change_sent_before_it_was_verified(change):
    story = signed_up()
    sent = story.now + 0.1
    getattr(story, change)(at=sent, seconds=1.0)
    story.mine.verify()
    story.get(at=sent + 0.2)

    assert story.findings() == []


def test_two_documents_with_one_id_are_a_finding():
    story = signed_up()
    story.add(change=lambda body: put("/documents/2/id", body["documents"][0]["id"])(body))

    assert requirements(story) == ["DOCUMENTS-DOCUMENT-ID"]


def test_a_document_with_another_id_than_before_is_less_of_a_finding():
    story = signed_up()
    story.add()
    story.wait()
    story.add(change=put("/documents/0/id", "another"))
    story.wait()
    story.add()

    assert story.findings() == [("DOCUMENTS-DOCUMENT-ID-STABLE", "/documents/0/id")]


def test_ids_elsewhere_need_not_be_the_same():
    story = signed_up()
    story.add()
    story.look(change=put("/documents/0/id", "another"))
    story.add()

    assert story.findings() == []


def test_ids_of_documents_may_be_given_anew_where_additions_met():
    story = signed_up()
    start = story.now + 0.1
    for delay in (0.1, 0.2):
        story.add(at=start, seconds=delay)
    for number, document in enumerate(story.mine.documents):
        document["id"] = f"final-{number}"
    story.wait()
    story.add()
    story.add()

    assert story.findings() == []


@pytest.mark.parametrize("declared", [{}, {"documents_echo": "redacted"}], ids=["same", "redacted"])
def test_which_of_two_like_documents_is_which_is_a_matter_of_order(declared):
    story = signed_up(configured(**declared))
    document = story.mine.documents[0]
    story.mine.verify()
    story.get()
    like = {"name": document["name"], "data": document["data"]} if not declared else story.values.document()
    like["name"] = document["name"]

    def newest_first(body):
        body["documents"].reverse()
        for item in body["documents"] if declared else ():
            item["data"] = "***"

    for _ in range(2):
        story.add([like], change=newest_first)
        story.look(change=newest_first)

    assert story.findings() == []


@pytest.mark.parametrize("status", ["REJECTED", None, True, ""])
@pytest.mark.parametrize("change", ["update", "add"])
def test_an_earlier_document_with_a_status_that_nothing_explains_is_a_finding(change, status):
    story = beside_an_untouched_one()
    for _ in range(3):
        getattr(story, change)(change=put("/documents/0/status", status))

    requirement = {"update": "UPDATE-DOCUMENT-STATUS", "add": "DOCUMENTS-OLD-STATUS"}[change]
    assert set(story.findings()) == {(requirement, "/documents/0/status")}
    assert len(left(story, requirement)) == 3


@pytest.mark.parametrize("change", ["update", "add"])
def test_an_officer_may_reject_a_document_before_any_untouched_one_is_that_old(change):
    story = signed_up()
    getattr(story, change)(change=put("/documents/0/status", "REJECTED"))

    assert story.findings() == []


@pytest.mark.parametrize("change", ["update", "add"])
def test_a_finding_of_the_whole_run_is_made_of_its_calls_alone_too(change):
    story = signed_up()
    getattr(story, change)(change=put("/documents/0/status", "REJECTED"))
    judge = Judge(story.specification, story.config)
    judge.assume_whole_run()

    findings = [judgement.finding for _, judgement in judge.judge_together(story.exchanges) if judgement.finding]
    assert [finding.pointer for finding in findings] == ["/documents/0/status"]


@pytest.mark.parametrize("status", ["UPDATE-PENDING", "UPDATE-FAIL"])
@pytest.mark.parametrize(
    ("change", "requirement"), [("update", "UPDATE-DOCUMENT-STATUS"), ("add", "DOCUMENTS-OLD-STATUS")]
)
def test_a_document_that_takes_the_status_of_its_registration_is_a_finding(change, requirement, status):
    for how, findings in (({}, [(requirement, "/documents/0/status")]), ({"verification": "immediate"}, [])):
        story = signed_up(configured(**how))
        getattr(story, change)(change=put("/documents/0/status", status))
        assert story.findings() == findings


@pytest.mark.parametrize("seen", ["REJECTED: page 3 is blurred", VERIFIED, None])
@pytest.mark.parametrize("change", ["update", "add"])
def test_where_documents_reach_words_of_the_gateway_by_themselves_any_is_fine(change, seen):
    story = beside_an_untouched_one()
    getattr(story, change)(change=put("/documents/0/status", "REJECTED: expired"))
    if seen:
        story.signup()
        story.get(change=put("/documents/1/status", seen))

    requirement = {"update": "UPDATE-DOCUMENT-STATUS", "add": "DOCUMENTS-OLD-STATUS"}[change]
    assert bool(left(story, requirement)) is (seen in (VERIFIED, None))


def test_a_document_just_added_is_not_rejected_yet():
    story = signed_up(configured(verification="immediate"))
    story.add(change=put("/documents/2/status", "REJECTED"))

    assert story.findings() == [("DOCUMENTS-NEW-STATUS", "/documents/2/status")]


@pytest.mark.parametrize("change", ["update", "add"])
def test_who_verifies_during_a_run_may_reject_as_well(change):
    story = beside_an_untouched_one(configured(verification="immediate"))
    getattr(story, change)(change=put("/documents/0/status", "REJECTED"))

    assert story.findings() == []
