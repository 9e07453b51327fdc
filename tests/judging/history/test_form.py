"""When two texts are the same but for their form (R10)."""

import unicodedata

import pytest

from beckn_conformance.judging.history.form import same_but_for_form, same_bytes
from beckn_conformance.suite.strategies import SCRIPTS

LETTERS = [chr(code) for first, last in SCRIPTS for code in range(first, last + 1, 7)]
CASES = (str, str.upper, str.lower, str.title, str.casefold, str.swapcase)


@pytest.mark.parametrize("form", ["NFC", "NFD", "NFKC", "NFKD"])
@pytest.mark.parametrize("case", CASES, ids=lambda case: case.__name__)
def test_any_letter_in_another_case_and_normal_form_is_the_same(case, form):
    different = [
        letter
        for letter in [*LETTERS, *"ŉǰΐΰῇᾷῷςſßẞ"]
        if not same_but_for_form(f"A{letter}b", unicodedata.normalize(form, case(f" A{letter}b\n")))
    ]

    assert different == []


@pytest.mark.parametrize(("one", "other"), [("İstanbul", "istanbul"), ("ısı", "ISI"), ("ÇIĞLI", "çığlı")])
def test_whether_an_i_has_a_dot_is_a_matter_of_case(one, other):
    assert same_but_for_form(one, other)


@pytest.mark.parametrize("other", ["Metrorail", "Metro  Rail", "Métro Rail", "", None, "Metro Rail 2"])
def test_another_text_is_not_the_same(other):
    assert not same_but_for_form("Metro Rail", other)


def test_base64_is_the_same_in_any_alphabet_and_padding_but_not_in_another_case():
    assert same_bytes("-_-_AA==", "+/+/\nAA")
    assert not same_bytes("aGVsbG8=", "AGVSBG8=")
    assert not same_bytes("aGVsbG8=", "no base64!")
