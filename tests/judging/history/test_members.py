"""What was handed in is shown again as it was (R10, Q4)."""

import base64
import unicodedata

import pytest

from tests.exchanges import INFO, Story, configured, drop, nack, put
from tests.judging.stories import requirements, shouted, signed_up

PLACES = [*(f"/info/{name}" for name in INFO), "/api/endpoint_url", "/documents/0/name"]


@pytest.mark.parametrize("pointer", [*PLACES, "/documents/0/data"])
def test_another_value_in_the_reply_to_a_signup_is_a_finding(pointer):
    story = Story()
    story.signup(change=put(pointer, "another.pdf"))

    assert story.findings() == [("SIGNUP-ECHO", pointer)]


@pytest.mark.parametrize("pointer", PLACES)
@pytest.mark.parametrize("form", [str.upper, lambda text: f" {text} ", lambda text: text + "\n"])
def test_another_form_in_the_reply_to_a_signup_is_less_of_a_finding(pointer, form):
    story = Story()

    def change(body):
        value = body
        for part in pointer.split("/")[1:]:
            value = value[int(part)] if isinstance(value, list) else value[part]
        put(pointer, form(value))(body)

    body = story.values.signup(documents=2)
    body["info"]["company_id"] = "U72900KA2019PTC123456" if form != str.upper else "u72900ka2019ptc123456"
    story.signup(change=change, body=body)

    found = story.findings()
    if pointer in ("/info/company_id", "/info/phone") and form == str.upper:
        assert found == []  # What is unclear may be kept in any form (Q5); a phone has no case.
    else:
        assert found == [("SIGNUP-ECHO-EXACT", pointer)]


def test_another_normal_form_of_a_name_is_less_of_a_finding():
    story = Story()
    name = "Société Métro"
    story.signup(
        body={**story.values.signup(), "info": story.values.info(name=name)},
        change=put("/info/name", unicodedata.normalize("NFD", name)),
    )

    assert story.findings() == [("SIGNUP-ECHO-EXACT", "/info/name")]


def test_inner_space_is_no_matter_of_form():
    story = Story()
    story.signup(change=lambda body: put("/info/name", body["info"]["name"].replace(" ", ""))(body))

    assert story.findings() == [("SIGNUP-ECHO", "/info/name")]


def test_the_same_change_in_later_replies_is_no_second_finding():
    story = signed_up()
    wrong = put("/info/name", "wrong")
    story.get(change=wrong)
    story.get(change=wrong)
    story.add(change=wrong)
    story.get(change=wrong)

    assert story.findings() == [("GET-ROUND-TRIP", "/info/name")]


def test_a_finding_of_the_signup_is_not_found_again_by_get():
    story = Story()
    story.signup(change=put("/info/phone", "wrong"))
    story.look(change=put("/info/phone", "wrong"))

    assert story.findings() == [("SIGNUP-ECHO", "/info/phone")]


@pytest.mark.parametrize("pointer", ["/info/email", "/api/endpoint_url", "/documents/1/name", "/documents/1/data"])
def test_another_value_in_a_provider_get_is_a_finding(pointer):
    story = signed_up()
    story.get(change=put(pointer, "another.pdf"))

    assert story.findings() == [("GET-ROUND-TRIP", pointer)]


@pytest.mark.parametrize("pointer", ["/info/name", "/api/endpoint_url", "/documents/1/name"])
def test_another_form_in_a_provider_get_is_less_of_a_finding(pointer):
    story = signed_up()
    story.get(change=lambda body: shouted(body, pointer))

    assert story.findings() == [("GET-ROUND-TRIP-EXACT", pointer)]


def test_documents_may_come_back_in_any_order():
    story = Story()
    story.signup(change=lambda body: body["documents"].reverse())
    story.wait()
    story.add([story.values.document(), story.values.document()], change=lambda body: body["documents"].reverse())
    story.get(change=lambda body: body["documents"].reverse())

    assert story.findings() == []


