"""The recogniser tells surely valid from surely faulty in a body, and leaves alone what is unclear."""

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from beckn_conformance.messages.faults import fault_cases
from beckn_conformance.specification import requests
from beckn_conformance.suite.strategies import OTHER_NOTATIONS
from tests.exchanges import (
    ACTIONS,
    ADD,
    CONFIG,
    GET,
    INFO,
    QUICK,
    SIGNUP,
    SPECIFICATION,
    UPDATE,
    acquainted,
    changed,
    configured,
    diagnose,
    drop,
    put,
    verdict,
)
from tests.judging.diagnoses import BODIES, of
from tests.texts import texts

SAMPLE = "W3dWhrYWtp68jWsa21v490XqxOy2zVkuD"


JSON_VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | texts(max_size=8),
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.dictionaries(
            st.sampled_from(["info", "documents", "api", "registration", "id", "name", "data", *INFO])
            | texts(max_size=4),
            inner,
            max_size=5,
        )
    ),
    max_leaves=20,
)


def signup(pointer, value, **how):
    return of(SIGNUP, put(pointer, value), **how)


@pytest.mark.parametrize("action", ACTIONS)
def test_a_request_as_the_page_shows_it_is_surely_valid(action):
    assert of(action) == "valid"


@pytest.mark.parametrize("phone", OTHER_NOTATIONS)
def test_a_phone_number_in_another_notation_is_surely_faulty(phone):
    assert {place for place, _ in signup("/info/phone", phone)} == {"/info/phone"}


@pytest.mark.parametrize(
    "email", ["info\u00a0desk@example.com", "info\u2003@example.com", "info\uff20example.com", "a\u000bb@c"]
)
def test_a_text_that_only_some_readers_find_malformed_is_unclear(email):
    assert signup("/info/email", email) == "unclear"


@pytest.mark.parametrize("email", ["\u00a0", "caf\u00e9", "info@office\u00a0@example.com"])
def test_a_text_that_every_reader_finds_malformed_is_faulty(email):
    assert signup("/info/email", email) == {("/info/email", "malformed")}


ALL_CASES = [
    pytest.param(case, id=f"{case.action}-{case.id}")
    for action in ACTIONS
    for case in fault_cases(action, SPECIFICATION, CONFIG)
]


@pytest.mark.parametrize("case", ALL_CASES)
def test_a_planted_fault_is_diagnosed_where_it_is_and_as_what_it_is(case):
    before = changed(BODIES[case.action])

    diagnosis = diagnose(case.action, case.spoil(BODIES[case.action]))

    assert [(f.pointer, f.kind, f.member) for f in diagnosis.faults] == [(case.pointer, case.kind, case.member)]
    assert BODIES[case.action] == before


@pytest.mark.parametrize("member", ["/documents/*", "/documents/*/name", "/documents/*/data"])
def test_faults_are_planted_in_each_of_five_documents(member):
    cases = [case for case in fault_cases(ADD, SPECIFICATION, CONFIG) if case.member == member]

    assert {case.pointer.split("/")[2] for case in cases} == {*"01234"}
    assert {case.documents for case in cases} == {1, 5}


@pytest.mark.parametrize("action", ACTIONS)
def test_planted_faults_are_held_against_the_requirements_they_were_planted_for(action):
    for case in fault_cases(action, SPECIFICATION, CONFIG):
        (fault,) = diagnose(action, case.spoil(BODIES[action])).faults

        requirement = requests.refusing(SPECIFICATION, action, fault.member, fault.kind, fault.strength)

        assert requirement.id == case.requirement
        assert requirement.level == fault.strength.upper()


NAMES = (
    "Delhi Metro Rail Corporation",
    "दिल्ली मेट्रो रेल",
    "𠮷野鉄道",
    "St. Mary's (North) Cabs & Sons, Ltd-9",
    "Société de transport",
    "AB",
    "ab" * 32,
)


VALID = {
    "/info/name": NAMES,
    "/info/phone": [
        *("+91-8023329991", "+1-2015550123", "+91-8023329991-1", "+91-8023329991-0", "+91-8023329991-1234"),
    ],
    "/info/email": ["info@example.com", "front.office+tag@metro-rail.example.org"],
    "/info/company_id": ["U72900KA2019PTC123456", "L72900KA1956GOI000000"],
    "/documents/0/name": ["Compliance Certificate.pdf", "permit_2-b.jpeg"],
    "/documents/0/data": ["/9j/4AAQSkZJRgABAQ=="],
    "/api/endpoint_url": ["https://api.metro.example.com/beckn/v1"],
}


