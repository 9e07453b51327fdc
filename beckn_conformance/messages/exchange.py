"""One request to a gateway and what came back, frozen: all that checks ever see of the world."""

from __future__ import annotations

import json
import math
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Final, NoReturn

INDEX: Final = re.compile(r"[0-9]{1,9}")

MISSING: Final = "\0missing"
"""Stands for a member that is not there, where None means JSON null."""


MOST_VALUES: Final = 100_000
"""Signs of structure in the JSON of a reply, about one to each member or item; each takes much more memory than it
takes of a reply."""

NO_CONNECTION: Final = "connection: none can be made"
"""How the trouble of a request begins that was never sent; of one whose answer was lost it only begins the same way."""
CONTROL: Final = "control"
"""Purpose of a plain call that no test has made; it shows whether the gateway still answers (T6)."""
OUTAGE: Final = "outage"
"""How the trouble begins of a reply that every other request got at the time as well (T6)."""


CLIENT_HEADERS = (
    ("User-Agent", "beckn-conformance"),
    ("Accept", "application/json"),
    ("Accept-Encoding", "gzip, deflate"),
)
"""Header fields that the client adds to every request which has none of their names."""


@dataclass(frozen=True, slots=True)
class Message:
    """A request before it is bound to HTTP: header members and a JSON value as body."""

    header: Mapping[str, str]
    body: Any


@dataclass(frozen=True, slots=True)
class Raw:
    """Bytes as they go over a connection of their own, for what no HTTP client would send (T16)."""

    pieces: tuple[bytes, ...]
    pause: float = 0.0
    """Seconds between two pieces."""
    ending: str = ""
    """What follows the last piece: ``half-close``, ``reset``, or nothing but waiting for a reply."""
    wait: float = 1.0
    """Seconds after the last piece until no reply is expected any more."""


@dataclass(frozen=True, slots=True)
class Request:
    """What went over the wire."""

    method: str
    url: str
    headers: tuple[tuple[str, str], ...]
    content: bytes
    """The body; of a raw request everything that was sent."""
    raw: Raw | None = None


@dataclass(frozen=True, slots=True, weakref_slot=True)
class Reply:
    """What came back over the wire; the content is decompressed."""

    status: int
    headers: tuple[tuple[str, str], ...]
    content: bytes

    @property
    def values(self) -> int:
        """Signs of structure in its content, about one to each JSON value."""
        return sum(map(self.content.count, (b",", b":", b"[", b"{")))

    @property
    def weight(self) -> int:
        """Bytes of memory that it takes, estimated: text up to four a character, as content and as value."""
        fields = sum(len(name) + len(value) for name, value in self.headers)
        return fields + 5 * len(self.content) + 80 * self.values

    def header(self, name: str) -> str | None:
        """All values of a header field, joined as HTTP joins them; None without the field."""
        values = [value for key, value in self.headers if key.casefold() == name.casefold()]
        return ", ".join(values) if values else None


@dataclass(frozen=True, slots=True)
class Received:
    """A reply as its binding reads it."""

    header: Mapping[str, Any]
    """Members of the reply's header under lower-case names; empty where none is found."""
    body: Any
    """The JSON value, or MISSING."""
    unreadable: str = ""
    """Why the content is no JSON; empty for JSON."""
    notes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Exchange:
    """A request and its reply, or what kept the reply from coming."""

    id: str
    action: str
    """The operation whose path was called."""
    request: Request
    sent: Message | None
    """None for content that is no message at all (malformed JSON and the like)."""
    reply: Reply | None
    received: Received | None
    started: float
    """Seconds since the epoch."""
    seconds: float
    trouble: str = ""
    """Why there is no reply to judge: ``timeout: …``, ``connection: …``, ``outage: …``, ``patience: …`` or
    ``limit: …``."""
    purpose: str = ""
    """``malformed``, ``unusual``, ``foreign``, ``broken`` or ``large`` where a test of its own sent it; such replies
    are judged more softly, or by nobody. ``control`` where no test did, but it was to be seen whether the gateway still
    answers (T6)."""
    tags: tuple[str, ...] = field(default=())
    """What kind of oddity was sent, or ``after …`` such a one."""
    about: str = ""
    """Id of the registration that a request which is no message could change if it were carried out."""
    peer: str = ""
    """Base URL of the gateway that was asked, where it is another one of the region (X1)."""

    @property
    def ended(self) -> float:
        return self.started + self.seconds

    @property
    def action_of_reply(self) -> str | None:
        """``ACK`` or ``NACK``, exactly; None for anything else."""
        if self.received is None:
            return None
        value = self.received.header.get("action", MISSING)
        return value if value in ("ACK", "NACK") and isinstance(value, str) else None

    @property
    def acknowledged(self) -> bool:
        return self.action_of_reply == "ACK"

    @property
    def refused(self) -> bool:
        return self.action_of_reply == "NACK"

    @property
    def body_of_reply(self) -> Any:
        return MISSING if self.received is None else self.received.body


def read_json(content: bytes) -> tuple[Any, str, tuple[str, ...]]:
    """Reads RFC 8259 JSON; returns value (or MISSING), the reason it is none, and notes on what was forgiven (T8)."""
    notes: tuple[str, ...] = ()
    if content.startswith(b"\xef\xbb\xbf"):
        content, notes = content[3:], ("a byte order mark before the JSON",)
    if not content.strip():
        return MISSING, "the body is empty", notes
    try:
        text = content.decode("utf-8")
    except UnicodeDecodeError as error:
        return MISSING, f"the body is not UTF-8 (byte {error.start})", notes
    try:
        value = json.loads(text, parse_constant=_refuse_constant, parse_int=_integer)
    except RecursionError:
        return MISSING, TOO_DEEP, notes
    except ValueError as error:
        return MISSING, f"the body is not JSON: {error}", notes
    if content.count(b"[") + content.count(b"{") > DEEPEST_JSON and _is_too_deep(value):
        return MISSING, TOO_DEEP, notes
    return value, "", notes


