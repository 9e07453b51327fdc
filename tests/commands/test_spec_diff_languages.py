"""Sets of texts are compared as the engine that judges messages would compare them, text by text."""

import itertools
import random

import pytest

from beckn_conformance.commands.spec.diff.inclusion import within
from beckn_conformance.commands.spec.diff.languages import Texts, beyond
from beckn_conformance.commands.spec.diff.normal import normal
from beckn_conformance.specification.validators import compile_schema

PATTERNS = [
    *("^a*$", "^a+$", "^[ab]*$", "a", "b$", "^a", "^(ab|ba)*$", "^a{1,2}$", "^a{2}", "^.$", "^[^a]+$", "^\\s*a\\s*$"),
    *("^$", "", "^(a|$)", "(^|b)a", "^a?b?$", "^[a-b1]{2,}$", "\\d", "^\\w+$", "\\S", "^(?:a-)+a$", "a|^b$", "^-"),
]
ALPHABET = "ab1- \n"
WORDS = ["".join(letters) for size in range(4) for letters in itertools.product(ALPHABET, repeat=size)]
MATCHING = {pattern: frozenset(filter(compile_schema({"pattern": pattern}).is_valid, WORDS)) for pattern in PATTERNS}


@pytest.mark.parametrize("one", PATTERNS)
def test_inclusion_of_patterns_is_that_of_their_texts(one):
    for other in PATTERNS:
        found = beyond(Texts((one,)), Texts((other,)))

        if found is False:
            assert MATCHING[one] <= MATCHING[other], other
        else:
            assert isinstance(found, str), other
            assert compile_schema({"pattern": one}).is_valid(found)
            assert not compile_schema({"pattern": other}).is_valid(found)


@pytest.mark.parametrize(
    ("one", "other", "expected"),
    [
        (Texts(("^a+$",), 0, 3), Texts(("^a{1,3}$",)), False),
        (Texts(("^a+$",), 0, 4), Texts(("^a{1,3}$",)), "aaaa"),
        (Texts(("a", "b")), Texts((), 2), False),
        (Texts(("^[a-z]+$",), 0, 9), Texts(("^[a-z]+$",), 0, 8), "aaaaaaaaa"),
        (Texts(("\\bword\\b",)), Texts(("word",)), None),
        (Texts((), 0, 32768), Texts((), 0, 99), None),
    ],
)
def test_lengths_count_and_what_is_unknown_is_said(one, other, expected):
    assert beyond(one, other) == expected


SCALARS = [
    *({"type": "string"}, {"minLength": 2}, {"maxLength": 1}, {"pattern": "^a"}, {"enum": ["a", 1]}, {"const": "ab"}),
    *({"type": ["string", "null"]}, {"minimum": 1}, {"type": "integer"}, {"exclusiveMinimum": 0, "type": "integer"}),
    *({"not": {"type": "string"}}, {"anyOf": [{"type": "null"}, {"minLength": 1, "type": "string"}]}, True, False),
    {"oneOf": [{"type": "string"}, {"pattern": "a"}]},
]
OBJECTS = [
    *({"required": ["a"]}, {"additionalProperties": False}, {"minProperties": 1}, {"maxProperties": 1}),
    *(
        {"propertyNames": {"maxLength": 1}},
        {"dependentRequired": {"a": ["b"]}},
        {"patternProperties": {"a": {"type": "string"}}},
    ),
    *({"properties": {"a": {"type": "string"}}}, {"properties": {"a": {}, "b": False}}, {"items": {"type": "string"}}),
    *({"minItems": 2}, {"uniqueItems": True}, {"contains": {"type": "string"}}, {"unevaluatedProperties": False}),
]
VALUES = [
    *(None, True, 0, 1, 2, 1.5, "", "a", "ab", "b", [], ["a"], ["a", "a"], [1, "a"], {}, {"a": "x"}, {"a": 1}),
    *({"b": 1}, {"a": "x", "b": 1}, {"ab": "x"}, {"c": None, "a": "a", "b": "b"}),
]


@pytest.mark.parametrize("seed", range(25))
def test_no_schema_is_said_to_lie_within_another_that_refuses_a_value_of_it(seed):
    rng = random.Random(seed)
    schemas = [{"allOf": rng.sample(SCALARS + OBJECTS, 2)} for _ in range(12)]
    schemas += [{"anyOf": rng.sample(SCALARS, 2), **rng.choice(OBJECTS)} for _ in range(12)]
    accepted = [[compile_schema({"allOf": [s]}).is_valid(value) for value in VALUES] for s in schemas]
    normals = [normal(schema) for schema in schemas]

    for schema, form, verdicts in zip(schemas, normals, accepted, strict=True):
        assert [compile_schema(form).is_valid(value) for value in VALUES] == verdicts, (schema, form)
    for (one, first), (other, second) in itertools.product(zip(normals, accepted, strict=True), repeat=2):
        if within(one, other):
            assert all(b for a, b in zip(first, second, strict=True) if a), (one, other)
