"""Whose registration a request names, with whose token, and which values are taken (H2, H3, R16, Q5, Q13)."""

import copy

import pytest

from beckn_conformance.judging.known import Known, KnownRegistrations
from beckn_conformance.judging.recogniser import Recogniser
from beckn_conformance.messages.tokens import other_beginnings, other_ends
from tests.exchanges import (
    ADD,
    CONFIG,
    GET,
    INFO,
    NOW,
    OWNER,
    SIGNUP,
    SPECIFICATION,
    STRANGER,
    UPDATE,
    acquainted,
    changed,
    configured,
    diagnose,
    drawn,
    exchange,
    put,
    verdict,
)
from tests.judging.diagnoses import BODIES, of


@pytest.mark.parametrize("token", [None, "", "  "])
def test_a_signup_without_a_token_is_unclear(token):
    assert of(SIGNUP, header_changes={"Token": token}) == "unclear"


@pytest.mark.parametrize("action", [GET, UPDATE, ADD])
@pytest.mark.parametrize(
    ("token", "kind"), [(None, "missing"), ("", "empty"), ("made up", "unknown"), (STRANGER.token, "foreign")]
)
def test_a_wrong_token_is_faulty(action, token, kind):
    assert of(action, token=token) == {("header:Token", kind)}


@pytest.mark.parametrize("action", [GET, UPDATE, ADD])
def test_a_token_of_two_registrations_is_good_for_each(action):
    known = acquainted()
    known.add(Known("r-3", OWNER.token))

    assert of(action, known=known) == "valid"
    known.closed = False
    assert of(action, known=known) == "unclear"


@pytest.mark.parametrize("action", [GET, UPDATE, ADD])
def test_an_unknown_registration_under_a_good_token_is_faulty(action):
    assert of(action, put("/registration/id", "r-9")) == {("/registration/id", "unknown")}


@pytest.mark.parametrize("action", [GET, UPDATE, ADD])
def test_an_unknown_registration_of_recorded_traffic_is_unclear(action):
    known = acquainted(closed=False)

    assert of(action, put("/registration/id", "r-9"), known=known) == "unclear"
    assert of(action, put("/registration/id", "r-9"), token="seen elsewhere", known=known) == "unclear"


def test_an_unknown_registration_under_an_unknown_token_is_unclear():
    assert of(GET, put("/registration/id", "r-9"), token="made up") == "unclear"


def test_a_token_that_may_have_expired_is_unclear():
    known = acquainted()
    soon, later = Known("r-5", "token-of-r-5", NOW + 30), Known("r-6", "token-of-r-6", NOW + 600)
    known.add(soon)
    known.add(later)

    assert of(GET, put("/registration/id", soon.id), token=soon.token, known=known) == "unclear"
    assert of(GET, put("/registration/id", later.id), token=later.token, known=known) == "valid"


def test_nothing_is_due_to_a_registration_that_the_gateway_does_not_serve_yet():
    assert of(GET, known=acquainted(serves_fresh=False)) == "unclear"


@pytest.mark.parametrize("action", [GET, UPDATE, ADD])
def test_the_diagnosis_names_the_registration(action):
    assert diagnose(action, BODIES[action]).registration == OWNER.id
    assert diagnose(action, changed(BODIES[action], put("/registration/id", "r-9"))).registration is None


def test_company_ids_that_differ_in_case_only_are_one():
    declared, known, values = configured(values={"/info/company_id": "[A-Za-z0-9]+"}), acquainted(), drawn()
    first, second = values.signup(), values.signup()
    second["info"]["company_id"] = first["info"]["company_id"].lower()

    assert verdict(diagnose(SIGNUP, first, config=declared, known=known)) == "valid"
    assert verdict(diagnose(SIGNUP, second, config=declared, known=known)) == "unclear"


@pytest.mark.parametrize("form", [str, str.lower, str.upper])
@pytest.mark.parametrize("name", INFO)
def test_a_second_signup_with_something_of_the_first_is_unclear(name, form):
    known, values = acquainted(), drawn()
    first, second = values.signup(), values.signup()
    second["info"][name] = form(first["info"][name])

    assert verdict(diagnose(SIGNUP, first, known=known)) == "valid"
    assert verdict(diagnose(SIGNUP, second, known=known)) == "unclear"


