"""Which documents a reply must show, and which it must not (R9, R13, X3)."""

import copy

import pytest

from beckn_conformance.judging.history.documents import MOST_DOCUMENTS
from tests.exchanges import ADD, PENDING, UPDATE, VERIFIED, Story, drop, nack, put
from tests.judging.stories import drop_named, requirements, shouted, signed_up

# Documents that are missing.


def test_an_added_document_that_its_own_reply_lacks_is_one_finding():
    story = signed_up()
    story.add(change=drop("/documents/2"))
    story.mine.documents.pop()
    story.look()

    assert story.findings() == [("DOCUMENTS-LISTED", "/documents")]


def test_an_earlier_document_that_the_reply_lacks_is_one_finding():
    story = signed_up()
    story.add(change=drop("/documents/0"))
    story.mine.documents.pop(0)
    story.look()

    assert story.findings() == [("DOCUMENTS-LISTED", "/documents")]


def test_an_added_document_may_be_missing_until_it_has_settled():
    story = signed_up()
    story.add()
    story.get(change=drop("/documents/2"))
    assert story.findings() == []

    story.look(change=drop("/documents/2"))
    story.get(change=drop("/documents/2"))
    assert story.findings() == [("DOCUMENTS-KEPT", "/documents")]


@pytest.mark.parametrize("call", ["get", "update"])
def test_a_document_of_the_signup_that_is_missing_is_one_finding(call):
    story = signed_up()
    getattr(story, call)(change=drop("/documents/1"))
    story.get(change=drop("/documents/1"))

    assert story.findings() == [("SIGNUP-DOCUMENTS-KEPT", "/documents")]


def test_that_a_read_lacks_a_document_does_not_hide_that_the_lone_addition_does():
    story = signed_up()
    story.add()
    story.mine.documents.pop()
    story.look()
    story.get()
    story.add()
    story.add()

    assert requirements(story) == ["DOCUMENTS-KEPT", "DOCUMENTS-LISTED"]


@pytest.mark.parametrize(("updates", "kind"), [(0, "earlier-missing"), (1, "missing-after-change")])
def test_what_is_missing_after_an_update_may_have_been_dropped_by_it(updates, kind):
    story = signed_up()
    story.add()
    for _ in range(updates):
        story.update()
    story.mine.documents.pop()
    story.add()

    assert [judgement.finding.kind for judgement in story.judgements() if judgement.finding] == [kind]


def test_an_update_that_drops_an_addition_that_was_seen_is_a_finding():
    story = signed_up()
    story.add()
    story.look()
    story.mine.documents.pop()
    story.update()

    assert story.findings() == [("UPDATE-KEEPS-REST", "/documents")]


def test_a_document_just_added_may_be_missing_from_a_stale_read_after_an_update():
    story = signed_up()
    story.add()
    story.get()
    story.update()
    story.get(change=drop("/documents/2"))

    assert story.findings() == []


def test_an_endpoint_or_a_document_of_the_signup_is_in_every_read():
    story = signed_up()
    story.update()
    story.get(change=drop("/documents/0"))

    assert story.findings() == [("SIGNUP-DOCUMENTS-KEPT", "/documents")]


def test_an_acknowledged_document_is_found_among_many_of_nobody():
    strangers = [{"name": f"n{n}", "data": f"d{n}", "status": VERIFIED} for n in range(9000)]
    story = Story()
    story.signup(change=lambda body: body["documents"].__setitem__(slice(0, 0), strangers))
    story.get(change=lambda body: body["documents"].__setitem__(slice(0, 0), strangers))

    assert not {"SIGNUP-DOCUMENTS-KEPT", "SIGNUP-ECHO"} & {requirement for requirement, _ in story.findings()}


def test_a_document_that_is_lost_among_many_of_nobody_is_a_finding():
    strangers = [{"name": f"n{n}", "data": f"d{n}", "status": VERIFIED} for n in range(9000)]
    story = Story()
    story.signup()
    story.look(change=put("/documents", strangers))

    assert "SIGNUP-DOCUMENTS-KEPT" in {requirement for requirement, _ in story.findings()}


def test_a_document_of_the_signup_may_be_stored_a_moment_later():
    story = Story()
    story.signup()
    story.get(change=put("/documents", []))
    assert story.findings() == []
    assert "SIGNUP-DOCUMENTS-KEPT" not in {judgement.requirement for judgement in story.judgements()}

    story.look(change=put("/documents", []))
    assert set(requirements(story)) == {"SIGNUP-DOCUMENTS-KEPT"}


# Additions side by side (X3).


@pytest.mark.parametrize("action", [UPDATE, ADD])
def test_an_addition_dropped_by_a_parallel_change_is_missing_from_the_last_lone_one(action):
    story = signed_up()
    start = story.now + 0.1
    story.add(at=start, seconds=0.1)
    lost = story.mine.documents.pop()
    change = story.update if action == UPDATE else story.add
    change(at=start, seconds=0.2)
    story.wait()
    story.add()

    assert lost not in story.mine.documents
    assert story.findings() == [("DOCUMENTS-LISTED", "/documents")]