DEEPEST_JSON: Final = 200
"""Levels of a reply that are read; RFC 8259 leaves it to a reader how many."""
TOO_DEEP: Final = f"the JSON is nested in more than {DEEPEST_JSON} levels"


def _is_too_deep(value: Any) -> bool:
    level = [value]
    for _ in range(DEEPEST_JSON):
        level = [
            child
            for parent in level
            if isinstance(parent, dict | list)
            for child in (parent.values() if isinstance(parent, dict) else parent)
        ]
    return any(isinstance(child, dict | list) for child in level)


def _integer(digits: str) -> int | float:
    """An integer; one of more digits than Python converts is as good as infinite, and JSON all the same."""
    try:
        return int(digits)
    except ValueError:
        return -math.inf if digits.startswith("-") else math.inf


def _refuse_constant(name: str) -> NoReturn:
    raise ValueError(f"{name} is no JSON value")


def write_json(value: Any) -> bytes:
    """Compact JSON in UTF-8 for a request; lone surrogates are escaped."""
    try:
        return json.dumps(value, ensure_ascii=False, separators=(",", ":")).encode()
    except UnicodeEncodeError:
        return json.dumps(value, separators=(",", ":")).encode()


def member(value: Any, pointer: str) -> Any:
    """The value at a JSON Pointer without ``*``; MISSING where there is none."""
    for part in pointer.split("/")[1:]:
        if isinstance(value, dict) and part in value:
            value = value[part]
        elif isinstance(value, list) and INDEX.fullmatch(part) and int(part) < len(value):
            value = value[int(part)]
        else:
            return MISSING
    return value


def places(value: Any, pattern: str) -> Iterator[tuple[str, Any]]:
    """Every pointer that a pattern with ``*`` stands for in a value, with what lies there or MISSING."""
    head, star, tail = pattern.partition("/*")
    if not star:
        yield pattern, member(value, pattern)
        return
    items = member(value, head)
    if isinstance(items, list):
        for index in range(len(items)):
            for pointer, found in places(items[index], tail) if tail else [("", items[index])]:
                yield f"{head}/{index}{pointer}", found


LONGEST_ID: Final = 4096
LONGEST_TOKEN: Final = 8192
"""Characters up to which what a gateway gives out is used, and kept in mind."""


def identifier(value: Any) -> str | None:
    """A registration id as text, also where it is a number (R2); None for what no later call can name."""
    if isinstance(value, bool) or not isinstance(value, str | int) or value == MISSING:
        return None
    text = str(value)
    return text if text.strip() and len(text) <= LONGEST_ID else None


DEEPEST = 8
"""Levels of a body that the schemas speak of, and more."""


MOST_ITEMS = 2000
"""Items of a list that are judged one by one, more than any list that a gateway has reason to send."""


def tame(value: Any, depth: int = DEEPEST) -> Any:
    """A value as validators can take it: cut where it is deeper than any schema, or longer than any list of a
    registration; lone surrogates replaced."""
    if isinstance(value, str):
        return value if value.isascii() else value.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace")
    if isinstance(value, dict):
        return {tame(k): tame(v, depth - 1) for k, v in value.items()} if depth else {}
    if isinstance(value, list):
        return [tame(v, depth - 1) for v in value[:MOST_ITEMS]] if depth else []
    return value


def shown(value: Any, limit: int = 160) -> str:
    """A value for a person: JSON on one line, control characters escaped, cut where it is long."""
    if isinstance(value, str) and value == MISSING:
        return "nothing"
    if isinstance(value, float) and not math.isfinite(value):
        return str(value)
    text = json.dumps(value, ensure_ascii=False)
    # To escape takes much longer than to cut, and the longest texts come from those who mean no good.
    plain = printable(text[: limit + 1])
    return plain if len(plain) <= limit else f"{plain[: limit - 40]} … ({len(text)} characters)"


MARKER: Final = re.compile(r"(?=[#_[])(?:#(?=#[\w.-]*\[)|_(?=(?:start|end|fold|time):)|\[(?=\[ATTACHMENT\|))")
"""The first character of what CI systems carry out wherever it stands in a log: ``##[group]``, ``##vso[``,
``##teamcity[``, ``section_start:``, ``travis_fold:``, ``[[ATTACHMENT|``."""
LINE_MARKER: Final = re.compile(
    r"\s*(?P<first>[:+~^-])(?:(?<=:):[A-Za-z]|(?:(?<=-)--|(?<=\+)\+\+|(?<=~)~~|(?<=\^)\^\^)(?!\S))"
)
"""What they carry out at the beginning of a line: ``::error``, ``--- ``, ``+++ ``."""


def printable(text: str) -> str:
    """The text with everything escaped that could steer a terminal or a CI that reads it, or cannot be encoded."""
    if not text.isprintable():
        text = "".join(c if c.isprintable() else c.encode("unicode_escape", "surrogatepass").decode() for c in text)
    if found := LINE_MARKER.match(text):
        text = f"{text[: found.start('first')]}\\x{ord(found['first']):02x}{text[found.end('first') :]}"
    return MARKER.sub(lambda found: f"\\x{ord(found[0]):02x}", text)


def brief(text: str, limit: int = 160) -> str:
    """The same, cut where it is long."""
    plain = printable(text[: limit + 1])
    return plain if len(plain) <= limit else f"{plain[: limit - 1]}…"
