"""Calls as they arrive, the requests in them, replies, and the answers sent back."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, TypeAlias

Json: TypeAlias = Any
"""A JSON value; what it may be is for the specification to say, not for the type checker."""

Place: TypeAlias = tuple[str | int, ...]
"""Where a value stands in a body, as the parts of its JSON Pointer."""

Faults: TypeAlias = Mapping[Place, Json]
"""What is wrong with a body: a message for each place that is at fault."""

SIGNUP = "Provider/signup"
GET = "Provider/get"
UPDATE = "Provider/info/update"
ADD = "Provider/documents/add"

ACTIONS: Mapping[str, str] = {SIGNUP: "signup", GET: "get", UPDATE: "info-update", ADD: "documents-add"}
"""The operations by their Action, with the name that their schemas are filed under."""


@dataclass(frozen=True, slots=True)
class Call:
    """An HTTP request for one of the operations, unread."""

    action: str
    headers: Mapping[str, str]
    """Names in lower case."""
    body: bytes


@dataclass(frozen=True, slots=True)
class Request:
    """A request read from its binding (§1-§4 Request Structure)."""

    action: str
    """The operation that the path names."""
    header: Mapping[str, Json] = field(default_factory=dict)
    body: Mapping[str, Json] = field(default_factory=dict)
    malformed: str | None = None
    """Why the text could not be read as a request; the body is empty then."""

    @property
    def token(self) -> str:
        """The credential, "" when there is none."""
        token = self.header.get("Token")
        return token if isinstance(token, str) else ""

    @property
    def id(self) -> str:
        """The registration asked for, "" when the request names none."""
        reference = self.body.get("registration")
        identity = reference.get("id") if isinstance(reference, dict) else None
        return identity if isinstance(identity, str) else ""

    def at(self, place: Place) -> Json:
        """Return the value at a place of the body, None when nothing stands there."""
        value: Json = self.body
        for part in place:
            if isinstance(part, int):
                value = value[part] if isinstance(value, list) and part < len(value) else None
            else:
                value = value.get(part) if isinstance(value, Mapping) else None
        return value


@dataclass(frozen=True, slots=True)
class Reply:
    """A reply before it is put into a binding (§1-§4 Responses)."""

    action: str
    message: str
    body: Json
    status: int
    """The HTTP status."""
    reason: str = ""
    """Reason of a NACK: malformed, action, timestamp, token, foreign, body or unknown."""
    header: Mapping[str, Json] = field(default_factory=dict)
    """Further members of the header, or other values for action and message; None leaves one out."""


@dataclass(frozen=True, slots=True)
class Answer:
    """An HTTP response, ready to be sent."""

    status: int
    headers: tuple[tuple[str, str], ...]
    body: bytes
    streamed: bool = False
    """Sent in pieces, without its length."""
