"""Maps messages to HTTP and back: header members as HTTP header fields, or in one JSON envelope (T3, T4)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from ..specification.pointer import MISSING
from ..untrusted.text import brief
from .exchange import Message, Received, Reply, Request
from .json_text import read_json, write_json

JSON_TYPE = ("Content-Type", "application/json")
HEADER = ("Action", "Token", "Timestamp")
"""Members of a request's header."""
REPLY_HEADER = ("action", "message")
ENCODINGS = ("gzip", "x-gzip", "deflate", "identity")
"""Content-Encodings that the kit asks for and can decode."""


class Binding(Protocol):
    """One way to put messages into HTTP requests and read replies."""

    @property
    def name(self) -> str:
        """Name in the configuration."""

    def encode(self, message: Message) -> tuple[tuple[tuple[str, str], ...], bytes]:
        """Returns header fields and content of the request that carries a message."""

    def decode(self, reply: Reply) -> Received:
        """Returns header and body of a reply, as far as they are readable."""

    def read(self, request: Request) -> Message | None:
        """Returns the message in a request, or None if this binding finds none."""

    def wrap(self, header: Mapping[str, str], content: bytes) -> tuple[tuple[tuple[str, str], ...], bytes]:
        """Like ``encode``, for a body that is not JSON: only the body becomes unreadable."""


@dataclass(frozen=True, slots=True)
class HttpBinding:
    """Header members are HTTP header fields; the body is the JSON body."""

    name: str = "http"

    def encode(self, message: Message) -> tuple[tuple[tuple[str, str], ...], bytes]:
        return self.wrap(message.header, write_json(message.body))

    def wrap(self, header: Mapping[str, str], content: bytes) -> tuple[tuple[tuple[str, str], ...], bytes]:
        return (*header.items(), JSON_TYPE), content

    def decode(self, reply: Reply) -> Received:
        # A field that stands there twice says nothing else than one.
        fields = {name: dict.fromkeys(v for k, v in reply.headers if k.casefold() == name) for name in REPLY_HEADER}
        header = {name: ", ".join(values) for name, values in fields.items() if values}
        body, unreadable, notes = _read(reply)
        return Received(header, body, unreadable, notes)

    def read(self, request: Request) -> Message | None:
        names = {name.casefold(): name for name in HEADER}
        header = {names[k.casefold()]: value for k, value in request.headers if k.casefold() in names}
        body, unreadable, _ = read_json(request.content)
        return None if unreadable else Message(header, body)


@dataclass(frozen=True, slots=True)
class EnvelopeBinding:
    """Header and body are the two members of one JSON object."""

    header: str = "header"
    body: str = "body"
    name: str = "envelope"

    def encode(self, message: Message) -> tuple[tuple[tuple[str, str], ...], bytes]:
        return (JSON_TYPE,), write_json({self.header: dict(message.header), self.body: message.body})

    def wrap(self, header: Mapping[str, str], content: bytes) -> tuple[tuple[tuple[str, str], ...], bytes]:
        head = write_json({self.header: dict(header)})[:-1]
        return (JSON_TYPE,), head + b"," + write_json(self.body) + b":" + content + b"}"

    def decode(self, reply: Reply) -> Received:
        value, unreadable, notes = _read(reply)
        header = _member_in_any_case(value, self.header)
        found = {name: _member_in_any_case(header, name) for name in REPLY_HEADER}
        members = {name: member for name, member in found.items() if member != MISSING}
        return Received(members, _member_in_any_case(value, self.body), unreadable, notes)

    def read(self, request: Request) -> Message | None:
        value, _, _ = read_json(request.content)
        if not isinstance(value, dict) or not isinstance(value.get(self.header), dict) or self.body not in value:
            return None
        header = {name: found for name, found in value[self.header].items() if found is not None}
        if not all(isinstance(header.get(name, ""), str) for name in HEADER):
            # A recorder wrote it, and nobody knows as what.
            return None
        return Message(header, value[self.body])


def _read(reply: Reply) -> tuple[Any, str, tuple[str, ...]]:
    """Like ``read_json``; blames a Content-Encoding that the kit did not ask for."""
    value, unreadable, notes = read_json(reply.content)
    encoding = (reply.header("content-encoding") or "identity").strip()
    if unreadable and encoding.casefold() not in ENCODINGS:
        unreadable = f"the body has the Content-Encoding {brief(encoding, 40)!r}, which was not asked for"
    return value, unreadable, notes


def _member_in_any_case(value: Any, name: str) -> Any:
    if not isinstance(value, dict):
        return MISSING
    if name in value:
        return value[name]
    return next((found for key, found in value.items() if key.casefold() == name.casefold()), MISSING)


def to_json(binding: Binding) -> list[str]:
    """Serialises a binding for the record of a run."""
    return [binding.name, *([binding.header, binding.body] if isinstance(binding, EnvelopeBinding) else [])]


def from_json(words: Sequence[str]) -> Binding:
    """Inverse of ``to_json``."""
    return EnvelopeBinding(*words[1:]) if words[0] == "envelope" else HttpBinding()


def bindings(kind: str, envelope: tuple[str, str] | None) -> tuple[Binding, ...]:
    """Lists the bindings to try for a declared kind (``auto``, ``http`` or ``envelope``), in order."""
    envelopes = (EnvelopeBinding(*envelope),) if envelope else (EnvelopeBinding(), EnvelopeBinding("Header", "Body"))
    return {"http": (HttpBinding(),), "envelope": envelopes, "auto": (HttpBinding(), *envelopes)}[kind]