def test_a_signup_diagnosed_twice_gives_the_same_answer():
    known, recogniser = acquainted(), Recogniser(SPECIFICATION, CONFIG)
    signup = exchange(SIGNUP, drawn().signup(), None)
    before = copy.deepcopy(known)

    assert recogniser.diagnose(signup, known) == recogniser.diagnose(signup, known)
    assert known == before


@pytest.mark.parametrize(
    ("token", "matter"),
    [
        ("dGhpcyBpcyBhIHRva2VuIQ", True),
        ("eyJhbGciOiJIUzI1NiJ9.e30.ZRrHA1JJJW8opsbCGfG_HACGpVUMN_a9IV7pAx_Zmeo", True),
        ("3fa85f64-5717-4562-b3fc-2c963f66afa6", False),
        ("01ARZ3NDEKTSV4RRFFQ69G5FAV", False),
        ("Token-3fa85f64", False),
        ("tok_3FA85F64", False),
        ("12345678", False),
    ],
)
def test_capitals_matter_only_in_a_token_that_is_no_number_in_disguise(token, matter):
    known = KnownRegistrations()
    known.add(Known(OWNER.id, token))

    diagnosed = of(GET, token=token.swapcase(), known=known)

    if token.swapcase() == token:
        assert diagnosed == "valid"
    else:
        assert diagnosed == ({("header:Token", "unknown")} if matter else "unclear")


@pytest.mark.parametrize(
    "token",
    [
        "eyJhbGciOiJIUzI1NiJ9.e30.ZRrHA1JJJW8opsbCGfG_HACGpVUMN_a9IV7pAx_Zmeo",
        "QUJDREVGR0hJSktMTU5PUFFSU1RVVldYWVo=",
        "3fa85f64-5717-4562-b3fc-2c963f66afa6",
        "A1B2C3D4E5F6A7B8C9D0E1F2A3B4C5D6.node7",
        "48213907756120983345611207",
    ],
)
def test_a_token_that_only_begins_or_ends_like_a_given_one_is_unknown(token):
    known = KnownRegistrations()
    known.add(Known(OWNER.id, token))

    changed_end, cut = other_ends(token)
    (changed_beginning,) = other_beginnings(token)

    assert [len(changed_end) - len(token), cut] == [0, token[: len(cut)]]
    assert sum(new != old for new, old in zip(changed_end, token, strict=True)) == 12
    assert changed_beginning.endswith(token[len(cut) :])
    assert changed_beginning[: len(cut)].casefold() != cut.casefold()
    for sent in (changed_end, cut, changed_beginning):
        assert of(GET, token=sent, known=known) == {("header:Token", "unknown")}


@pytest.mark.parametrize("token", ["", "tok-1057", "Token-3fa85f64-2c963f66", "\N{BUS}" * 30])
def test_a_short_token_has_no_end_of_which_a_change_surely_makes_another(token):
    assert other_ends(token) == other_beginnings(token) == ()


def test_a_token_that_recorded_traffic_does_not_show_is_unclear():
    assert of(GET, token="renewed elsewhere", known=acquainted(closed=False)) == "unclear"
    assert of(GET, token=STRANGER.token, known=acquainted(closed=False)) == {("header:Token", "foreign")}


@pytest.mark.parametrize("name", INFO)
def test_an_update_to_what_another_provider_has_is_unclear_but_to_ones_own_is_not(name):
    known, values = acquainted(), drawn(seed=7)
    mine, other = values.info(), values.signup()
    diagnose(UPDATE, {**BODIES[UPDATE], "info": mine}, known=known)
    diagnose(SIGNUP, other, known=known)

    assert of(UPDATE, put(f"/info/{name}", mine[name]), known=known) == "valid"
    assert of(UPDATE, put(f"/info/{name}", other["info"][name]), known=known) == "unclear"
