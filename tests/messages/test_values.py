"""Everything that is drawn is surely valid, unique in a run, and the same again for the same seed and nonce."""

import itertools
import re

import pytest

from beckn_conformance.config.gateway import GatewayConfig
from beckn_conformance.errors import UsageError
from beckn_conformance.judging.known import KnownRegistrations
from beckn_conformance.messages.realistic import NAMES, PHONES, syllables
from beckn_conformance.messages.values import Values
from tests.exchanges import (
    ACTIONS,
    ADD,
    CONFIG,
    INFO,
    OWNER,
    SIGNUP,
    SPECIFICATION,
    UPDATE,
    configured,
    diagnose,
    drawn,
)

MEMBERS = {m.pointer: m for m in SPECIFICATION.members(SIGNUP)}
DRAW = {
    "/info/name": lambda values, variant: values.realistic.name(variant),
    "/info/phone": lambda values, variant: values.realistic.phone(variant),
    "/info/email": lambda values, variant: values.realistic.email(variant),
    "/info/company_id": lambda values, variant: values.realistic.company_id(variant),
    "/api/endpoint_url": lambda values, variant: values.realistic.endpoint_url(variant),
    "/documents/*/name": lambda values, variant: values.document(variant)["name"],
    "/documents/*/data": lambda values, variant: values.document(
        {"JPEG": "jpg", "PDF": "no padding"}.get(variant, variant)
    )["data"],
}
VARIANTS = [
    pytest.param(pointer, strength, name, id=f"{pointer} {name}")
    for pointer in DRAW
    for strength in ("must", "should")
    for name in MEMBERS[pointer].variants(strength)
]


@pytest.mark.parametrize(("pointer", "strength", "variant"), VARIANTS)
def test_every_variant_can_be_drawn_and_is_what_it_says(pointer, strength, variant):
    values, member = drawn(), MEMBERS[pointer]
    for _ in range(5):
        value = DRAW[pointer](values, variant)

        assert re.search(member.variants(strength)[variant], value)
        assert member.borders.safe(value) == (strength == "must")
        assert member.borders.nearly_safe(value)


def test_every_name_and_phone_that_is_drawn_shows_a_variant_of_the_schema():
    name, phone = MEMBERS["/info/name"], MEMBERS["/info/phone"]

    assert set(NAMES) == set(name.variants("must")) | set(name.variants("should"))
    assert set(PHONES) <= set(phone.variants("must"))


@pytest.mark.parametrize("seed", range(4))
def test_whatever_is_drawn_is_surely_valid_and_unique(seed):
    values, known = drawn(seed=seed), KnownRegistrations()
    known.add(OWNER)
    for _ in range(25):
        signup = values.signup(documents=2)
        update = {"registration": {"id": OWNER.id}, "info": values.info()}
        addition = {"registration": {"id": OWNER.id}, "documents": [values.document()]}

        for action, body in ((SIGNUP, signup), (UPDATE, update), (ADD, addition)):
            diagnosis = diagnose(action, body, known=known)
            assert diagnosis.valid
            assert diagnosis.symbols == ()


def test_nothing_is_drawn_twice_not_even_in_another_case():
    values = drawn()
    made = values.realistic
    for draw in (made.name, made.phone, made.email, made.company_id, made.endpoint_url):
        texts = [draw().casefold() for _ in range(1000)]
        assert len(set(texts)) == 1000
    documents = [values.document() for _ in range(300)]
    assert len({d["name"].casefold() for d in documents}) == len({d["data"] for d in documents}) == 300


@pytest.mark.parametrize("variant", ["of a listed company", "of the last century", "of this century", "well-formed"])
def test_company_ids_of_one_variant_are_unique_among_all(variant):
    values = drawn()
    ids = [values.realistic.company_id(kind) for kind in (variant, "well-formed") * 500]

    assert len(set(ids)) == 1000


