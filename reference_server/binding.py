"""The two ways in which a header and a body travel (reading T3, T4)."""

from __future__ import annotations

import json
import re
from typing import Protocol

from reference_server.files import refuse_constant
from reference_server.message import Answer, Call, Json, Reply, Request

_FIELDS = ("Action", "Token", "Timestamp")


class Binding(Protocol):
    """Reads a request from a call, and writes a reply into an answer."""

    def read(self, call: Call) -> Request:
        """Read a request; one that cannot be read says why in `malformed`."""

    def write(self, reply: Reply) -> Answer:
        """Write a reply."""


class HttpBinding:
    """The header as HTTP fields, the body as the HTTP body."""

    def read(self, call: Call) -> Request:
        """Read a request; one that cannot be read says why in `malformed`."""
        header = {name: call.headers[name.lower()] for name in _FIELDS if name.lower() in call.headers}
        try:
            body = parse(call.body)
        except ValueError:
            return Request(call.action, header, malformed="the request is not JSON")
        if not isinstance(body, dict):
            return Request(call.action, header, malformed="the body is not a JSON object")
        return Request(call.action, header, body)

    def write(self, reply: Reply) -> Answer:
        """Write a reply."""
        fields = ((name, str(value)) for name, value in _fields(reply).items())
        headers = (("content-type", "application/json"), *fields)
        return Answer(reply.status, headers, render(reply.body))


class EnvelopeBinding:
    """Header and body as the two members of one JSON object."""

    def __init__(self, header: str = "header", body: str = "body") -> None:
        self.header = header
        self.body = body

    def read(self, call: Call) -> Request:
        """Read a request; one that cannot be read says why in `malformed`."""
        try:
            envelope = parse(call.body)
        except ValueError:
            return Request(call.action, malformed="the request is not JSON")
        header = envelope.get(self.header) if isinstance(envelope, dict) else None
        if not isinstance(header, dict):
            return Request(call.action, malformed="the request has no header")
        body = envelope.get(self.body)
        if not isinstance(body, dict):
            return Request(call.action, header, malformed="the body is not a JSON object")
        return Request(call.action, header, body)

    def write(self, reply: Reply) -> Answer:
        """Write a reply."""
        text = render({self.header: _fields(reply), self.body: reply.body})
        return Answer(reply.status, (("content-type", "application/json"),), text)


BINDINGS = {"http": HttpBinding, "envelope": EnvelopeBinding}


_DEEPEST = 300
_MARKS = re.compile(r'"(?:[^"\\]|\\.)*+"?|[\[\]{}]', re.DOTALL)
"""Texts, and the brackets outside of them."""


def _fields(reply: Reply) -> dict[str, Json]:
    fields = {"action": reply.action, "message": reply.message, **reply.header}
    return {name: value for name, value in fields.items() if value is not None}


def parse(data: bytes) -> Json:
    """Read JSON as RFC 8259 has it; raises ValueError for anything else (reading T14)."""
    text = data.decode("utf-8-sig")
    if is_deep(text):
        raise ValueError("nested too deeply")
    value = json.loads(text, parse_constant=refuse_constant)
    if "\\ud" in text.lower():
        # A lone surrogate could never be given back as UTF-8.
        render(value)
    return value


def is_deep(text: str) -> bool:
    """Return whether lists and objects are nested too deeply to be read; Python may end at its limit of recursion."""
    depth = 0
    for mark in _MARKS.finditer(text) if text.count("[") + text.count("{") > _DEEPEST else ():
        depth += (mark[0] in "[{") - (mark[0] in "]}")
        if depth > _DEEPEST:
            return True
    return False


def render(value: Json) -> bytes:
    """Write JSON in UTF-8."""
    return json.dumps(value, ensure_ascii=False, separators=(",", ":")).encode()
