"""What stands in the place of private data is another value of the same kind, and tells nothing of it."""

import base64
import itertools
import re
import unicodedata

import pytest

from beckn_conformance.judging.history.form import same_but_for_form, same_bytes
from beckn_conformance.judging.recogniser import Recogniser
from beckn_conformance.messages.realistic import NAMES, PHONES
from beckn_conformance.record.stand_ins import StandIns
from beckn_conformance.specification import requests
from beckn_conformance.specification.loading import load
from beckn_conformance.specification.specification import SIGNUP
from tests.exchanges import CONFIG, configured, drawn

VALUES = drawn()
MEMBERS = {
    member.pointer: member
    for member in load().members(SIGNUP)
    if member.pointer
    in ("/info/name", "/info/phone", "/info/email", "/info/company_id", "/documents/*/name", "/documents/*/data")
}


def stand_ins(config=CONFIG, key=b"key"):
    return StandIns(load(), config, key)


def variants():
    """A value of each kind of each member."""
    for pointer, member in MEMBERS.items():
        for variant in (*member.variants("must"), *member.variants("should")):
            document = VALUES.document(variant) if pointer.startswith("/documents") else None
            yield pointer, document[member.name] if document else VALUES.value(pointer, variant)


FAULTY = (
    ("/info/phone", "+91 8023329991"),
    ("/info/phone", "8023329991-91"),
    ("/info/phone", "+91-8023\n329991"),
    ("/info/phone", "+91-80233-CALL"),
    ("/info/phone", "+91-٨٠٢٣٣٢٩٩٩١"),
    ("/info/email", "somebody at example.com"),
    ("/info/email", "somebody@office.example"),
    ("/info/name", "  Metro  Rail "),
    ("/info/name", "x" * 300),
    ("/info/company_id", "u72900ka2019ptc123457"),
    ("/documents/*/name", "scan.exe.docx"),
)


def judged(pointer, value, config=CONFIG):
    patterns = [p for a in requests.acceptances(load(), SIGNUP) if a.pointer == pointer for _, p in a.variants]
    return Recogniser(load(), config).kind_of(MEMBERS[pointer], value), [p.search(value) for p in patterns]


@pytest.mark.parametrize(("pointer", "value"), [*variants(), *FAULTY])
def test_a_stand_in_is_judged_as_what_it_stands_for(pointer, value):
    made = stand_ins().of(MEMBERS[pointer].name, value)

    assert made != value
    assert len(made) == len(value)
    assert judged(pointer, made) == judged(pointer, value)


@pytest.mark.parametrize("value", ["+91-9880012345", "Anna's Cabs", "anna.b@example.com", "U72900KA2019PTC654321"])
def test_a_stand_in_depends_on_the_key_of_the_run_alone(value):
    name = {"+": "phone", "A": "name", "a": "email", "U": "company_id"}[value[0]]

    assert stand_ins().of(name, value) == stand_ins().of(name, value)
    assert len({stand_ins(key=bytes([n])).of(name, value) for n in range(20)}) > 15


def test_little_of_a_value_is_left_in_its_place():
    made = {value: stand_ins().of("name", value) for value in ("Anna Bergström Reisen", "Μετρό Αθήνας", "東京地下鉄")}

    for value, other in made.items():
        assert sum(a == b for a, b in zip(value, other, strict=True) if a.isalnum()) <= len(value) // 3


def test_different_values_have_different_stand_ins():
    made = stand_ins()
    phones = [VALUES.realistic.phone() for _ in range(300)]

    assert len({made.of("phone", phone) for phone in phones}) == len({*phones})


@pytest.mark.parametrize(
    ("member", "value"),
    [
        *(("name", name) for name in ("Métro de Lyon 12", "Трамвай Москва", "Anna & Sons")),
        # Top-level domains and the first letter of a company id are kept only in some forms, for their own sake.
        *(
            ("email", "anna.b@example.com"),
            ("email", "Anna.B@Mail.Example.Org"),
            ("company_id", "L72900KA2019PTC654321"),
        ),
    ],
)
@pytest.mark.parametrize(
    "change",
    [str.upper, str.lower, lambda text: f" {text}\n", lambda text: unicodedata.normalize("NFD", text)],
    ids=["upper", "lower", "outer space", "decomposed"],
)
@pytest.mark.parametrize("first", [0, 1])
def test_values_that_differ_in_form_have_stand_ins_that_do(member, value, change, first):
    made, forms = stand_ins(), (value, change(value))

    one, other = made.of(member, forms[first]), made.of(member, forms[not first])

    assert same_but_for_form(one, other)
    assert (one == other) == (value == change(value))


@pytest.mark.parametrize("name", ["Ｍｅｔｒｏ Rail", "ﬁrst Métro", "𝐀lpha 𝟗 Cabs"])
def test_compatible_letters_and_plain_ones_have_stand_ins_of_one_form(name):
    made = stand_ins()

    one, plain = made.of("name", name), made.of("name", unicodedata.normalize("NFKC", name))

    assert same_but_for_form(one, plain)
    assert one not in (name, None)


@pytest.mark.parametrize("variant", ["no padding", "padding", "jpg"])
def test_other_writings_of_a_document_have_other_writings_of_its_stand_in(variant):
    made = stand_ins()
    data = VALUES.document(variant)["data"]
    plain = made.of("data", data)
    writings = [data + "\n", "\n".join(re.findall(".{1,60}", data)), data.rstrip("=") + " "]

    for writing in writings:
        other = made.of("data", writing)
        assert other != plain
        assert same_bytes(other, plain)
    assert not same_bytes(plain, data)
    other = base64.b64encode(base64.b64decode(data) + b"more").decode()
    assert not same_bytes(made.of("data", other), plain)


def test_what_the_schemas_name_is_nobodys():
    made = stand_ins()

    for pointer, member in MEMBERS.items():
        for value in itertools.chain(member.named_faults, member.schema.get("examples", ())):
            assert made.knows(pointer.rsplit("/", 1)[1], value)
    assert not made.knows("name", "Anna Bergström Reisen")


def test_company_ids_of_local_policy_stay_what_it_asks_for():
    config = configured(values={"/info/company_id": "ACME-[0-9]{6}"})

    made = stand_ins(config).of("company_id", "ACME-482913")

    assert re.fullmatch("ACME-[0-9]{6}", made)
    assert made != "ACME-482913"


def test_where_nothing_is_like_a_value_there_is_no_stand_in():
    assert stand_ins().of("name", "?!?!?!?!") is None
    assert stand_ins().of("data", "no document") is None


def test_every_kind_of_name_is_tried():
    assert {*NAMES} == {*MEMBERS["/info/name"].variants("must"), *MEMBERS["/info/name"].variants("should")}
    assert {*PHONES} <= {*MEMBERS["/info/phone"].variants("must")}
