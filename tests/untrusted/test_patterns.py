"""A pattern of a stranger takes no more time than its text is long."""

import random
import re
import time

import pytest

from beckn_conformance.specification import requests
from beckn_conformance.specification.loading import load
from beckn_conformance.specification.validators import compile_schema
from beckn_conformance.untrusted.patterns import Pattern, PatternError

STALLING = ["^(a+)+$", "^(a|a)*$", "^(a|aa)+$", "(.*)*b", "(a*)*$", "(x+x+)+y"]


@pytest.mark.parametrize("text", STALLING)
def test_a_pattern_that_makes_others_stall_is_matched_at_once(text):
    began = time.process_time()

    Pattern(text).search("a" * 50_000 + "!")
    compile_schema({"pattern": text}).is_valid("a" * 50_000 + "!")

    assert time.process_time() - began < 2


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("(?=a)b", "not supported"),
        (r"(a)\1", "not supported"),
        ("[", "not a regular expression"),
        ("a{1000000}", "more than 100 times"),
        ("(?:){1000000}", "more than 100 times"),
        ("a" * 1001, "longer than 1000"),
        ("(" * 400 + ")" * 400, "regular expression|not supported"),
    ],
)
def test_a_pattern_that_is_not_taken_says_why(text, reason):
    with pytest.raises(PatternError, match=reason) as raised:
        Pattern(text).draw(random.Random(1))

    assert "\n" not in str(raised.value)


@pytest.mark.parametrize(
    "text", ["((((((a+)+)+)+)+)+)+", "((((ab){100}){100}){100})*", "((a{0,100}){0,100}){0,100}", "[a-\U0010ffff]" * 70]
)
def test_a_text_without_an_end_is_not_drawn(text):
    began = time.process_time()

    with pytest.raises(PatternError):
        Pattern(text).draw(random.Random(1))

    assert time.process_time() - began < 2


@pytest.mark.parametrize("text", [r"[A-Z]{3}-\d{4,}", "(LTD|PLC)[0-9]{100}", r"^\w+ inc\.?$", "a|bc"])
def test_texts_that_are_drawn_are_matched_whole(text):
    pattern = Pattern(text)
    drawn = [pattern.draw(random.Random(seed)) for seed in range(50)]

    assert all(pattern.fullmatch(one) and re.fullmatch(text, one) for one in drawn)
    assert not pattern.fullmatch("-")
    assert not pattern.fullmatch("\ud800")


def test_the_patterns_of_the_specification_can_be_used():
    specification = load()

    assert any(requests.acceptances(specification, operation.action) for operation in specification.operations)
