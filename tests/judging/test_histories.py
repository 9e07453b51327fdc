"""Histories of registrations: what later replies may show, and what they may not."""

import base64
import copy
import itertools
import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from beckn_conformance.judging.history import REQUIREMENTS
from beckn_conformance.judging.judge import Judge
from beckn_conformance.judging.obligations import MANY
from tests.exchanges import (
    ADD,
    CONFIG,
    GET,
    INFO,
    NOW,
    PENDING,
    QUICK,
    SIGNUP,
    SPECIFICATION,
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


def signed_up(config=CONFIG):
    story = Story(config)
    story.signup()
    story.wait()
    return story


def infos(info):
    """A change of a reply's body: the values of info."""
    return put("/info", copy.deepcopy(info))


def requirements(story):
    return [requirement for requirement, _ in story.findings()]


def test_every_requirement_on_histories_is_in_the_catalogue():
    assert set(SPECIFICATION.requirements) >= REQUIREMENTS


# Ids (R2).


def test_the_same_id_for_two_signups_is_a_finding():
    story = Story()
    story.signup(id_="17")
    story.signup(id_="17")

    assert story.findings() == [("SIGNUP-ID-UNIQUE", "/registration/id")]


def test_ids_that_differ_in_case_are_different():
    story = Story()
    story.signup(id_="ab")
    story.signup(id_="AB")

    assert story.findings() == []


def test_that_ids_are_unique_is_seen_with_many_registrations_only():
    story = Story()
    for _ in range(MANY - 1):
        story.signup(body=story.values.signup())
    few = {j.obligation for j in story.judgements() if j.requirement == "SIGNUP-ID-UNIQUE"}
    story.signup()
    many = {j.obligation for j in story.judgements() if j.requirement == "SIGNUP-ID-UNIQUE"}

    assert few == {SIGNUP}
    assert many == {SIGNUP, f"{MANY} registrations"}


# Echo (R10).

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
    story.wait()
    story.get(change=put("/info/phone", "wrong"))

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


def shouted(body, pointer):
    """The body with a text in capitals."""
    value = body
    for part in pointer.split("/")[1:]:
        value = value[int(part)] if isinstance(value, list) else value[part]
    put(pointer, value.upper())(body)


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
    story.wait()
    story.get(change=redact)
    story.update(change=redact)
    story.wait()
    story.add(change=redact)
    story.wait()
    story.get(change=redact)

    assert story.findings() == []


def test_redacted_documents_are_a_finding_where_not_declared():
    story = signed_up()
    story.get(change=put("/documents/0/data", "<redacted>"))

    assert story.findings() == [("GET-ROUND-TRIP", "/documents/0/data")]


def test_a_redacted_document_still_has_its_name():
    story = Story(configured(documents_echo="redacted"))
    story.signup(change=lambda body: [d.update(data="") for d in body["documents"]] and None)
    story.wait()
    story.get(change=drop("/documents/0"))

    assert requirements(story) == ["SIGNUP-DOCUMENTS-KEPT"]


# Long names (Q4).


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
    story.wait()
    story.get(change=cut)

    assert story.findings() == [("SIGNUP-LONG-KEPT", "/info/name")]


LONG_TEXTS = {
    "/info/email": f"{'metro' * 12}@{'transit' * 8}.example.com",
    "/api/endpoint_url": "https://api.metro.example.com" + "/beckn" * 40,
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
    story.wait()
    story.get()
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
    story.wait()
    story.get(change=cut)

    assert story.findings() == [("SIGNUP-LONG-KEPT", pointer)]


@pytest.mark.parametrize("pointer", LONG_TEXTS)
def test_a_long_text_that_only_get_cuts_is_one_finding(pointer):
    story = Story()
    story.signup(body=with_long_text(story, pointer))
    story.wait()
    story.get(change=put(pointer, LONG_TEXTS[pointer][:64]))

    assert story.findings() == [("SIGNUP-LONG-KEPT", pointer)]


def test_a_short_email_after_a_long_one_has_to_be_kept():
    story = Story()
    story.signup(body=with_long_text(story, "/info/email"))
    story.update()
    story.wait()
    story.get(change=put("/info/email", "another@example.com"))

    assert story.findings() == [("GET-ROUND-TRIP", "/info/email")]


# Updates (R12, R19).


@pytest.mark.parametrize("updates", ["immediate", "deferred"])
def test_an_update_that_is_seen_at_once_is_fine(updates):
    story = signed_up(configured(updates=updates))
    story.update()
    story.get()
    story.wait()
    story.get()
    story.update()
    story.get()

    assert story.findings() == []


def test_an_update_that_is_seen_late_is_a_finding_after_settle_only():
    story = signed_up()
    old = story.mine.info.copy()
    story.update()
    story.get(change=infos(old))
    assert story.findings() == []

    story.now += CONFIG.settle
    story.get(change=infos(old))
    assert story.findings() == [("UPDATE-VISIBLE", "/info")]


def test_an_update_whose_reply_shows_the_old_values_is_a_finding():
    story = signed_up()
    story.update(change=infos(story.mine.info))

    assert story.findings() == [("UPDATE-VISIBLE", "/info")]


def test_a_deferred_update_may_be_applied_whenever_it_likes():
    story = signed_up(configured(updates="deferred"))
    old = story.mine.info.copy()
    story.update(change=infos(old))
    story.get(change=infos(old))
    story.wait()
    story.get(change=infos(old))
    story.add(change=infos(old))
    story.get()
    story.add()

    assert story.findings() == []


@pytest.mark.parametrize("updates", ["immediate", "deferred"])
@pytest.mark.parametrize("name", INFO)
def test_a_mix_of_old_and_new_values_is_a_finding(updates, name):
    story = signed_up(configured(updates=updates))
    old = story.mine.info[name]
    story.update()
    story.wait()
    story.get(change=put(f"/info/{name}", old))

    assert requirements(story) == ["UPDATE-WHOLE"]


def test_a_mix_in_the_reply_to_the_update_itself_is_a_finding():
    story = signed_up()
    story.update(change=put("/info/phone", story.mine.info["phone"]))

    assert story.findings() == [("UPDATE-WHOLE", "/info/phone")]


def test_a_mix_of_two_updates_is_a_finding():
    story = signed_up()
    story.update()
    first = story.mine.info["email"]
    story.wait()
    story.update()
    story.wait()
    story.get(change=put("/info/email", first))

    assert requirements(story) == ["UPDATE-WHOLE"]


@pytest.mark.parametrize("updates", ["immediate", "deferred"])
def test_values_that_were_seen_and_are_gone_again_are_a_finding(updates):
    story = signed_up(configured(updates=updates))
    old = story.mine.info.copy()
    story.update()
    story.wait()
    story.get()
    story.wait()
    story.get(change=infos(old))

    assert story.findings() == [("UPDATE-STAYS", "/info")]


def test_a_deferred_update_may_come_and_go_within_settle_of_its_approval():
    story = signed_up(configured(updates="deferred"))
    old = story.mine.info.copy()
    story.update()
    story.wait()
    story.get()
    story.get(change=infos(old))
    story.get()

    assert story.findings() == []


def test_values_may_come_and_go_within_settle():
    story = signed_up()
    old = story.mine.info.copy()
    story.update()
    story.get()
    story.get(change=infos(old))
    story.get()

    assert story.findings() == []


def test_another_value_in_the_reply_to_an_update_is_a_finding():
    story = signed_up()
    story.update(change=put("/info/name", "wrong"))

    assert story.findings() == [("UPDATE-ECHO", "/info/name")]


def test_another_form_in_the_reply_to_an_update_is_less_of_a_finding():
    story = signed_up()
    story.update(change=lambda body: shouted(body, "/info/email"))

    assert story.findings() == [("UPDATE-ECHO-EXACT", "/info/email")]


@pytest.mark.parametrize("call", ["get", "update"])
@pytest.mark.parametrize("pointer", ["/api/endpoint_url", "/documents/0/name", "/documents/0/data"])
def test_what_an_update_must_leave_alone_is_left_alone(call, pointer):
    story = signed_up()
    if call == "get":
        story.update()
        story.wait()
        story.get(change=put(pointer, "another.pdf"))
    else:
        story.update(change=put(pointer, "another.pdf"))

    assert story.findings() == [("UPDATE-KEEPS-REST", pointer)]


# Partial updates (Q14).


def test_a_partial_update_that_leaves_the_rest_as_it_is_is_fine():
    story = signed_up()
    story.update({"name": story.values.name()})
    story.wait()
    story.get()

    assert story.findings() == []
    assert "UPDATE-PARTIAL-KEPT" in story.met()


@pytest.mark.parametrize("body", [{}, {"info": {"phone": "is missing"}}, {"registration": {"status": "UPDATE-FAIL"}}])
def test_a_partial_update_may_be_refused(body):
    story = signed_up()
    story.update({"name": story.values.name(), "phone": None}, answer=nack(body))
    story.wait()
    story.get()

    assert story.findings() == []
    assert "UPDATE-PARTIAL-KEPT" in story.met()


@pytest.mark.parametrize("blank", ["", "  "])
def test_a_partial_update_that_blanks_the_rest_is_a_finding(blank):
    story = signed_up()
    story.update({"name": story.values.name()}, change=put("/info/email", blank))
    story.wait()
    story.get(change=put("/info/email", blank))

    assert story.findings() == [("UPDATE-PARTIAL-KEPT", "/info/email")]


def test_a_partial_update_is_not_mixed_with_the_values_of_before():
    story = signed_up()
    old = story.mine.info.copy()
    story.update({"name": story.values.name(), "phone": story.values.phone()})
    story.wait()
    story.get(change=put("/info/name", old["name"]))

    assert requirements(story) == ["UPDATE-WHOLE"]


def test_a_partial_update_builds_on_the_update_before():
    story = signed_up()
    story.update()
    story.wait()
    story.update({"phone": story.values.phone()})
    story.wait()
    story.get()

    assert story.findings() == []


def test_a_refused_partial_update_that_is_kept_is_a_finding():
    story = signed_up()
    name = story.values.name()
    story.update({"name": name}, answer=nack({}))
    story.wait()
    story.get(change=put("/info/name", name))

    assert story.findings() == [("UPDATE-NACK-UNCHANGED", "/info/name")]


def raced(story, first, second):
    """Two updates sent at the same time and acknowledged with nothing but what was sent."""
    start = story.now + 0.1
    old = story.mine.info.copy()
    for info, delay in ((first, 0.1), (second, 0.2)):
        story.update(info, at=start, seconds=delay, change=infos({**old, **info}))
    story.wait()
    return old


@pytest.mark.parametrize("partial_first", [True, False])
def test_a_partial_update_beside_a_whole_one_may_be_laid_over_it(partial_first):
    story = signed_up()
    whole, partial = story.values.info(), {"email": story.values.email()}
    raced(story, *((partial, whole) if partial_first else (whole, partial)))
    story.get(change=infos({**whole, **partial}))

    assert story.findings() == []


@pytest.mark.parametrize("winner", [0, 1])
def test_of_two_partial_updates_side_by_side_either_may_be_the_one_that_stays(winner):
    story = signed_up()
    partial = [{"email": story.values.email()}, {"phone": story.values.phone()}]
    old = raced(story, *partial)
    story.get(change=infos({**old, **partial[winner]}))

    assert story.findings() == []


def test_a_partial_update_may_be_laid_over_what_is_in_force_while_another_waits():
    story = signed_up(configured(updates="deferred"))
    old = story.mine.info.copy()
    story.update(change=infos(old))
    story.wait()
    story.get(change=infos(old))
    email = story.values.email()
    story.update({"email": email}, change=infos(old))
    story.wait()
    story.get(change=infos({**old, "email": email}))

    assert story.findings() == []


@pytest.mark.parametrize("info", [None, "drop"])
def test_a_signup_without_an_info_declared_optional_is_judged(info):
    story = Story(configured(optional=("/info",)))
    body = story.values.signup()
    without = {k: v for k, v in body.items() if k != "info"} if info == "drop" else {**body, "info": None}
    shown = {**body, "registration": {"id": "7", "status": "NEW"}, "auth": {"token": "token-7", "exp": "never"}}
    for part in (shown["api"], *shown["documents"]):
        part["status"] = PENDING
    story.call(SIGNUP, without, reply(body=shown))

    assert story.findings() == []


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


# Calls side by side (X3).


def together(calls):
    """Every order in which the replies to calls of the same time can come."""
    for order in itertools.permutations(range(len(calls))):
        yield [0.1 + 0.05 * place for place in order]


def race(story, actions, seconds):
    """Calls sent at once; each is acknowledged with what the gateway holds once it is made, in reply order."""
    start = story.now + 0.1
    prepared = []
    for action, delay in zip(actions, seconds, strict=True):
        parts = {
            UPDATE: {"info": story.values.info()},
            ADD: {"documents": [story.values.document()]},
            GET: {},
        }[action]
        prepared.append((delay, action, {"registration": {"id": story.mine.id}, **parts}))
    made = story.mine
    ready = []
    for delay, action, body in sorted(prepared, key=lambda row: row[0]):
        if action == UPDATE:
            made.info = dict(body["info"])
        if action == ADD:
            made.documents.append({**body["documents"][0], "status": PENDING, "id": f"d-{len(made.documents)}"})
        if action != GET:
            made.status = "UPDATE-PENDING"
        ready.append((action, body, reply(body=made.shown()), delay))
    for action, body, answer, delay in ready:
        story.call(action, body, answer, at=start, seconds=delay)


@pytest.mark.parametrize(
    "actions",
    [(UPDATE, UPDATE, UPDATE), (ADD, ADD, ADD), (UPDATE, ADD, GET), (UPDATE, UPDATE, GET), (ADD, ADD, GET)],
    ids=lambda actions: "+".join(action.rpartition("/")[2] for action in actions),
)
def test_parallel_changes_of_a_fair_gateway_bring_no_finding_in_any_order(actions):
    for seconds in together(actions):
        story = signed_up()
        race(story, actions, seconds)
        story.wait()
        story.get()
        story.add()
        story.wait()
        story.get()

        assert story.findings() == []


@pytest.mark.parametrize("winner", range(3))
def test_any_of_parallel_updates_may_be_the_one_that_stays(winner):
    for seconds in together(range(3)):
        story = signed_up()
        start = story.now + 0.1
        sent = [story.values.info() for _ in range(3)]
        for info, delay in zip(sent, seconds, strict=True):
            story.update(info, at=start, seconds=delay)
        story.mine.info = sent[winner]
        story.wait()
        story.get()
        story.get()

        assert story.findings() == []


def test_calls_are_judged_in_the_order_of_their_replies():
    story = signed_up()
    start = story.now + 0.1
    slow, quick = story.get(at=start, seconds=9.0), story.get(at=start + 1, seconds=0.1)
    judged = Judge(SPECIFICATION, CONFIG).judge_together(story.exchanges)

    order = [made.id for made, _ in itertools.groupby(made for made, _ in judged)]

    assert order == [story.exchanges[0].id, quick.id, slow.id]


def test_a_mix_of_parallel_updates_is_a_finding():
    story = signed_up()
    start = story.now + 0.1
    first, second = story.values.info(), story.values.info()
    story.update(first, at=start, seconds=0.1)
    story.update(second, at=start, seconds=0.2)
    story.wait()
    story.get(change=infos({**first, "email": second["email"]}))

    assert requirements(story) == ["UPDATE-WHOLE"]


@pytest.mark.parametrize("shows", ["old", "new"])
def test_a_read_beside_an_update_may_show_old_or_new(shows):
    for seconds in ((0.1, 0.2), (0.2, 0.1)):
        story = signed_up()
        start = story.now + 0.1
        old, new = story.mine.info.copy(), story.values.info()
        story.update(new, at=start, seconds=seconds[0])
        story.get(at=start, seconds=seconds[1], change=infos(old if shows == "old" else new))
        story.wait()
        story.get()

        assert story.findings() == []


def test_a_document_lost_among_parallel_additions_is_a_finding():
    story = signed_up()
    start = story.now + 0.1
    for delay in (0.1, 0.2, 0.3):
        story.add(at=start, seconds=delay)
    lost = story.mine.documents.pop(3)
    story.wait()
    story.add(change=lambda body: body)

    assert lost["name"] not in str(story.mine.documents)
    assert story.findings() == [("DOCUMENTS-LISTED", "/documents")]


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


def test_parallel_signups_with_one_id_are_a_finding():
    story = Story()
    story.signup(id_="17", at=NOW, seconds=0.2)
    story.signup(id_="17", at=NOW, seconds=0.1)

    assert requirements(story) == ["SIGNUP-ID-UNIQUE"]


def test_a_document_just_added_may_be_missing_from_a_stale_read_after_an_update():
    story = signed_up()
    story.add()
    story.get()
    story.update()
    story.get(change=drop("/documents/2"))

    assert story.findings() == []


def test_a_document_just_verified_may_wait_in_a_stale_read_after_an_update():
    story = signed_up()
    story.verify()
    story.get()
    story.update()
    story.get(change=put("/documents/0/status", PENDING))

    assert story.findings() == []


def test_an_endpoint_or_a_document_of_the_signup_is_in_every_read():
    story = signed_up()
    story.update()
    story.get(change=drop("/documents/0"))

    assert story.findings() == [("SIGNUP-DOCUMENTS-KEPT", "/documents")]


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
    story.wait()
    story.get()
    story.add()
    story.wait()
    story.get()

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


def test_a_change_acknowledged_without_a_token_leaves_nothing_certain():
    story = signed_up()
    story.get()
    story.update(token=None)
    story.wait()
    story.get()

    assert story.findings() == [("TOKEN-NACK-ABSENT", "header:Token")]


def test_a_foreign_token_that_is_acknowledged_leaves_nothing_certain():
    story = signed_up()
    other = story.mine
    story.signup()
    story.wait()
    story.update(token=other.token)
    story.wait()
    story.get()
    story.get(of=other, change=infos(story.mine.info))

    assert story.findings()[0] == ("TOKEN-NACK-FOREIGN", "header:Token")
    assert {"UPDATE-ECHO", "UPDATE-WHOLE"}.isdisjoint(requirements(story))


def test_a_faulty_update_that_is_acknowledged_is_the_only_finding():
    story = signed_up()
    bad = {**story.values.info(), "phone": "none"}
    story.update(bad)
    story.wait()
    story.get()
    story.add()
    story.get()

    assert story.findings() == [("UPDATE-NACK-PHONE", "/info/phone")]


def test_what_is_forgotten_of_one_registration_is_kept_of_the_others():
    story = Story()
    story.signup(id_="17")
    story.signup(id_="18")
    story.wait()
    story.get(change=put("/info/name", "wrong"))
    story.signup(id_="17")
    first, second, get, again = story.exchanges
    judge = Judge(SPECIFICATION, CONFIG)
    for made in (first, second):
        list(judge.judge(made))
    judge.forget("17")

    found = [j.finding.requirement for made in (get, again) for j in judge.judge(made) if j.finding]

    assert found == ["GET-ROUND-TRIP", "SIGNUP-ID-UNIQUE"]


# Anything a fair gateway can do.

STEPS = st.lists(
    st.tuples(
        st.sampled_from(["get", "update", "add", "partial", "refused update", "refused add", "verify"]),
        st.sampled_from([0.0, 0.5, 60.0]),
    ),
    max_size=10,
)


def play(story, steps):
    story.signup()
    story.wait()
    for step, pause in steps:
        match step:
            case "partial":
                story.update({"email": story.values.email()})
            case "refused update":
                answer = nack({"registration": {"status": "UPDATE-FAIL"}, "info": {"phone": "no"}})
                story.update({**story.values.info(), "phone": "none"}, answer=answer)
            case "refused add":
                story.add([{"name": "x.pdf"}], answer=nack({"documents": [{"data": "is missing"}]}))
            case _:
                getattr(story, step)()
        story.wait(pause)
    story.get()


@given(STEPS)
@QUICK
def test_whatever_a_fair_gateway_went_through_brings_no_finding(steps):
    story = Story()
    play(story, steps)

    assert story.findings() == []


@given(STEPS, st.sampled_from([*(f"/info/{name}" for name in INFO), "/api/endpoint_url"]))
@QUICK
def test_a_value_lost_after_whatever_came_before_is_one_finding(steps, pointer):
    story = Story()
    play(story, steps)
    story.wait()
    story.get()
    story.get(change=put(pointer, "lost"))
    story.get(change=put(pointer, "lost"))

    assert [at for _, at in story.findings()] == [pointer]


# Replies that are made to take long.


@pytest.mark.parametrize("name", ["a" + "\u0301\u0316" * 10**6, "\u0316" * 10**6, "\u0345" * 4000 + "x" * 10**6])
def test_a_name_of_marks_without_end_is_another_name(name):
    """To put them in order takes time that grows with the square of their number."""
    story = Story()
    story.signup(change=put("/info/name", name))

    assert story.findings() == [("SIGNUP-ECHO", "/info/name")]


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
    story.get(change=put("/documents", strangers))

    assert "SIGNUP-DOCUMENTS-KEPT" in {requirement for requirement, _ in story.findings()}