@pytest.mark.parametrize("call", ["get", "update"])
def test_a_document_that_an_addition_drops_is_not_held_against_a_call_made_meanwhile(call):
    story = signed_up()
    story.get()
    start, first = story.now + 0.1, story.mine.documents[0]["name"]
    getattr(story, call)(at=start, seconds=0.1, change=lambda body: drop_named(body, first))
    story.add(at=start, seconds=0.2, change=lambda body: drop_named(body, first))
    story.mine.documents.pop(0)
    story.look()

    assert story.findings() == [("DOCUMENTS-LISTED", "/documents")]


def test_a_document_that_is_lost_during_an_addition_but_not_by_it_is_a_finding():
    story = signed_up()
    start, first = story.now + 0.1, story.mine.documents[0]["name"]
    story.add(at=start, seconds=0.2)
    story.update(at=start, seconds=0.1, change=lambda body: drop_named(body, first))
    story.mine.documents.pop(0)
    story.look()

    assert story.findings() == [("SIGNUP-DOCUMENTS-KEPT", "/documents")]


def test_an_addition_in_a_race_need_not_list_what_another_node_took_a_moment_ago():
    story = signed_up()
    story.add()
    start = story.now
    first = story.mine.documents[-1]
    story.add(at=start, seconds=0.2, change=lambda body: drop_named(body, first["name"]))
    story.update(at=start, seconds=0.3)
    story.wait()
    story.add()
    story.get()

    assert story.findings() == []


def test_parallel_additions_need_not_see_each_other():
    story = signed_up()
    start = story.now + 0.1
    documents = [story.values.document() for _ in range(3)]
    for document, delay in zip(documents, (0.1, 0.2, 0.3), strict=True):
        story.add(
            [document],
            at=start,
            seconds=delay,
            change=lambda body, name=document["name"]: body.update(
                documents=[d for d in [*body["documents"][:2], body["documents"][-1]] if d]
            ),
        )
    story.wait()
    story.add()
    story.get()

    assert story.findings() == []


# Documents of one name.


def test_a_document_that_gives_way_to_one_of_its_name_is_less_of_a_finding():
    story = signed_up()
    name = story.mine.documents[0]["name"]
    story.add([story.values.document(name=name)], change=drop("/documents/0"))
    story.mine.documents.pop(0)
    story.look()

    assert story.findings() == [("DOCUMENTS-SAME-NAME", "/documents")]


@pytest.mark.parametrize("part", ["name", "data"])
def test_one_of_two_like_documents_of_a_signup_that_gives_way_is_less_of_a_finding(part):
    story = Story()
    body = story.values.signup(documents=2)
    body["documents"][1][part] = body["documents"][0][part]
    story.signup(body=body, change=drop("/documents/0"))
    story.look(change=drop("/documents/0"))

    assert story.findings() == [("DOCUMENTS-SAME-NAME", "/documents")]


def test_documents_of_one_name_that_are_gone_together_are_not_gone_for_their_name():
    story = signed_up()
    name = story.mine.documents[0]["name"]
    story.add([story.values.document(name=name)])
    story.look(change=lambda body: body["documents"].clear())

    assert {requirement for requirement, _ in story.findings()} == {"SIGNUP-DOCUMENTS-KEPT", "DOCUMENTS-KEPT"}


def test_documents_of_one_name_side_by_side_are_fine():
    story = signed_up()
    name = story.mine.documents[0]["name"]
    story.add([story.values.document(name=name), story.values.document(name=name)])
    story.look(change=lambda body: body["documents"].reverse())

    assert story.findings() == []
    assert "DOCUMENTS-SAME-NAME" in story.met()


def test_the_same_document_added_twice_is_fine_twice():
    story = signed_up()
    document = story.values.document()
    story.add([document])
    story.wait()
    story.add([document])
    story.look()

    assert story.findings() == []


@pytest.mark.parametrize("lost", [True, False])
def test_the_same_document_added_again_may_be_listed_once(lost):
    """A client that had no answer sends an addition again, and the gateway sees that it has the document."""
    story = signed_up()
    document = story.values.document()
    if lost:
        body = {"registration": {"id": story.mine.id}, "documents": [document]}
        story.call(ADD, body, None, trouble="connection: reset")
    else:
        story.add([document])
    story.wait()
    story.add([document], change=None if lost else drop("/documents/2"))
    if not lost:
        story.mine.documents.pop()
    story.look()
    story.mine.documents.pop()
    story.get()

    assert [requirement for requirement, _ in story.findings()][:1] == ["DOCUMENTS-KEPT"]


