"""The recogniser tells surely valid from surely faulty, and leaves alone what is unclear."""

import copy
import datetime
import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from beckn_conformance.judging.known import Known, KnownRegistrations
from beckn_conformance.judging.recogniser import Recogniser
from beckn_conformance.messages.faults import fault_cases
from tests.exchanges import (
    ACTIONS,
    ADD,
    CONFIG,
    GET,
    INFO,
    NOW,
    OWNER,
    QUICK,
    SIGNUP,
    SPECIFICATION,
    STRANGER,
    UPDATE,
    acquainted,
    changed,
    configured,
    diagnose,
    drawn,
    drop,
    exchange,
    put,
    valid_bodies,
    verdict,
)

BODIES = valid_bodies()
SAMPLE = "W3dWhrYWtp68jWsa21v490XqxOy2zVkuD"
JSON_VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=8),
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.dictionaries(
            st.sampled_from(["info", "documents", "api", "registration", "id", "name", "data", *INFO])
            | st.text(max_size=4),
            inner,
            max_size=5,
        )
    ),
    max_leaves=20,
)


def of(action, *changes, **how):
    return verdict(diagnose(action, changed(BODIES[action], *changes), **how))


def signup(pointer, value, **how):
    return of(SIGNUP, put(pointer, value), **how)


@pytest.mark.parametrize("action", ACTIONS)
def test_a_request_as_the_page_shows_it_is_surely_valid(action):
    assert of(action) == "valid"


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


@pytest.mark.parametrize("action", ACTIONS)
def test_planted_faults_are_held_against_the_requirements_they_were_planted_for(action):
    for case in fault_cases(action, SPECIFICATION, CONFIG):
        (fault,) = diagnose(action, case.spoil(BODIES[action])).faults

        requirement = SPECIFICATION.requirement_for_fault(action, fault.member, fault.kind, fault.strength)

        assert requirement.id == case.requirement
        assert requirement.level == fault.strength.upper()


NAMES = (
    "Delhi Metro Rail Corporation",
    "दिल्ली मेट्रो रेल",
    "𠮷野鉄道",
    "St. Mary's (North) Cabs & Sons, Ltd-9",
    "Société de transport",
    "A",
    "ab" * 32,
)
VALID = [
    *(("/info/name", name) for name in NAMES),
    ("/info/phone", "+91-8023329991"),
    ("/info/phone", "+1-2015550123"),
    ("/info/phone", "+91-8023329991-1"),
    ("/info/phone", "+91-8023329991-123456"),
    ("/info/email", "info@example.com"),
    ("/info/email", "front.office+tag@metro-rail.example.org"),
    ("/info/company_id", "U72900KA2019PTC123456"),
    ("/info/company_id", "L72900KA1956GOI000000"),
    ("/documents/0/name", "Compliance Certificate.pdf"),
    ("/documents/0/name", "permit_2-b.jpeg"),
    ("/documents/0/data", "/9j/4AAQSkZJRgABAQ=="),
    ("/api/endpoint_url", "https://api.metro.example.com/beckn/v1"),
]


@pytest.mark.parametrize(("pointer", "value"), VALID)
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