def test_two_runs_draw_different_company_ids():
    first, second = (Values(SPECIFICATION, CONFIG, seed=1) for _ in range(2))

    ids = [values.realistic.company_id() for values in (first, second) for _ in range(200)]

    assert len(set(ids)) == 400


def test_a_run_can_be_repeated_with_its_seed_and_nonce():
    def run(seed, nonce):
        values = Values(SPECIFICATION, CONFIG, seed=seed, nonce=nonce)
        return [
            values.signup(documents=2),
            values.info(),
            values.realistic.name("Han"),
            values.unknown_token("abc-123"),
        ]

    assert run(1, 2) == run(1, 2)
    assert run(1, 2) != run(1, 3)
    assert run(1, 2) != run(2, 2)


PATTERN = r"[A-Z]{3}-\d{4}"


@pytest.fixture(scope="module")
def declared():
    return configured(values={"/info/company_id": PATTERN})


def test_company_ids_of_a_declared_pattern_are_valid_and_unique(declared):
    values = Values(SPECIFICATION, declared, seed=3)
    ids = [values.value("/info/company_id") for _ in range(60)]

    assert all(re.fullmatch(PATTERN, text) for text in ids)
    assert len({text.casefold() for text in ids}) == 60
    body = {**values.signup(), "info": {**values.info(), "company_id": ids[0]}}
    assert diagnose(SIGNUP, body, config=declared).valid


def test_a_pattern_with_too_few_values_is_an_error_of_usage():
    values = Values(SPECIFICATION, configured(values={"/info/company_id": "[AB]"}), seed=3)

    assert {values.value("/info/company_id"), values.value("/info/company_id")} == {"A", "B"}
    with pytest.raises(UsageError, match=r"values.company_id: '\[AB\]'"):
        values.value("/info/company_id")


def test_company_ids_that_differ_in_case_only_are_one():
    values = Values(SPECIFICATION, configured(values={"/info/company_id": "[aA]1"}), seed=3)
    values.value("/info/company_id")

    with pytest.raises(UsageError):
        values.value("/info/company_id")


@pytest.mark.parametrize("like", ["1000001", "reg-8f14e45fceea167a", "7", "A7", "ÄÖ", "00000000-0000-0000", "-"])
def test_an_unknown_id_has_the_shape_of_a_known_one(like):
    values = drawn()
    if like == "-":
        assert len(values.unknown_id(like, [])) == 8
        return
    known = {values.unknown_id(like, []) for _ in range(20)}
    text = values.unknown_id(like, known)

    assert text not in known | {like}
    assert len(text) in (len(like), 8)


@pytest.mark.parametrize("like", ["token", "eyJhbGciOi.J9-_x", "----", "1"])
def test_an_unknown_token_is_another_one(like):
    values = drawn()
    assert all(values.unknown_token(like) != like for _ in range(50))


def test_words_are_one_to_one_with_numbers():
    words = [syllables(number, 3) for number in range(2000)]

    assert len(set(words)) == 2000
    assert all(word.isascii() and word.isalpha() and word.istitle() for word in words)


def test_what_a_signup_holds_can_be_asked_for():
    values = drawn()
    body = values.signup(documents=3, name="Metro", phone="+91-8023329991")

    assert (body["info"]["name"], body["info"]["phone"]) == ("Metro", "+91-8023329991")
    assert len(body["documents"]) == 3
    assert set(body) == {"info", "documents", "api"}
    assert set(body["info"]) == set(INFO)


def test_a_small_run_stays_small():
    values = drawn()
    sizes = [len(values.document(variant)["data"]) for variant in ("padding", "no padding", "jpg", "jpeg")]

    assert max(sizes) < 2000


def test_operations_are_those_of_the_page():
    assert tuple(o.action for o in SPECIFICATION.operations) == ACTIONS
    assert isinstance(CONFIG, GatewayConfig)
    assert list(itertools.islice(NAMES, 1)) == ["letters"]