def test_of_two_documents_of_one_name_in_one_addition_neither_replaces_the_other():
    story = signed_up()
    name = "Permit.pdf"
    story.add([story.values.document(name=name), story.values.document(name=name)], change=drop("/documents/2"))
    story.mine.documents.pop(2)
    story.look()

    assert story.findings() == [("DOCUMENTS-SAME-NAME", "/documents")]


def test_two_documents_of_one_name_in_one_addition_may_be_refused():
    story = signed_up()
    documents = [story.values.document(name="Permit.pdf"), story.values.document(name="PERMIT.pdf")]
    story.add(documents, answer=nack({"documents": [{}, {"name": "is taken"}]}))
    story.look()

    assert story.findings() == []


def test_documents_of_one_name_in_a_signup_are_less_of_a_finding():
    story = Story()
    documents = [story.values.document(name="Permit.pdf") for _ in range(2)]
    story.signup({**story.values.signup(), "documents": documents}, change=drop("/documents/0"))
    story.mine.documents.pop(0)
    story.look()

    assert story.findings() == [("DOCUMENTS-SAME-NAME", "/documents")]


# Other documents, or others' documents.


@pytest.mark.parametrize(("pointer", "value"), [("/documents/2/data", "JVBERi0="), ("/documents/2/name", "x.pdf")])
def test_an_added_document_that_comes_back_changed_is_a_finding(pointer, value):
    story = signed_up()
    story.add(change=put(pointer, value))

    assert story.findings() == [("DOCUMENTS-ECHO", pointer)]


def test_an_added_document_whose_name_has_another_form_is_less_of_a_finding():
    story = signed_up()
    story.add(change=lambda body: shouted(body, "/documents/2/name"))
    story.look(change=lambda body: shouted(body, "/documents/2/name"))

    assert story.findings() == [("DOCUMENTS-ECHO-EXACT", "/documents/2/name")]
    assert {"DOCUMENTS-LISTED", "DOCUMENTS-ECHO", "DOCUMENTS-KEPT", "SIGNUP-DOCUMENTS-KEPT"} <= story.met()


def test_a_document_that_came_back_in_another_form_and_then_no_more_is_missing():
    story = signed_up()
    story.add(change=lambda body: shouted(body, "/documents/2/name"))
    story.look(change=drop("/documents/2"))

    assert story.findings()[1:] == [("DOCUMENTS-KEPT", "/documents")]


@pytest.mark.parametrize("call", ["get", "add"])
@pytest.mark.parametrize("pointer", ["/info/phone", "/api/endpoint_url"])
def test_what_an_addition_must_leave_alone_is_left_alone(call, pointer):
    story = signed_up()
    if call == "get":
        story.add()
        story.look(change=put(pointer, "another"))
    else:
        story.add(change=put(pointer, "another"))

    assert story.findings() == [("DOCUMENTS-KEEPS-REST", pointer)]


def test_a_document_of_the_signup_that_is_shown_twice_is_a_finding():
    def twice(body):
        body["documents"].append(copy.deepcopy(body["documents"][0]))

    story = Story()
    story.signup(change=twice)
    story.look(change=twice)
    story.add()
    story.look(change=lambda body: body["documents"].append(copy.deepcopy(body["documents"][-1])))

    assert story.findings() == [("SIGNUP-ECHO", "/documents"), ("GET-ROUND-TRIP", "/documents")]


def test_a_document_of_another_registration_is_a_finding():
    story = signed_up()
    theirs = copy.deepcopy(story.mine.documents[0])
    story.signup()
    story.look(change=lambda body: body["documents"].append(theirs))

    assert story.findings() == [("GET-ROUND-TRIP", "/documents/2")]


def test_a_document_that_two_registrations_have_may_be_shown_at_both():
    story = signed_up()
    document = story.values.document()
    story.add([document])
    story.signup({**story.values.signup(), "documents": [document]})
    story.look(change=lambda body: body["documents"].append({**document, "status": PENDING}))

    assert story.findings() == []


def test_documents_that_nobody_sent_are_judged_by_nobody():
    story = signed_up()
    story.get(change=lambda body: body["documents"].append({**story.values.document(), "status": PENDING}))

    assert story.findings() == []


def test_a_document_of_a_refused_addition_that_is_kept_is_a_finding():
    story = signed_up()
    good = story.values.document()
    story.add([good, {"name": "x.pdf"}], answer=nack({"documents": [{}, {"data": "is missing"}]}))
    story.look(change=lambda body: body["documents"].append({**good, "status": PENDING}))

    assert story.findings() == [("DOCUMENTS-NACK-UNCHANGED", "/documents/2")]


def test_of_a_registration_with_more_documents_than_any_run_sends_nothing_is_said():
    story = signed_up()
    document = story.values.document()
    story.add([{**document, "name": f"Permit {number}.pdf"} for number in range(MOST_DOCUMENTS)])
    story.look(change=lambda body: body["documents"].clear())

    assert story.findings() == []