@pytest.mark.parametrize(
    "form",
    [
        lambda data: data.rstrip("="),
        lambda data: data.replace("+", "-").replace("/", "_"),
        lambda data: "\n".join(data[i : i + 76] for i in range(0, len(data), 76)),
    ],
)
def test_documents_in_another_alphabet_or_padding_are_less_of_a_finding(form):
    story = Story()
    jpeg = [story.values.document("JPEG"), story.values.document("JPEG")]
    data = base64.b64encode(b"\xff\xd8\xff\xfb\xef\xff" * 20 + b"!").decode()
    jpeg[0]["data"] = data
    story.signup(
        body={**story.values.signup(), "documents": jpeg},
        change=lambda body: put("/documents/0/data", form(body["documents"][0]["data"]))(body),
    )

    assert story.findings() == [("SIGNUP-ECHO-EXACT", "/documents/0/data")]


def test_documents_in_another_case_are_another_content():
    story = Story()
    story.signup(change=lambda body: shouted(body, "/documents/0/data"))

    assert story.findings() == [("SIGNUP-ECHO", "/documents/0/data")]


@pytest.mark.parametrize("data", ["", "<redacted>", "JVBE…", None, "drop"])
def test_redacted_documents_are_fine_where_declared(data):
    story = Story(configured(documents_echo="redacted"))

    def redact(body):
        for document in body["documents"]:
            if data == "drop":
                del document["data"]
            else:
                document["data"] = data

    story.signup(change=redact)
    story.look(change=redact)
    story.update(change=redact)
    story.wait()
    story.add(change=redact)
    story.look(change=redact)

    assert story.findings() == []


def test_redacted_documents_are_a_finding_where_not_declared():
    story = signed_up()
    story.get(change=put("/documents/0/data", "<redacted>"))

    assert story.findings() == [("GET-ROUND-TRIP", "/documents/0/data")]


def test_a_redacted_document_still_has_its_name():
    story = Story(configured(documents_echo="redacted"))
    story.signup(change=lambda body: [d.update(data="") for d in body["documents"]] and None)
    story.look(change=drop("/documents/0"))

    assert requirements(story) == ["SIGNUP-DOCUMENTS-KEPT"]


def test_a_redacted_document_without_a_name_is_the_one_that_was_sent():
    story = Story(configured(documents_echo="redacted", optional=("/documents/*/name",)))

    def redact(body):
        for document in body["documents"]:
            document |= {"name": document["name"] or "", "data": "***"}

    story.signup(change=redact)
    story.wait()
    story.add([{**story.values.document(), "name": None}], change=redact)

    assert story.findings() == []


def test_a_reply_may_leave_out_an_optional_member_that_was_not_sent():
    story = Story(configured(optional=("/info/company_id",)))
    body = story.values.signup()
    del body["info"]["company_id"]
    story.signup(body=body)
    story.look()

    assert story.findings() == []


def test_a_reply_leaves_out_no_optional_member_that_was_sent():
    story = Story(configured(optional=("/info/company_id",)))
    story.signup(change=drop("/info/company_id"))

    assert story.findings() == [("SIGNUP-ECHO", "/info/company_id")]


def test_a_long_name_may_be_refused_or_kept():
    story = Story()
    body = {**story.values.signup(), "info": story.values.info(name="Metro " * 20 + "End")}
    story.signup(body=body, answer=nack({"info": {"name": "too long"}}))
    story.signup(body={**body, "info": story.values.info(name="Metro " * 21 + "End")})

    assert story.findings() == []
    assert "SIGNUP-LONG-KEPT" in story.met()


def test_a_long_name_that_is_cut_is_one_finding():
    story = Story()
    cut = put("/info/name", ("Metro " * 20)[:64])
    story.signup(body={**story.values.signup(), "info": story.values.info(name="Metro " * 20 + "End")}, change=cut)
    story.look(change=cut)

    assert story.findings() == [("SIGNUP-LONG-KEPT", "/info/name")]


