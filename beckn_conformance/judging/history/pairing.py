"""Which document of a reply stands for which acknowledged one: by content and name, not by place (R9)."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from ...specification.members import json_type
from ..checks import Observation
from .form import same_but_for_form, same_bytes
from .registration import Document

MOST_STRANGERS = 500
"""Documents of a reply, besides those that are as they should be, among which altered ones are looked for."""


@dataclass(frozen=True, slots=True)
class Pairing:
    """An acknowledged document and what stands for it in a reply."""

    document: Document
    kind: str
    """``same`` (but perhaps for its form), ``altered``, ``missing``, or ``unreadable`` where a member is not there."""
    exact: bool = False
    index: int | None = None
    item: Any = None
    member: str = "data"
    """The member that differs."""
    found: Any = None


def pair(expected: list[Document], found: Any, observation: Observation) -> list[Pairing]:
    """Matches documents by content and name: first whole, then but for their form, then by one of the two."""
    items = list(enumerate(found)) if isinstance(found, list) else []
    redacted = observation.config.documents_echo == "redacted"
    result: dict[int, Pairing] = {}

    def take(fits: Callable[[Document, Mapping[str, Any]], Pairing | None]) -> None:
        for number, document in enumerate(expected):
            if number in result:
                continue
            for place, (index, item) in enumerate(items):
                if isinstance(item, dict) and (pairing := fits(document, item)) is not None:
                    result[number] = Pairing(
                        document, pairing.kind, pairing.exact, index, item, pairing.member, pairing.found
                    )
                    del items[place]
                    break

    def whole(document: Document, item: Mapping[str, Any]) -> Pairing | None:
        if item.get("name") == document.name and (redacted or item.get("data") == document.data):
            return _altered_beside(document, item) or Pairing(document, "same", True)
        return None

    def but_for_form(document: Document, item: Mapping[str, Any]) -> Pairing | None:
        name, data = item.get("name"), item.get("data")
        if not same_but_for_form(name, document.name):
            return None
        # Another case is another content in base64; another alphabet, padding or outer space is not.
        if not redacted and data != document.data and not same_bytes(data, document.data):
            return None
        place = "name" if name != document.name else "data"
        return Pairing(document, "same", False, member=place, found=item.get(place))

    def nameless(document: Document, item: Mapping[str, Any]) -> Pairing | None:
        # A name that was not asked for and not sent may come back as anything (Q1).
        if not isinstance(document.name, str) and item.get("data") == document.data:
            return Pairing(document, "same", True)
        return None

    def by_name(document: Document, item: Mapping[str, Any]) -> Pairing | None:
        if isinstance(item.get("name"), str) and item["name"] == document.name and isinstance(item.get("data"), str):
            return Pairing(document, "altered", member="data", found=item.get("data"))
        return None

    def by_data(document: Document, item: Mapping[str, Any]) -> Pairing | None:
        if not redacted and item.get("data") == document.data and isinstance(item.get("name"), str):
            return Pairing(document, "altered", member="name", found=item.get("name"))
        return None

    def unreadable(document: Document, item: Mapping[str, Any]) -> Pairing | None:
        lacking = [key for key in ("name", "data") if not isinstance(item.get(key), str)]
        others = {"name": document.name, "data": document.data}
        if lacking and all(item.get(key) == others[key] for key in others if key not in lacking):
            return Pairing(document, "unreadable")
        return None

    take(whole)
    # Each that is still wanted is held against each that is left.
    del items[MOST_STRANGERS:]
    for fits in (but_for_form, nameless, by_name, by_data, unreadable):
        take(fits)
    return [result.get(number) or Pairing(document, "missing") for number, document in enumerate(expected)]


def _altered_beside(document: Document, item: Mapping[str, Any]) -> Pairing | None:
    """Another value of a member beside name and data; one that is not there is judged by the form of the reply."""
    for name, value in document.others.items():
        found = item.get(name)
        if found != value and json_type(found) == json_type(value):
            kind = "same" if same_but_for_form(found, value) else "altered"
            return Pairing(document, kind, member=name, found=found)
    return None