UNCLEAR = [
    # Q4
    ("/info/name", "a" * 65),
    ("/info/name", "𠮷" * 65),
    ("/info/name", " Metro"),
    ("/info/name", "Metro "),
    pytest.param(
        *("/info/name", "City  Metro"),
    ),
    ("/info/name", unicodedata.normalize("NFD", "Société")),
    ("/info/name", "Metro\u0007"),
    ("/info/name", "Metro\n"),
    ("/info/name", "Metro\nRail"),
    ("/info/name", "\u00a0Metro"),
    ("/info/name", "   "),
    pytest.param(
        *("/info/name", "Metro \ud800"),
    ),
    ("/info/name", "Metro \U000e0000"),
    # Q5
    ("/info/company_id", "72900"),
    ("/info/company_id", "u72900ka2019ptc123456"),
    ("/info/company_id", " U72900KA2019PTC123456"),
    ("/info/company_id", "U72900KA2019PTC123456\n"),
    ("/info/company_id", "U72900KA2019PTC123456\nsecond"),
    ("/info/company_id", " "),
    # Q6
    ("/info/phone", " +91-8023329991"),
    ("/info/phone", "+91-8023329991 "),
    ("/info/phone", "\t+91-8023329991\n"),
    ("/info/phone", "+91-80 2332 9991"),
    ("/info/phone", "+91-(80)23329991"),
    ("/info/phone", "+91-80-23329991-12"),
    ("/info/phone", "+91-8023329991-1234567"),
    ("/info/phone", "+91-1234"),
    ("/info/phone", "+999-8023329991"),
    ("/info/phone", "+91-0000000000"),
    ("/info/phone", "+91-८०२३३२९९९१"),
    ("/info/phone", "+9191-8023329991"),
    ("/info/phone", "+91-8023329991\n"),
    # Q7
    ("/info/email", " info@example.com"),
    ("/info/email", "info@example.com "),
    ("/info/email", "info@example.com\n"),
    ("/info/email", "\r\ninfo@example.com"),
    ("/info/email", "Info@Example.com"),
    ("/info/email", '"front office"@example.com'),
    ("/info/email", '"a@b"@example.com'),
    ("/info/email", "info@[192.0.2.1]"),
    ("/info/email", "info@[IPv6:2001:db8::1]"),
    ("/info/email", "информация@пример.example"),
    ("/info/email", "Front Office <info@example.com>"),
    ("/info/email", "<info@example.com>"),
    ("/info/email", "info@localhost"),
    ("/info/email", "info@delhimetro.co.in"),
    ("/info/email", "a" * 64 + "@example.com"),
    # Q8, Q9
    ("/documents/0/name", "Compliance Certificate"),
    ("/documents/0/name", "certificate.docx"),
    ("/documents/0/name", " "),
    ("/documents/0/data", SAMPLE),
    ("/documents/0/data", "W3dWhrYWtp68j"),
    ("/documents/0/data", "not base64 at all"),
    ("/documents/0/data", "aGVsbG8="),
    ("/documents/0/data", "JVBERi0xLjQK\n"),
    ("/documents/0/data", "JVBERi0x\r\nLjQK"),
    ("/documents/0/data", "_9j_4AAQSkZJRgABAQ"),
    ("/documents/0/data", "/9j/4AAQSkZJRgABAQ"),
    ("/documents/0/data", "/9j/4AAQSkZJRgABAR=="),
    ("/documents/0/data", "JVBERi0x" * 5000),
    # Q11
    ("/documents", []),
    ("/documents", None),
    ("/documents", [BODIES[SIGNUP]["documents"][0]] * 6),
    # Q12
    ("/api/endpoint_url", "http://api.example.com/beckn"),
    ("/api/endpoint_url", "https://api.example.com:8443/beckn"),
    ("/api/endpoint_url", "https://api.example.com/beckn?v=1"),
    ("/api/endpoint_url", "https://api.example.com/beckn#v1"),
    ("/api/endpoint_url", "https://api.example.com/beckn/"),
    ("/api/endpoint_url", "https://api.example.com"),
    ("/api/endpoint_url", "https://API.example.com/beckn"),
    ("/api/endpoint_url", "https://192.0.2.1/beckn"),
    ("/api/endpoint_url", "https://api.example.com/a/../b"),
    ("/api/endpoint_url", "https://api.example.com/%C3%A9"),
    ("/api/endpoint_url", "ftp://api.example.com/beckn"),
    ("/api/endpoint_url", "api.example.com/beckn"),
    ("/api/endpoint_url", "metro"),
    ("/api/endpoint_url", "https://api.example.com/beckn\r\n"),
    # T11
    ("/note", "extra"),
    ("/info/fax", "+91-8023329992"),
    ("/documents/0/id", "1"),
    ("/api/status", "NEW"),
    ("/registration", {"id": "r-1"}),
    ("/INFO", {}),
]


@pytest.mark.parametrize(("pointer", "value"), UNCLEAR)
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


# Updates (Q14).


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


