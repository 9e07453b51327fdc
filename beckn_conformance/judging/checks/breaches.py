"""Finds and words every breach of a reply's schema."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import Any, Final

from ...messages.json_text import tame
from ...messages.text import counted, shown
from ...specification.pointer import MISSING, below, member


@dataclass(frozen=True, slots=True)
class Breach:
    """One place at which a body breaks its schema."""

    pointer: str
    keyword: str
    """The keyword of JSON Schema that is broken."""
    kind: str
    """Kind of the finding."""
    wrong: str
    """What is wrong with the member, to follow its name."""
    expected: str
    """What the schema allows there."""
    unless: str = ""
    """The declaration that would allow what is there, to follow what is expected."""


BLANK: Final = r"\S"
"""The pattern of a text that is not blank."""
ALTERNATIVES: Final = ("anyOf", "oneOf")

Wording = tuple[str, Callable[[Any], str], Callable[[Any], str]]
"""Kind of the finding, and from the value of the keyword what is wrong and what is expected."""


EXTRA: Final[Wording] = ("extra", lambda _: "has a member too many", lambda _: "the members of its schema only")
WORDINGS: Final[dict[str, Wording]] = {
    # The first of several breaches at one place is reported.
    "required": ("missing", lambda _: "is missing", lambda _: "a value"),
    "falseSchema": ("not-allowed", lambda _: "is not allowed", lambda _: "nothing"),
    "additionalProperties": EXTRA,
    "unevaluatedProperties": EXTRA,
    "type": ("another-type", lambda _: "has another type", lambda types: " or ".join(types)),
    "const": ("another-value", lambda _: "has another value", shown),
    "enum": ("another-value", lambda _: "has another value", lambda options: " or ".join(map(shown, options))),
    "format": ("another-format", lambda name: f"is not a valid {name}", lambda name: f"a {name}"),
    "pattern": ("another-form", lambda text: f"does not match {text}", lambda text: f"a text that matches {text}"),
    "minLength": (
        "too-short",
        lambda n: f"is shorter than {counted(n, 'character')}",
        lambda n: f"{counted(n, 'character')} or more",
    ),
    "maxLength": (
        "too-long",
        lambda n: f"is longer than {counted(n, 'character')}",
        lambda n: f"{counted(n, 'character')} at most",
    ),
    "minItems": (
        "too-few",
        lambda n: f"has fewer than {counted(n, 'item')}",
        lambda n: f"{counted(n, 'item')} or more",
    ),
    "maxItems": (
        "too-many",
        lambda n: f"has more than {counted(n, 'item')}",
        lambda n: f"{counted(n, 'item')} at most",
    ),
    "uniqueItems": ("repeated", lambda _: "has an item twice", lambda _: "items that differ"),
    "minProperties": (
        "too-few",
        lambda n: f"has fewer than {counted(n, 'member')}",
        lambda n: f"{counted(n, 'member')} or more",
    ),
    "maxProperties": (
        "too-many",
        lambda n: f"has more than {counted(n, 'member')}",
        lambda n: f"{counted(n, 'member')} at most",
    ),
    "minimum": ("too-small", lambda n: f"is less than {n}", lambda n: f"{n} or more"),
    "exclusiveMinimum": ("too-small", lambda n: f"is not more than {n}", lambda n: f"more than {n}"),
    "maximum": ("too-large", lambda n: f"is more than {n}", lambda n: f"{n} at most"),
    "exclusiveMaximum": ("too-large", lambda n: f"is not less than {n}", lambda n: f"less than {n}"),
    "multipleOf": ("no-multiple", lambda n: f"is not a multiple of {n}", lambda n: f"a multiple of {n}"),
}
ORDER: Final = {keyword: place for place, keyword in enumerate(WORDINGS)}


def breaches(validator: Any, body: Any) -> Iterator[Breach]:
    """Yields one breach for each place at which a body breaks its schema.

    Null and absent are the same for a member that may be left out (T12).
    """
    body = None if body == MISSING else tame(body)
    if validator.is_valid(body):
        return
    errors = list(_errors(validator.iter_errors(body)))
    found: dict[str, Breach] = {}
    for breach in sorted((_breach(error, body) for error in errors), key=lambda b: ORDER.get(b.keyword, len(ORDER))):
        found.setdefault(breach.pointer, breach)
    nulls = [pointer for pointer in found if member(body, pointer) is None and pointer]
    if nulls:
        needed = {_place(error) for error in _errors(validator.iter_errors(_without_null(body)))}
        found = {p: b for p, b in found.items() if p not in nulls or p in needed or _is_item(body, p)}
    yield from found.values()


def _errors(errors: Iterable[Any]) -> Iterator[Any]:
    """Resolves a broken choice to the errors of its only alternative that has the type of the value."""
    for error in errors:
        if error.kind.name in ALTERNATIVES and isinstance(error.kind.value, list):
            likely = [
                branch
                for branch in error.kind.value
                if branch and not any(e.kind.name == "type" and e.instance_path == error.instance_path for e in branch)
            ]
            if len(likely) == 1:
                yield from _errors(likely[0])
                continue
        yield error


def _place(error: Any) -> str:
    pointer = below("", *error.instance_path)
    return below(pointer, error.kind.property) if error.kind.name == "required" else pointer


def _breach(error: Any, body: Any) -> Breach:
    pointer, keyword, value = _place(error), error.kind.name, error.kind.value
    if keyword == "falseSchema" and str(error.schema_path[-1]) in WORDINGS:
        keyword = str(error.schema_path[-1])
    if keyword == "pattern" and value == BLANK and not str(member(body, pointer)).strip():
        return Breach(pointer, keyword, "blank", "is blank", "a text that is not blank")
    kind, wrong, expected = WORDINGS.get(keyword, UNNAMED)
    if keyword not in WORDINGS:
        value = keyword
    return Breach(pointer, keyword, kind, wrong(value), expected(value))


UNNAMED: Final[Wording] = (
    "another-form",
    lambda keyword: f"breaks {keyword} of its schema",
    lambda keyword: f"what {keyword} of its schema allows",
)


def _is_item(body: Any, pointer: str) -> bool:
    return isinstance(member(body, pointer.rpartition("/")[0]), list)


def _without_null(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _without_null(child) for key, child in value.items() if child is not None}
    return [_without_null(item) for item in value] if isinstance(value, list) else value
