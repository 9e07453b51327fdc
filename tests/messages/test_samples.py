"""Values that are drawn from a schema alone: they fit it, differ, and where there are none it is said."""

import itertools
import random

import pytest

from beckn_conformance.errors import SpecificationError
from beckn_conformance.messages.samples import Samples, fits
from beckn_conformance.specification.members import Member

COUNT = itertools.count()


def member(**schema):
    return Member("/info/thing", schema, required=True, nullable=False)


def drawn(times, one, variant=""):
    samples = Samples(random.Random(1), lambda: f"Word{next(COUNT)}")
    return [samples.draw(one, variant) for _ in range(times)]


@pytest.mark.parametrize(
    "one",
    [
        member(type="string"),
        member(type="string", pattern="^[a-z]{4}[0-9]{4}$"),
        member(type="string", pattern="^[a-z]+$", **{"x-safe": {"pattern": "^[a-f]{6}$"}}),
        member(type="string", enum=["bus", "tram", "metro"], **{"x-safe": {"enum": ["bus", "tram"]}}),
        member(type="string", const="always"),
        member(type="integer", minimum=3, maximum=9),
        member(type="number", **{"x-safe": {"minimum": 10}}),
        member(type="boolean"),
    ],
    ids=lambda one: str(dict(one.schema)),
)
def test_what_is_drawn_is_safe(one):
    values = drawn(20, one)

    assert all(one.borders.tolerates(value) and one.borders.safe(value) and fits(one, "", value) for value in values)


def test_texts_differ_as_long_as_there_are_others():
    values = drawn(200, member(type="string", pattern="^[A-Za-z]{8}$"))

    assert len({value.casefold() for value in values}) == 200
    assert set(drawn(10, member(type="string", pattern="^[ab]$"))) == {"a", "b"}


def test_a_kind_is_what_its_pattern_says():
    one = member(
        type="string",
        **{
            "x-safe": {"pattern": "^[a-z]{2,5}[0-9]?$"},
            "x-safe-should": {"pattern": "^[a-z]{2,5}[!]$"},
            "x-variants": {"with a digit": "[0-9]$"},
            "x-variants-should": {"loud": "!$"},
        },
    )

    assert all(value[-1].isdigit() for value in drawn(20, one, "with a digit"))
    assert all(value.endswith("!") for value in drawn(20, one, "loud"))


@pytest.mark.parametrize(
    ("one", "variant"),
    [
        (member(type="string", enum=["x"], **{"x-safe": {"pattern": "^y$"}}), ""),
        (member(type="string", pattern="^a$", **{"x-safe": {"pattern": "^b$"}}), ""),
        (member(type="string", **{"x-safe": {"pattern": "^a$"}, "x-variants": {"long": "^.{9}$"}}), "long"),
        (member(type="integer", minimum=5, maximum=5, **{"x-safe": {"multipleOf": 2}}), ""),
    ],
)
def test_where_there_is_no_value_it_is_said(one, variant):
    with pytest.raises(SpecificationError, match="/info/thing: no value"):
        drawn(1, one, variant)
