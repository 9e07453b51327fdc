"""Histories of registrations: what later replies may show, and what they may not."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from beckn_conformance.judging.history.histories import MANY
from beckn_conformance.judging.judge import Judge
from beckn_conformance.judging.obligations import history_requirements
from tests.exchanges import (
    CONFIG,
    INFO,
    QUICK,
    SIGNUP,
    SPECIFICATION,
    VERIFIED,
    Registered,
    Story,
    configured,
    nack,
    put,
)
from tests.judging.stories import infos, requirements, signed_up


def test_every_requirement_on_histories_is_in_the_catalogue():
    assert set(SPECIFICATION.requirements) >= history_requirements()


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
    few = {str(j.obligation) for j in story.judgements() if j.requirement == "SIGNUP-ID-UNIQUE"}
    story.signup()
    many = {str(j.obligation) for j in story.judgements() if j.requirement == "SIGNUP-ID-UNIQUE"}

    assert few == {SIGNUP}
    assert many == {SIGNUP, f"{MANY} registrations"}


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


@pytest.mark.parametrize("again", [{}, {"name": "Another Name"}])
def test_a_provider_that_signs_up_again_may_be_given_its_registration(again):
    story = Story()
    body = story.values.signup()
    story.signup(body, id_="17")
    story.signup({**body, "info": {**body["info"], **again}}, id_="17")
    story.wait()
    story.get()

    assert story.findings() == []