# What the configuration declares.


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
    declared = configured(company_id=r"[A-Z]{3}\d{4}")

    assert signup("/info/company_id", "ABC1234", config=declared) == "valid"
    assert signup("/info/company_id", "ABC12345", config=declared) == "unclear"


def test_a_default_company_id_outside_the_declared_pattern_is_unclear():
    declared = configured(company_id=r"[A-Z]{3}\d{4}")

    assert signup("/info/company_id", "U72900KA2019PTC123456", config=declared) == "unclear"


# Header (T5, H1).


def headed(action=SIGNUP, **members):
    return of(action, header_changes=members)


@pytest.mark.parametrize("action", ACTIONS)
def test_a_wrong_action_is_faulty(action):
    other = next(a for a in ACTIONS if a != action)
    at = "header:Action"

    assert headed(action, Action=None) == {(at, "missing")}
    assert headed(action, Action="") == {(at, "missing")}
    assert headed(action, Action=other) == {(at, "another operation")}
    assert headed(action, Action="Provider/close") == {(at, "unknown")}


@pytest.mark.parametrize(
    "value",
    ["provider/signup", "PROVIDER/SIGNUP", "/Provider/signup", "Provider/signup/", " Provider/signup"],
)
def test_the_right_action_in_another_notation_is_unclear(value):
    assert headed(Action=value) == "unclear"


@pytest.mark.parametrize(
    ("value", "kind"),
    [
        (None, "missing"),
        ("", "missing"),
        ("yesterday", "a word"),
        ("noon", "a word"),
        ("2026-13-01T10:00:00", "a 13th month"),
        ("2026-02-30T10:00:00", "30 February"),
        ("2026-04-31T10:00:00", "impossible"),
        ("2026-04-30T10:61:00", "impossible"),
    ],
)
def test_an_impossible_timestamp_is_faulty(value, kind):
    assert headed(Timestamp=value) == {("header:Timestamp", kind)}


@pytest.mark.parametrize(
    "value",
    [
        "2026-05-04T10:00:00Z",
        "2026-05-04T10:00:00+05:30",
        "2026-05-04T10:00:00.123",
        "2026-05-04 10:00:00",
        "2026-05-04",
        "20260504T100000",
        "1777888800",
        "1777888800000",
        "Mon, 04 May 2026 10:00:00 GMT",
        "4 May 2026",
        "2026-W19-1T10:00:00",
        "２０２６-05-04T10:00:00",
        " 2026-05-04T10:00:00",
        "2026-05-04T10:00:00\n",
        "2019-09-13T14:31:54",
        "2027-05-04T10:00:00",
        "0001-01-01T00:00:00",
        "9999-12-31T23:59:59",
    ],
)
def test_a_time_in_another_notation_or_of_another_day_is_unclear(value):
    assert headed(Timestamp=value) == "unclear"


@pytest.mark.parametrize("value", ["2026-05-03T24:00:00", "2026-05-04T09:59:60"])
def test_midnight_as_24_and_a_leap_second_are_other_notations_of_a_time(value):
    assert headed(Timestamp=value) == "unclear"


@given(st.integers(-14 * 3600, 14 * 3600))
@QUICK
def test_the_local_time_of_any_zone_is_valid(offset):
    moment = datetime.datetime.fromtimestamp(NOW + offset, datetime.UTC)

    assert headed(Timestamp=f"{moment:%Y-%m-%dT%H:%M:%S}") == "valid"


# Tokens and registrations (H2, H3, R16).


@pytest.mark.parametrize("token", [None, "", "  "])
def test_a_signup_without_a_token_is_unclear(token):
    assert of(SIGNUP, header_changes={"Token": token}) == "unclear"


@pytest.mark.parametrize("action", [GET, UPDATE, ADD])
@pytest.mark.parametrize(
    ("token", "kind"),
    [(None, "missing"), ("", "empty"), ("made up", "unknown"), (STRANGER.token, "foreign")],
)
def test_a_wrong_token_is_faulty(action, token, kind):
    assert of(action, token=token) == {("header:Token", kind)}


