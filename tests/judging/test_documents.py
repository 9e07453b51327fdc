"""Statuses, and documents that are added, over the life of a registration (R5, R7, R8, R13)."""

import copy

import pytest

from tests.exchanges import (
    PENDING,
    VERIFIED,
    Story,
    configured,
    drop,
    nack,
    put,
)
from tests.judging.stories import requirements, shouted, signed_up

# Statuses (R5, R7).


@pytest.mark.parametrize("change", ["update", "add"])
def test_the_status_of_before_after_a_change_is_a_finding(change):
    story = signed_up()
    getattr(story, change)()
    story.mine.status = "REGISTERED"
    story.get()
    assert story.findings() == []

    story.wait()
    story.get()
    assert story.findings() == [
        ({"update": "UPDATE", "add": "DOCUMENTS"}[change] + "-STATUS-SEEN", "/registration/status")
    ]


@pytest.mark.parametrize("status", ["UPDATE-PENDING", VERIFIED, "UPDATED"])
@pytest.mark.parametrize("change", ["update", "add"])
def test_a_later_status_after_a_change_is_fine(change, status):
    story = signed_up()
    getattr(story, change)()
    story.mine.status = status
    story.wait()
    story.get()

    assert story.findings() == []


def test_a_verified_registration_may_be_verified_after_a_change():
    story = signed_up()
    story.verify()
    story.get()
    story.update()
    story.mine.status = VERIFIED
    story.wait()
    story.get()

    assert story.findings() == []


@pytest.mark.parametrize("change", ["update", "add"])
@pytest.mark.parametrize("by", ["its reply", "get"])
def test_a_verified_document_that_waits_again_is_a_finding(change, by):
    story = signed_up()
    story.verify()
    story.get()
    if by == "its reply":
        getattr(story, change)(change=put("/documents/0/status", PENDING))
    else:
        getattr(story, change)()
        story.wait()
        story.get(change=put("/documents/0/status", PENDING))
        story.get(change=put("/documents/0/status", PENDING))

    requirement = {"update": "UPDATE-DOCUMENT-STATUS-KEPT", "add": "DOCUMENTS-OLD-STATUS-KEPT"}[change]
    assert story.findings() == [(requirement, "/documents/0/status")]


@pytest.mark.parametrize("change", ["update", "add"])
def test_a_document_may_be_verified_at_any_time(change):
    story = signed_up()
    story.get()
    getattr(story, change)()
    story.verify()
    story.wait()
    story.get()
    getattr(story, change)()

    assert story.findings() == []


# Added documents (R8, R13).


def test_an_added_document_that_its_own_reply_lacks_is_one_finding():
    story = signed_up()
    story.add(change=drop("/documents/2"))
    story.mine.documents.pop()
    story.wait()
    story.get()

    assert story.findings() == [("DOCUMENTS-LISTED", "/documents")]


def test_an_earlier_document_that_the_reply_lacks_is_one_finding():
    story = signed_up()
    story.add(change=drop("/documents/0"))
    story.mine.documents.pop(0)
    story.wait()
    story.get()

    assert story.findings() == [("DOCUMENTS-LISTED", "/documents")]


def test_an_added_document_may_be_missing_until_it_has_settled():
    story = signed_up()
    story.add()
    story.get(change=drop("/documents/2"))
    assert story.findings() == []

    story.wait()
    story.get(change=drop("/documents/2"))
    story.get(change=drop("/documents/2"))
    assert story.findings() == [("DOCUMENTS-KEPT", "/documents")]


@pytest.mark.parametrize("call", ["get", "update"])
def test_a_document_of_the_signup_that_is_missing_is_one_finding(call):
    story = signed_up()
    getattr(story, call)(change=drop("/documents/1"))
    story.get(change=drop("/documents/1"))

    assert story.findings() == [("SIGNUP-DOCUMENTS-KEPT", "/documents")]


def test_a_document_that_gives_way_to_one_of_its_name_is_less_of_a_finding():
    story = signed_up()
    name = story.mine.documents[0]["name"]
    story.add([story.values.document(name=name)], change=drop("/documents/0"))
    story.mine.documents.pop(0)
    story.wait()
    story.get()

    assert story.findings() == [("DOCUMENTS-SAME-NAME", "/documents")]


def test_documents_of_one_name_that_are_gone_together_are_not_gone_for_their_name():
    story = signed_up()
    name = story.mine.documents[0]["name"]
    story.add([story.values.document(name=name)])
    story.wait()
    story.get(change=lambda body: body["documents"].clear())

    assert {requirement for requirement, _ in story.findings()} == {"SIGNUP-DOCUMENTS-KEPT", "DOCUMENTS-KEPT"}