def each(values):
    """Each value with its pointer."""
    return [(pointer, value) for pointer, all_ in values.items() for value in all_]


@pytest.mark.parametrize(("pointer", "value"), each(VALID))
def test_a_value_that_satisfies_every_reading_is_surely_valid(pointer, value):
    assert signup(pointer, value) == "valid"


@pytest.mark.parametrize("pointer", ["/info/company_id", "/info/phone", "/documents/0/name", "/api/endpoint_url"])
@pytest.mark.parametrize("number", [2**53, -(2**53), 10**34, 1e300])
def test_a_number_that_readers_make_a_text_of_is_unclear(pointer, number):
    assert signup(pointer, number) == "unclear"
    assert signup(pointer, 2**53 - 1) == {(pointer, "number")}


@pytest.mark.parametrize(
    "name", ["<Metro>", 'The "Blue" Line', "North\\South", "Metro 🚇", "`Red` #1", "Cabs/Vans: yes?"]
)
@pytest.mark.parametrize("action", [SIGNUP, UPDATE])
def test_a_name_with_symbols_is_valid_but_only_should_be_accepted(action, name):
    diagnosis = diagnose(action, changed(BODIES[action], put("/info/name", name)))

    assert diagnosis.valid
    assert diagnosis.symbols == ("/info/name",)


UNCLEAR = {
    # Q4
    "/info/name": [
        *("a" * 65, "𠮷" * 65, " Metro", "Metro ", "City  Metro", unicodedata.normalize("NFD", "Société")),
        *("Metro\u0007", "Metro\n", "Metro\nRail", "\u00a0Metro", "   ", "Metro \ud800", "Metro \U000e0000"),
    ],
    # Q5
    "/info/company_id": [
        *("72900", "u72900ka2019ptc123456", " U72900KA2019PTC123456", "U72900KA2019PTC123456\n"),
        *("U72900KA2019PTC123456\nsecond", " "),
    ],
    # Q6
    "/info/phone": [
        *(" +91-8023329991", "+91-8023329991 ", "\t+91-8023329991\n", "+91-80 2332 9991", "+91-(80)23329991"),
        *("+91-80-23329991-12", "+91-8023329991-1234567", "+91-1234", "+999-8023329991", "+91-0000000000"),
        *("+91-८०२३३२९९९१", "+9191-8023329991", "+91-8023329991\n"),
    ],
    # Q7
    "/info/email": [
        *(" info@example.com", "info@example.com ", "info@example.com\n", "\r\ninfo@example.com"),
        *("Info@Example.com", '"front office"@example.com', '"a@b"@example.com', "info@[192.0.2.1]"),
        *("info@[IPv6:2001:db8::1]", "информация@пример.example", "Front Office <info@example.com>"),
        *("<info@example.com>", "info@localhost", "info@delhimetro.co.in", "a" * 64 + "@example.com"),
    ],
    # Q8, Q9
    "/documents/0/name": ["Compliance Certificate", "certificate.docx", " "],
    "/documents/0/data": [
        *(SAMPLE, "W3dWhrYWtp68j", "not base64 at all", "aGVsbG8=", "JVBERi0xLjQK\n", "JVBERi0x\r\nLjQK"),
        *("_9j_4AAQSkZJRgABAQ", "/9j/4AAQSkZJRgABAQ", "/9j/4AAQSkZJRgABAR==", "JVBERi0x" * 5000),
    ],
    # Q11
    "/documents": [[], None, [BODIES[SIGNUP]["documents"][0]] * 6],
    # Q12
    "/api/endpoint_url": [
        *("http://api.example.com/beckn", "https://api.example.com:8443/beckn"),
        *("https://api.example.com/beckn?v=1", "https://api.example.com/beckn#v1"),
        *("https://api.example.com/beckn/", "https://api.example.com", "https://API.example.com/beckn"),
        *("https://192.0.2.1/beckn", "https://api.example.com/a/../b", "https://api.example.com/%C3%A9"),
        *("ftp://api.example.com/beckn", "api.example.com/beckn", "metro", "https://api.example.com/beckn\r\n"),
    ],
    # T11
    "/note": ["extra"],
    "/info/fax": ["+91-8023329992"],
    "/documents/0/id": ["1"],
    "/api/status": ["NEW"],
    "/registration": [{"id": "r-1"}],
    "/INFO": [{}],
}


