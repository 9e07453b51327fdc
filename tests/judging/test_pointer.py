"""JSON Pointers (RFC 6901): names with ``/``, ``~`` and ``*`` in them are members like any other."""

import copy

import pytest

from beckn_conformance.judging.checks.observed_reply import _leaves
from beckn_conformance.specification.pointer import (
    LONGEST,
    MISSING,
    below,
    member,
    parts_of,
    pattern_of,
    places,
    put,
    walk,
)
from tests.exchanges import SIGNUP, changed, diagnose, valid_bodies

VALUE = {"a/b": [1, {"m~n": "x", "~1": "y", "": 0}], "*c": 2}
PLACES = {
    "": VALUE,
    "/a~1b/0": 1,
    "/a~1b/1/m~0n": "x",
    "/a~1b/1/~01": "y",
    "/a~1b/1/": 0,
    "/*c": 2,
    "/a~1b/2": MISSING,
    "/a/b": MISSING,
}


@pytest.mark.parametrize(("pointer", "found"), PLACES.items())
def test_a_pointer_leads_to_the_value_of_that_name(pointer, found):
    assert member(VALUE, pointer) == found
    assert below("", *parts_of(pointer)) == pointer


@pytest.mark.parametrize("pointer", [pointer for pointer, found in PLACES.items() if pointer and found != MISSING])
def test_what_is_put_at_a_pointer_is_found_there(pointer):
    value = copy.deepcopy(VALUE)

    put(value, pointer, "new")

    assert member(value, pointer) == "new"


def test_a_pattern_stands_for_indices_and_not_for_names():
    assert list(places(VALUE, "/a~1b/*/m~0n")) == [("/a~1b/0/m~0n", MISSING), ("/a~1b/1/m~0n", "x")]
    assert list(places(VALUE, "/*c")) == [("/*c", 2)]
    assert pattern_of("/a~1b/1/m~0n") == "/a~1b/*/m~0n"


@pytest.mark.parametrize(("name", "pointer"), [("in/fo", "/in~1fo"), ("in~fo", "/in~0fo")])
def test_an_unknown_member_of_any_name_is_told_by_its_pointer(name, pointer):
    body = changed(valid_bodies()[SIGNUP], lambda body: body.__setitem__(name, 1))

    assert [doubt.pointer for doubt in diagnose(SIGNUP, body).doubts] == [pointer]


def test_a_name_with_a_slash_blames_no_member_below():
    assert list(_leaves({"info/phone": "wrong"}, "")) == [("/info~1phone", "wrong")]


def test_pointers_do_not_repeat_a_name_of_megabytes():
    name = "n" * (LONGEST + 1)
    value = {name: {str(number): {"x": "y"} for number in range(100)}}

    for found in (_leaves(value, ""), walk(value)):
        assert [pointer for pointer, *_ in found] == [f"/{name}"]


def test_long_pointers_are_not_kept():
    pointer = "/n" * LONGEST

    assert parts_of(pointer) is not parts_of(pointer)
    assert member({"n": 1}, pointer) == MISSING