def test_documents_of_one_name_side_by_side_are_fine():
    story = signed_up()
    name = story.mine.documents[0]["name"]
    story.add([story.values.document(name=name), story.values.document(name=name)])
    story.wait()
    story.get(change=lambda body: body["documents"].reverse())

    assert story.findings() == []
    assert "DOCUMENTS-SAME-NAME" in story.met()


def test_the_same_document_added_twice_is_fine_twice():
    story = signed_up()
    document = story.values.document()
    story.add([document])
    story.wait()
    story.add([document])
    story.wait()
    story.get()

    assert story.findings() == []


def test_the_same_document_added_twice_and_listed_once_was_replaced():
    story = signed_up()
    document = story.values.document()
    story.add([document])
    story.wait()
    story.add([document], change=drop("/documents/2"))

    assert story.findings() == [("DOCUMENTS-SAME-NAME", "/documents")]


@pytest.mark.parametrize(("pointer", "value"), [("/documents/2/data", "JVBERi0="), ("/documents/2/name", "x.pdf")])
def test_an_added_document_that_comes_back_changed_is_a_finding(pointer, value):
    story = signed_up()
    story.add(change=put(pointer, value))

    assert story.findings() == [("DOCUMENTS-ECHO", pointer)]


def test_an_added_document_whose_name_has_another_form_is_less_of_a_finding():
    story = signed_up()
    story.add(change=lambda body: shouted(body, "/documents/2/name"))

    assert story.findings() == [("DOCUMENTS-ECHO-EXACT", "/documents/2/name")]


@pytest.mark.parametrize("call", ["get", "add"])
@pytest.mark.parametrize("pointer", ["/info/phone", "/api/endpoint_url"])
def test_what_an_addition_must_leave_alone_is_left_alone(call, pointer):
    story = signed_up()
    if call == "get":
        story.add()
        story.wait()
        story.get(change=put(pointer, "another"))
    else:
        story.add(change=put(pointer, "another"))

    assert story.findings() == [("DOCUMENTS-KEEPS-REST", pointer)]


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
    story.wait()
    story.get(change=put("/documents/0/id", "another"))
    story.add()

    assert story.findings() == []


# Documents that nobody can tell apart (R9).


@pytest.mark.parametrize("declared", [{}, {"documents_echo": "redacted"}], ids=["same", "redacted"])
def test_which_of_two_like_documents_is_which_is_a_matter_of_order(declared):
    story = signed_up(configured(**declared))
    document = story.mine.documents[0]
    story.verify()
    story.get()
    like = {"name": document["name"], "data": document["data"]} if not declared else story.values.document()
    like["name"] = document["name"]

    def newest_first(body):
        body["documents"].reverse()
        for item in body["documents"] if declared else ():
            item["data"] = "***"

    for _ in range(2):
        story.add([like], change=newest_first)
        story.wait()
        story.get(change=newest_first)

    assert story.findings() == []


def test_of_two_documents_of_one_name_in_one_addition_neither_replaces_the_other():
    story = signed_up()
    name = "Permit.pdf"
    story.add([story.values.document(name=name), story.values.document(name=name)], change=drop("/documents/2"))
    story.mine.documents.pop(2)
    story.wait()
    story.get()

    assert story.findings() == [("DOCUMENTS-SAME-NAME", "/documents")]


def test_two_documents_of_one_name_in_one_addition_may_be_refused():
    story = signed_up()
    documents = [story.values.document(name="Permit.pdf"), story.values.document(name="PERMIT.pdf")]
    story.add(documents, answer=nack({"documents": [{}, {"name": "is taken"}]}))
    story.wait()
    story.get()

    assert story.findings() == []


def test_documents_of_one_name_in_a_signup_are_less_of_a_finding():
    story = Story()
    documents = [story.values.document(name="Permit.pdf") for _ in range(2)]
    story.signup({**story.values.signup(), "documents": documents}, change=drop("/documents/0"))
    story.mine.documents.pop(0)
    story.wait()
    story.get()

    assert story.findings() == [("DOCUMENTS-SAME-NAME", "/documents")]


def test_a_document_of_the_signup_that_is_shown_twice_is_a_finding():
    def twice(body):
        body["documents"].append(copy.deepcopy(body["documents"][0]))

    story = Story()
    story.signup(change=twice)
    story.wait()
    story.get(change=twice)
    story.add()
    story.wait()
    story.get(change=lambda body: body["documents"].append(copy.deepcopy(body["documents"][-1])))

    assert story.findings() == [("SIGNUP-ECHO", "/documents"), ("GET-ROUND-TRIP", "/documents")]