@pytest.mark.parametrize(("pointer", "value"), each(UNCLEAR))
def test_what_readers_can_differ_on_is_unclear(pointer, value):
    assert signup(pointer, value) == "unclear"


@pytest.mark.parametrize(
    ("pointer", "value", "kind"),
    [
        ("/info/phone", "91-8023329991", "malformed: no plus"),
        ("/info/phone", "44-2079460000", "malformed"),
        ("/info/phone", "+442079460000", "malformed"),
        ("/info/phone", "+91--8023329991", "malformed"),
        ("/info/phone", "+-8023329990", "malformed"),
        ("/info/phone", "+91-80233x9991", "malformed"),
        ("/info/phone", "", "empty"),
        ("/info/email", "office.example.com", "malformed"),
        ("/info/email", "a@b@example.com", "malformed"),
        ("/info/email", "@example.org", "malformed"),
        ("/info/email", "office@", "malformed"),
        ("/info/email", "the office@example.com", "malformed"),
        ("/info/email", "", "empty"),
        ("/info/name", 5, "number"),
        ("/info/name", 5.5, "number"),
        ("/info/name", False, "boolean"),
        ("/info/name", [], "array"),
        ("/info/name", {}, "object"),
        ("/info", [], "array"),
        ("/documents", {}, "object"),
        ("/documents", "", "string"),
        ("/documents/1", None, "null"),
        ("/documents/1", [], "array"),
        ("/api", "https://api.example.com/beckn", "string"),
    ],
)
def test_what_no_reading_allows_is_surely_faulty(pointer, value, kind):
    assert signup(pointer, value) == {(pointer, kind)}


@pytest.mark.parametrize(
    ("pointer", "value", "kind"),
    [
        ("/info/name", "", "empty"),
        ("/info/company_id", "", "empty"),
        ("/documents/1/name", "", "empty"),
        ("/documents/1/data", "", "empty"),
        ("/api/endpoint_url", "", "empty"),
        ("/api/endpoint_url", "not a url", "malformed: not a url"),
        ("/api/endpoint_url", "our own api", "malformed"),
    ],
)
def test_what_should_be_refused_is_faulty_with_less_strength(pointer, value, kind):
    (fault,) = diagnose(SIGNUP, changed(BODIES[SIGNUP], put(pointer, value))).faults

    assert (fault.pointer, fault.kind, fault.strength) == (pointer, kind, "should")


def test_a_fault_hides_what_lies_beneath_it():
    assert signup("/info", "text") == {("/info", "string")}
    assert of(SIGNUP, drop("/api")) == {("/api", "missing")}


@pytest.mark.parametrize("pointer", ["/info", "/info/company_id", "/documents/0/data", "/registration/id"])
def test_a_member_in_other_capitals_is_unclear(pointer):
    action = GET if pointer.startswith("/registration") else SIGNUP
    parent, _, name = pointer.rpartition("/")
    as_sent = put(f"{parent}/{name.title()}", "text")

    assert of(action, drop(pointer), as_sent) == "unclear"
    assert of(action, drop(pointer)) == {(pointer, "missing")}


def test_several_faults_are_all_found():
    body = changed(BODIES[SIGNUP], put("/info/phone", "none"), drop("/documents/1/data"), put("/api/endpoint_url", 5))

    assert verdict(diagnose(SIGNUP, body)) == {
        ("/info/phone", "malformed"),
        ("/documents/1/data", "missing"),
        ("/api/endpoint_url", "number"),
    }


def test_documents_that_are_missing_altogether_are_unclear():
    assert of(SIGNUP, drop("/documents")) == "unclear"
    assert of(ADD, drop("/documents")) == "unclear"


@pytest.mark.parametrize("body", [None, [], "text", 5, True, [{"info": {}}]])
@pytest.mark.parametrize("action", ACTIONS)
def test_a_body_that_is_no_object_is_no_message_to_judge(action, body):
    assert not any(not f.in_header for f in diagnose(action, body).faults)
    assert not diagnose(action, body).valid


def test_a_request_that_is_no_message_is_unclear():
    assert verdict(diagnose(SIGNUP, {}, purpose="malformed")) == "unclear"


