"""Finds and words every breach of a reply's schema."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
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

Wording = tuple[str, str, str]
"""Kind of the finding, what is wrong, and what is expected; braces stand for the value of the keyword."""


EXTRA: Final[Wording] = ("extra", "has a member too many", "the members of its schema only")
WORDINGS: Final[Mapping[str, Wording]] = {
    # The first of several breaches at one place is reported.
    "required": ("missing", "is missing", "a value"),
    "falseSchema": ("not-allowed", "is not allowed", "nothing"),
    "additionalProperties": EXTRA,
    "unevaluatedProperties": EXTRA,
    "type": ("another-type", "has another type", "{}"),
    "const": ("another-value", "has another value", "{}"),
    "enum": ("another-value", "has another value", "{}"),
    "format": ("another-format", "is not a valid {}", "a {}"),
    "pattern": ("another-form", "does not match {}", "a text that matches {}"),
    "minLength": ("too-short", "is shorter than {}", "{} or more"),
    "maxLength": ("too-long", "is longer than {}", "{} at most"),
    "minItems": ("too-few", "has fewer than {}", "{} or more"),
    "maxItems": ("too-many", "has more than {}", "{} at most"),
    "uniqueItems": ("repeated", "has an item twice", "items that differ"),
    "minProperties": ("too-few", "has fewer than {}", "{} or more"),
    "maxProperties": ("too-many", "has more than {}", "{} at most"),
    "minimum": ("too-small", "is less than {}", "{} or more"),
    "exclusiveMinimum": ("too-small", "is not more than {}", "more than {}"),
    "maximum": ("too-large", "is more than {}", "{} at most"),
    "exclusiveMaximum": ("too-large", "is not less than {}", "less than {}"),
    "multipleOf": ("no-multiple", "is not a multiple of {}", "a multiple of {}"),
}
UNNAMED: Final[Wording] = ("another-form", "breaks {} of its schema", "what {} of its schema allows")
"""For all other keywords, whose name stands in the place of their value."""
COUNTED: Final = {
    **dict.fromkeys(("minLength", "maxLength"), "character"),
    **dict.fromkeys(("minItems", "maxItems"), "item"),
    **dict.fromkeys(("minProperties", "maxProperties"), "member"),
}
"""What the number of a keyword counts."""
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
    told = _told(keyword, value)
    return Breach(pointer, keyword, kind, wrong.format(told), expected.format(told))


def _told(keyword: str, value: Any) -> str:
    """The value of a keyword in words; the name of one that has no words."""
    if keyword in COUNTED:
        return counted(value, COUNTED[keyword])
    match keyword:
        case "type":
            return " or ".join(value)
        case "const":
            return shown(value)
        case "enum":
            return " or ".join(map(shown, value))
    return str(value) if keyword in WORDINGS else keyword


def _is_item(body: Any, pointer: str) -> bool:
    return isinstance(member(body, pointer.rpartition("/")[0]), list)


def _without_null(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _without_null(child) for key, child in value.items() if child is not None}
    return [_without_null(item) for item in value] if isinstance(value, list) else value
