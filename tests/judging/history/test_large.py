"""Documents of some size: what every reading has a gateway take, and what becomes of larger ones (Q10)."""

import base64

import pytest

from beckn_conformance.judging.recogniser import LARGEST_CALL
from beckn_conformance.messages.json_text import write_json
from beckn_conformance.messages.values import SIZES
from tests.exchanges import ADD, SIGNUP, Story, configured, diagnose, drawn, drop, nack, page, put, valid_bodies

TAG = "a document of 256 KB"


def large_document():
    values = drawn()
    return {**values.document(), "data": base64.b64encode(b"%PDF-1.4\n%" + b"x" * 256 * 1024).decode()}


def handed_in(action, **how):
    """A story in which a large document is handed in, and its size."""
    story, document = Story(), large_document()
    if action == SIGNUP:
        story.signup({**story.values.signup(), "documents": [document]}, purpose="large", tags=(TAG,), **how)
    else:
        story.signup()
        story.add([document], purpose="large", tags=(TAG,), **how)
    return story, len(document["data"])


def met(story):
    return {(j.requirement, str(j.obligation)) for j in story.judgements() if j.finding is None}


def cut(story):
    return put(f"/documents/{len(story.mine.documents) - 1}/data", story.mine.documents[-1]["data"][:65535])


@pytest.mark.parametrize("action", [SIGNUP, ADD])
def test_a_large_document_that_is_shown_whole_is_kept(action):
    story, _ = handed_in(action)
    story.get(purpose="large")

    assert story.findings() == []
    assert ("LARGE-KEPT", f"{action} {TAG}") in met(story)


@pytest.mark.parametrize("action", [SIGNUP, ADD])
def test_a_large_document_that_is_cut_is_a_finding(action):
    story, size = handed_in(action)
    story.look(purpose="large", change=cut(story))

    (finding,) = story.told()
    assert finding.requirement == "LARGE-KEPT"
    assert finding.pointer.endswith("/data")
    assert str(size) in finding.expected
    assert finding.observed.endswith("(65535 characters)")


@pytest.mark.parametrize("action", [SIGNUP, ADD])
def test_a_large_document_that_is_missing_is_a_finding(action):
    story, _ = handed_in(action)
    story.look(purpose="large", change=drop(f"/documents/{len(story.mine.documents) - 1}"))

    assert story.findings() == [("LARGE-KEPT", "/documents")]


def test_a_stale_read_says_nothing_of_a_large_document():
    story, _ = handed_in(ADD)
    story.get(purpose="large", change=drop("/documents/2"))

    assert story.findings() == []
    assert "LARGE-KEPT" not in {requirement for requirement, _ in met(story)}


@pytest.mark.parametrize("answer", [nack(), page(413), page(400)])
def test_a_large_document_that_is_refused_need_not_be_kept(answer):
    story, _ = handed_in(ADD, answer=answer)

    assert story.findings() == []
    assert ("LARGE-KEPT", f"{ADD} {TAG}") in met(story)


@pytest.mark.parametrize("data", ["…", "", None])
def test_a_large_document_whose_data_is_declared_to_be_redacted_is_asked_for_by_name(data):
    story, _ = handed_in(SIGNUP)
    story.config = configured(documents_echo="redacted")
    story.look(purpose="large", change=put("/documents/0/data", data))

    assert story.findings() == []


@pytest.mark.parametrize("size", SIZES.values())
def test_a_document_has_the_size_that_was_asked_for(size):
    values = drawn()

    assert len(values.document(size=size)["data"]) == size
    assert [len(document["data"]) > 2000 for document in values.documents(5, size)] == [False] * 4 + [True]


def test_what_is_drawn_for_one_call_is_no_larger_than_every_reading_allows():
    values = drawn()

    body = {**values.signup(), "documents": values.documents(5, max(SIZES.values()))}

    assert len(write_json(body)) < LARGEST_CALL
    assert diagnose(SIGNUP, body).valid


@pytest.mark.parametrize("size", SIZES.values())
def test_a_document_of_up_to_32_kb_is_surely_valid(size):
    body = {**valid_bodies()[SIGNUP], "documents": [drawn().document(size=size)]}

    assert diagnose(SIGNUP, body).valid


def test_a_call_of_more_than_64_kb_is_unclear():
    values = drawn()
    body = {**valid_bodies()[SIGNUP], "documents": [values.document(size=SIZES["32 KB"]) for _ in range(2)]}

    diagnosis = diagnose(SIGNUP, body)

    assert not diagnosis.faulty
    assert [doubt.pointer for doubt in diagnosis.doubts] == [""]


def test_a_document_of_more_than_32_kb_is_unclear():
    body = {**valid_bodies()[SIGNUP], "documents": [drawn().document(size=max(SIZES.values()) + 4)]}

    diagnosis = diagnose(SIGNUP, body)

    assert [doubt.pointer for doubt in diagnosis.doubts] == ["/documents/0/data"]


def test_a_large_document_whose_name_comes_back_in_another_form_is_kept():
    story, _ = handed_in(SIGNUP)
    story.look(purpose="large", change=put("/documents/0/name", story.mine.documents[0]["name"].upper() + " "))

    assert story.findings() == []