@pytest.mark.parametrize("line_break", ["\n", "\r", "\r\n"])
@pytest.mark.parametrize(
    ("pointer", "text", "strength"),
    [
        ("/info/phone", "+91-80233{}29992", "must"),
        ("/info/phone", "+91-8023329991{}22", "must"),
        ("/info/email", "inf{}o@example.com", "must"),
        ("/info/email", "info@example.com{}x", "must"),
        ("/api/endpoint_url", "https://api.example.com/be{}ckn", "should"),
        ("/api/endpoint_url", "https://api.example.com/beckn{}second", "should"),
    ],
)
def test_a_value_of_two_lines_is_surely_faulty(pointer, text, strength, line_break):
    (fault,) = diagnose(SIGNUP, changed(BODIES[SIGNUP], put(pointer, text.format(line_break)))).faults

    assert (fault.pointer, fault.kind, fault.strength) == (pointer, "malformed", strength)


@pytest.mark.parametrize("name", INFO)
def test_an_update_without_one_member_is_unclear(name):
    assert of(UPDATE, drop(f"/info/{name}")) == "unclear"
    assert of(UPDATE, put(f"/info/{name}", None)) == "unclear"


@pytest.mark.parametrize(
    "info", [{}, dict.fromkeys(INFO), {"name": None}, {"fax": "+91-8023329992"}, {"fax": 1, "email": None}]
)
def test_an_update_of_nothing_is_surely_faulty(info):
    assert of(UPDATE, put("/info", info)) == {("/info", "none of its members")}


def test_a_partial_update_with_a_faulty_member_is_surely_faulty():
    assert of(UPDATE, put("/info", {"phone": "none"})) == {("/info/phone", "malformed")}


@pytest.mark.parametrize("pointer", ["/info/company_id", "/documents/0/name", "/documents/1/name", "/api"])
def test_a_member_declared_optional_may_be_missing(pointer):
    declared = configured(optional=("/info/company_id", "/documents/*/name", "/api"))

    assert of(SIGNUP, drop(pointer), config=declared) == "unclear"
    assert of(SIGNUP, put(pointer, None), config=declared) == "unclear"
    assert of(SIGNUP, put(pointer, 5), config=declared) == {(pointer, "number")}


def test_faults_of_optional_members_are_not_made():
    declared = configured(optional=("/info/company_id",))

    cases = {(c.pointer, c.kind) for c in fault_cases(SIGNUP, SPECIFICATION, declared)}

    assert ("/info/company_id", "missing") not in cases
    assert ("/info/company_id", "null") not in cases
    assert ("/info/company_id", "number") in cases


def test_a_declared_pattern_says_which_company_ids_are_valid():
    declared = configured(values={"/info/company_id": r"[A-Z]{3}\d{4}"})

    assert signup("/info/company_id", "ABC1234", config=declared) == "valid"
    assert signup("/info/company_id", "ABC12345", config=declared) == "unclear"


def test_a_default_company_id_outside_the_declared_pattern_is_unclear():
    declared = configured(values={"/info/company_id": r"[A-Z]{3}\d{4}"})

    assert signup("/info/company_id", "U72900KA2019PTC123456", config=declared) == "unclear"


@given(st.sampled_from(ACTIONS), JSON_VALUES, st.booleans())
@QUICK
def test_a_request_of_any_kind_can_be_diagnosed(action, body, closed):
    diagnosis = diagnose(action, body, known=acquainted(closed=closed))

    assert {f.strength for f in diagnosis.faults} <= {"must", "should"}
    assert all(f.in_header or f.member for f in diagnosis.faults)


@given(st.sampled_from([a for a in ACTIONS if a != GET]), st.data())
@QUICK
def test_a_valid_request_with_any_value_in_any_place_can_be_diagnosed(action, data):
    members = [m.pointer.replace("*", "0") for m in SPECIFICATION.members(action)]
    pointer = data.draw(st.sampled_from(members))
    value = data.draw(JSON_VALUES)

    diagnosis = diagnose(action, changed(BODIES[action], put(pointer, value)))

    assert all(
        f.pointer == pointer or f.pointer.startswith(pointer + "/") or pointer.startswith(f.pointer + "/")
        for f in diagnosis.faults
    )


def test_documents_of_one_name_in_one_call_are_unclear():
    names = [put(f"/documents/{index}/name", name) for index, name in enumerate(("Permit.pdf", "PERMIT.pdf"))]

    assert of(ADD, *names) == of(SIGNUP, *names) == "unclear"
