"""What a registration went through, as far as later replies can tell."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from ..exchange import MISSING

LONG = 64
"""Characters of a name up to which it must be accepted (Q4)."""

INFO = ("name", "phone", "email", "company_id")
UPDATE, ADD, GET, SIGNUP = "Provider/info/update", "Provider/documents/add", "Provider/get", "Provider/signup"


@dataclass(slots=True)
class Document:
    """A document that the gateway acknowledged, or may have taken."""

    name: Any
    data: Any
    added: bool
    """Added after the signup."""
    time: float = float("inf")
    """When its acknowledgement had come; until then it may be there or not."""
    exchange: str = ""
    """Id of the exchange that sent it."""
    seen: bool = False
    """Whether a Provider/get has shown it."""
    verified: bool = False
    verified_at: float = 0.0
    """When a reply first showed it verified."""
    number: str | None = None
    """Its id in the last reply of documents/add."""
    excused: bool = False
    """A finding on it was made; what follows from that is no other finding."""
    rivals: bool = False
    """Another document of the same name was added later."""


@dataclass(slots=True)
class Values:
    """Values of ``info`` that an acknowledged call sent."""

    info: dict[str, Any]
    exchange: str
    started: float
    time: float = float("inf")
    """When the acknowledgement had come."""
    partial: frozenset[str] = frozenset()
    """Members that were not sent."""
    sent: dict[str, Any] = field(default_factory=dict)
    """Members that were."""


@dataclass(slots=True)
class History:
    """What a registration went through, as far as later replies can tell."""

    id: str
    values: list[Values] = field(default_factory=list)
    seen: set[str] = field(default_factory=set)
    """Exchanges whose values of info a Provider/get has shown."""
    info_certain: bool = True
    unsure: set[str] = field(default_factory=set)
    """Members of info that were in doubt when they were sent."""
    long_name: bool = False
    documents: list[Document] = field(default_factory=list)
    announced: set[str] = field(default_factory=set)
    """Exchanges whose values are among the candidates already."""
    documents_certain: bool = True
    endpoint_url: Any = MISSING
    tolerated: set[tuple[str, str]] = field(default_factory=set)
    """Member and wrong value for which a finding was made."""
    refused_info: list[dict[str, Any]] = field(default_factory=list)
    refused_documents: list[tuple[Any, Any]] = field(default_factory=list)
    status_certain: bool = True
    """No answer to a change was lost; such a change may be made at any later time."""
    status: str | None = None
    """The last one that a reply showed."""
    status_shown_by_get: str | None = None
    status_before: str | None = None
    written: str | None = None
    """Action of the last acknowledged change."""
    written_at: float = 0.0
    refused: str | None = None
    """Action of a change that was surely refused since the last Provider/get."""
    intact: bool = True
    """The last reply showed everything as it should be."""
    endpoint_ok: bool = True
