"""Pairs the acknowledged documents with those of a reply, by content and name, not by place (R9)."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from ...specification.members import json_type
from ...specification.pointer import below
from ..checks import Observation
from .candidates import NEVER
from .form import form_of, same_but_for_form, same_bytes

MOST_STRANGERS = 500
"""Altered documents are looked for among this many documents of a reply, besides those that are as they should be."""


@dataclass(slots=True, eq=False)
class Document:
    """A document that the gateway acknowledged, or may have taken."""

    name: Any
    data: Any
    added: bool
    """Added after the signup."""
    number: int
    """Its place among all documents that the registration was sent."""
    others: dict[str, Any] = field(default_factory=dict)
    """Members besides name and data."""
    time: float = NEVER
    """When its acknowledgement arrived; until then it may be there or not."""
    exchange: str = ""
    """Id of the exchange that added it."""
    seen_at: float = NEVER
    """End of the first Provider/get that showed it."""
    status: str | None = None
    """Its status in the last reply that gave one."""
    verified: bool = False
    verified_at: float = 0.0
    """When a reply first showed it verified."""
    id: str | None = None
    """Its id in the last reply of documents/add."""
    unusual: bool = False
    """Its name is longer than every reading allows (Q8)."""
    reported: bool = False
    """A finding was made on it; what follows from that is no second finding."""
    reformed: bool = False
    """A finding was made on its form."""
    hidden: bool = False
    """A Provider/get lacked it, which is a lesser finding than that documents/add lacks it."""
    form: str = field(init=False)
    """Its name, whatever its form."""

    def __post_init__(self) -> None:
        self.form = form_of(str(self.name))

    def rivals(self, other: Document) -> bool:
        """Tells whether it came with another document or after it, so that it may have replaced it."""
        return self.number > other.number or self.exchange == other.exchange

    def member(self, name: str) -> Any:
        return {"name": self.name, "data": self.data, **self.others}[name]

    @property
    def seen(self) -> bool:
        return self.seen_at < NEVER


@dataclass(frozen=True, slots=True)
class Pairing:
    """An acknowledged document and its counterpart in a reply."""

    document: Document
    kind: str
    """``same`` (perhaps in another form), ``altered``, ``missing``, or ``unreadable`` if a member is not there."""
    exact: bool = False
    index: int | None = None
    item: Any = None
    member: str = "data"
    """The member that differs."""
    found: Any = None

    @property
    def pointer(self) -> str:
        """The place in the reply of the member that differs."""
        return below(f"/documents/{self.index}", self.member)


Fit = Callable[[Document, Mapping[str, Any], bool], Pairing | None]
"""Pairs a document with an item of a reply, if they fit; the last argument says that the data is redacted."""


def pair(expected: list[Document], found: Any, observation: Observation) -> list[Pairing]:
    """Pairs documents first exactly, then except for their form, then by name or data alone."""
    items = list(enumerate(found)) if isinstance(found, list) else []
    redacted = observation.redacted
    result: dict[int, Pairing] = {}

    def take(fit: Fit) -> None:
        for number, document in enumerate(expected):
            if number in result:
                continue
            for place, (index, item) in enumerate(items):
                if isinstance(item, dict) and (pairing := fit(document, item, redacted)) is not None:
                    result[number] = replace(pairing, index=index, item=item)
                    del items[place]
                    break

    take(_exact)
    # From here on, each document still missing is compared with each item that is left.
    del items[MOST_STRANGERS:]
    for fit in (_but_for_form, _nameless, _by_name, _by_data, _unreadable):
        take(fit)
    return [result.get(number) or Pairing(document, "missing") for number, document in enumerate(expected)]


def _exact(document: Document, item: Mapping[str, Any], redacted: bool) -> Pairing | None:
    if item.get("name") == document.name and (redacted or item.get("data") == document.data):
        return _altered_beside(document, item) or Pairing(document, "same", True)
    return None


def _altered_beside(document: Document, item: Mapping[str, Any]) -> Pairing | None:
    """Another value of a member besides name and data; checks of the reply's form judge one that is not there."""
    for name, value in document.others.items():
        found = item.get(name)
        if found != value and json_type(found) == json_type(value):
            kind = "same" if same_but_for_form(found, value) else "altered"
            return Pairing(document, kind, member=name, found=found)
    return None


def _but_for_form(document: Document, item: Mapping[str, Any], redacted: bool) -> Pairing | None:
    name, data = item.get("name"), item.get("data")
    if not same_but_for_form(name, document.name):
        return None
    # In base64 another case is another content; another alphabet, padding or outer space is not.
    if not redacted and data != document.data and not same_bytes(data, document.data):
        return None
    place = "name" if name != document.name else "data"
    return Pairing(document, "same", member=place, found=item.get(place))


def _nameless(document: Document, item: Mapping[str, Any], redacted: bool) -> Pairing | None:
    # A name that was not required and not sent may come back as anything (Q1).
    if not isinstance(document.name, str) and (redacted or item.get("data") == document.data):
        return Pairing(document, "same", True)
    return None


def _by_name(document: Document, item: Mapping[str, Any], redacted: bool) -> Pairing | None:
    if isinstance(item.get("name"), str) and item["name"] == document.name and isinstance(item.get("data"), str):
        return Pairing(document, "altered", member="data", found=item.get("data"))
    return None


def _by_data(document: Document, item: Mapping[str, Any], redacted: bool) -> Pairing | None:
    if not redacted and item.get("data") == document.data and isinstance(item.get("name"), str):
        return Pairing(document, "altered", member="name", found=item.get("name"))
    return None


def _unreadable(document: Document, item: Mapping[str, Any], redacted: bool) -> Pairing | None:
    others = {"name": document.name, "data": document.data}
    lacking = [key for key in others if not isinstance(item.get(key), str)]
    if lacking and all(item.get(key) == others[key] for key in others if key not in lacking):
        return Pairing(document, "unreadable")
    return None