@pytest.mark.parametrize("action", [GET, UPDATE, ADD])
def test_a_token_of_two_registrations_is_faulty_for_each(action):
    known = acquainted()
    known.add(Known("r-3", OWNER.token))

    assert of(action, known=known) == {("header:Token", "shared")}


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
    known.registrations[OWNER.id].expires = None
    soon = Known("r-5", "token-of-r-5", datetime.datetime.fromtimestamp(NOW + 1, datetime.UTC))
    later = Known("r-6", "token-of-r-6", datetime.datetime.fromtimestamp(NOW + 60, datetime.UTC))
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


# Uniqueness (Q5, Q13).


@pytest.mark.parametrize("form", [str, str.lower, str.upper])
def test_a_company_id_used_twice_is_unclear_in_whatever_case(form):
    known, values = acquainted(), drawn()
    first, second = values.signup(), values.signup()
    second["info"]["company_id"] = form(first["info"]["company_id"])

    assert verdict(diagnose(SIGNUP, first, known=known)) == "valid"
    assert verdict(diagnose(SIGNUP, second, known=known)) == "unclear"


def test_company_ids_that_differ_in_case_only_are_one():
    declared, known, values = configured(company_id="[A-Za-z0-9]+"), acquainted(), drawn()
    first, second = values.signup(), values.signup()
    second["info"]["company_id"] = first["info"]["company_id"].lower()

    assert verdict(diagnose(SIGNUP, first, config=declared, known=known)) == "valid"
    assert verdict(diagnose(SIGNUP, second, config=declared, known=known)) == "unclear"


def test_an_update_to_the_company_id_of_another_registration_is_unclear():
    known, values = acquainted(), drawn()
    first = values.signup()
    diagnose(SIGNUP, first, known=known)

    taken = {**values.info(), "company_id": first["info"]["company_id"]}

    assert of(UPDATE, put("/info", taken), known=known) == "unclear"


def test_an_update_may_send_the_company_id_of_the_update_before():
    known, info = acquainted(), drawn().info()

    assert of(UPDATE, put("/info", info), known=known) == "valid"
    assert of(UPDATE, put("/info", info), known=known) == "valid"


@pytest.mark.parametrize("name", ["name", "phone", "email"])
def test_a_second_signup_with_something_of_the_first_is_unclear(name):
    known, values = acquainted(), drawn()
    first, second = values.signup(), values.signup()
    second["info"][name] = first["info"][name].upper()

    assert verdict(diagnose(SIGNUP, first, known=known)) == "valid"
    assert verdict(diagnose(SIGNUP, second, known=known)) == "unclear"


def test_a_signup_diagnosed_twice_gives_the_same_answer():
    known, recogniser = acquainted(), Recogniser(SPECIFICATION, CONFIG)
    signup = exchange(SIGNUP, drawn().signup(), None)
    before = copy.deepcopy(known)

    assert recogniser.diagnose(signup, known) == recogniser.diagnose(signup, known)
    assert known == before


# Anything at all.


@given(st.sampled_from(ACTIONS), JSON_VALUES, st.booleans())
@QUICK
def test_a_request_of_any_kind_can_be_diagnosed(action, body, closed):
    diagnosis = diagnose(action, body, known=acquainted(closed=closed))

    assert {f.strength for f in diagnosis.faults} <= {"must", "should"}
    assert all(f.in_header or f.member for f in diagnosis.faults)


@given(
    st.sampled_from([a for a in ACTIONS if a != GET]),
    st.data(),
)
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


@given(st.text(max_size=20), st.text(max_size=20), st.text(max_size=40))
@QUICK
def test_a_header_of_any_text_can_be_diagnosed(action, token, timestamp):
    members = {"Action": action, "Token": token, "Timestamp": timestamp}

    for operation in ACTIONS:
        assert diagnose(operation, BODIES[operation], header_changes=members) is not None


# Tokens in other capitals (H3).


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


def test_documents_of_one_name_in_one_call_are_unclear():
    names = [put(f"/documents/{index}/name", name) for index, name in enumerate(("Permit.pdf", "PERMIT.pdf"))]

    assert of(ADD, *names) == of(SIGNUP, *names) == "unclear"