LONG_TEXTS = {
    "/info/email": f"{'metro' * 12}@{'transit' * 8}.example.com",
    "/api/endpoint_url": "https://api.metro.example.com" + "/beckn" * 40,
    "/documents/0/name": f"Permit{' Annex' * 20}.pdf",
}


def with_long_text(story, pointer):
    """The body of a signup with a text that is longer than every reading has a gateway take."""
    body = story.values.signup()
    put(pointer, LONG_TEXTS[pointer])(body)
    return body


@pytest.mark.parametrize("pointer", LONG_TEXTS)
def test_a_long_text_that_is_kept_or_refused_is_fine(pointer):
    story = Story()
    story.signup(body=with_long_text(story, pointer))
    story.look()
    refused = Story()
    refused.signup(body=with_long_text(refused, pointer), answer=nack({"info": {"name": "too long"}}))

    assert story.findings() == refused.findings() == []
    assert "SIGNUP-LONG-KEPT" in story.met()
    assert "SIGNUP-LONG-KEPT" in refused.met()


@pytest.mark.parametrize("pointer", LONG_TEXTS)
def test_a_long_text_that_is_cut_is_one_finding(pointer):
    story = Story()
    cut = put(pointer, LONG_TEXTS[pointer][:64])
    story.signup(body=with_long_text(story, pointer), change=cut)
    story.look(change=cut)

    assert story.findings() == [("SIGNUP-LONG-KEPT", pointer)]


@pytest.mark.parametrize("pointer", LONG_TEXTS)
def test_a_long_text_that_only_get_cuts_is_one_finding(pointer):
    story = Story()
    story.signup(body=with_long_text(story, pointer))
    story.look(change=put(pointer, LONG_TEXTS[pointer][:64]))

    assert story.findings() == [("SIGNUP-LONG-KEPT", pointer)]


@pytest.mark.parametrize(
    ("pointer", "text", "shown"), [("/info/name", "0", ""), ("/documents/0/name", "Conformité.pdf", "ConformitÃ©.pdf")]
)
def test_an_unusual_text_that_is_acknowledged_and_not_kept_is_a_finding(pointer, text, shown):
    for value, findings in ((text, []), (shown, [("SIGNUP-LONG-KEPT", pointer)])):
        story = Story()
        body = story.values.signup()
        put(pointer, text)(body)
        story.signup(body=body, change=put(pointer, value))
        assert story.findings() == findings


def test_a_long_document_name_that_is_cut_where_data_is_redacted_is_not_missed():
    story = Story(configured(documents_echo="redacted"))

    def cut(body):
        for document in body["documents"]:
            document["name"], document["data"] = document["name"][:64], "redacted"

    story.signup(body=with_long_text(story, "/documents/0/name"), change=cut)
    story.look(change=cut)

    assert story.findings() == []


def test_a_short_email_after_a_long_one_has_to_be_kept():
    story = Story()
    story.signup(body=with_long_text(story, "/info/email"))
    story.update()
    story.look(change=put("/info/email", "another@example.com"))

    assert story.findings() == [("GET-ROUND-TRIP", "/info/email")]


@pytest.mark.parametrize("name", ["a" + "\u0301\u0316" * 10**6, "\u0316" * 10**6, "\u0345" * 4000 + "x" * 10**6])
def test_a_name_of_marks_without_end_is_another_name(name):
    """To put them in order takes time that grows with the square of their number."""
    story = Story()
    story.signup(change=put("/info/name", name))

    assert story.findings() == [("SIGNUP-ECHO", "/info/name")]


def test_a_gateway_that_changes_the_form_of_everything_still_keeps_the_values():
    def capitals(body):
        body["info"] = {name: f"{value.upper()} " for name, value in body["info"].items()}

    story = Story()
    story.signup({**story.values.signup(), "info": story.values.info(name="Metro " * 20 + "End")}, change=capitals)
    story.look(change=capitals)

    assert {"SIGNUP-ECHO", "GET-ROUND-TRIP", "SIGNUP-LONG-KEPT"} <= story.met()
    assert {requirement for requirement, _ in story.findings()} == {"SIGNUP-ECHO-EXACT"}
