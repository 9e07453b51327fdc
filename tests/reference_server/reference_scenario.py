"""A long conversation with a gateway that shows every defect, written down line by line."""

from __future__ import annotations

import asyncio
import copy
import json
from collections.abc import Iterator
from datetime import UTC, datetime
from itertools import count
from typing import Any

import pytest

from reference_server.gateway import Gateway

SIGNUP = "Provider/signup"
GET = "Provider/get"
UPDATE = "Provider/info/update"
ADD = "Provider/documents/add"
NOW = "2026-05-04T10:20:30"

INFO = {
    "name": "Delhi Metro Rail Corporation",
    "phone": "+91-8023329991",
    "email": "info@example.com",
    "company_id": "U72900KA2019PTC123456",
}
NEW_INFO = {
    "name": "दिल्ली मेट्रो é",
    "phone": "+91-8023329992-17",
    "email": "office+bg@example.org",
    "company_id": "L72900KA2019PTC654321",
}
PDF = {"name": "Compliance Certificate.pdf", "data": "JVBERi0xLjQKMSAwIG9iajw8L1R5cGUvQ2F0YWxvZz4+"}
JPEG = {"name": "Front.jpeg", "data": "/9j/4AAQSkZJRg=="}

GONE = "gone"
NOT_TEXTS: list[Any] = [None, True, 7, 1.5, [], ["x"], {}, {"x": "y"}, "", GONE]
PHONES = ["91-8023329991", "+918023329991", "+-1", "+91-", "+91-1-", "+91-80CALL", "+91-80-desk", "the desk"]
EMAILS = ["info.example.com", "a@b@c", "@example.com", "info@", "a b@example.com"]
INFO_FAULTS: list[tuple[str, Any]] = [
    *((f"/info/{name}", value) for name in INFO for value in NOT_TEXTS),
    *(("/info/phone", text) for text in PHONES),
    *(("/info/email", text) for text in EMAILS),
    *(("/info", value) for value in (None, True, "x", [], GONE)),
]
DOCUMENT_FAULTS: list[tuple[str, Any]] = [
    *((f"/documents/{n}/{name}", value) for n in (0, 1) for name in PDF for value in NOT_TEXTS),
    *(("/documents/1", value) for value in (None, True, 7, "x", [])),
    *(("/documents", value) for value in (True, 7, "x", {})),
]
API_FAULTS: list[tuple[str, Any]] = [
    *(("/api", value) for value in (None, 7, "x", [], GONE)),
    *(("/api/endpoint_url", value) for value in [*NOT_TEXTS, "not a url"]),
]
REFERENCE_FAULTS: list[tuple[str, Any]] = [
    *(("/registration", value) for value in (None, 7, "x", [], GONE)),
    *(("/registration/id", value) for value in (None, True, 7, [], {}, "", GONE, "reg-unknown")),
]
HEADER_FAULTS: list[tuple[str, str | None]] = [
    *(("Action", value) for value in (None, "Provider/nonsense")),
    *(("Timestamp", value) for value in (None, "yesterday", "2026-13-01T10:00:00", "2026-02-30T10:00:00")),
]
NAMES = ["Métro", "𠮷 Metro", "Metro 2", "O'Hare", "x" * 64, "x" * 65, "<b>", "\\", "🚇", "A & B"]
VALUES: list[tuple[str, str]] = [
    *(("/info/name", name) for name in NAMES),
    *(("/info/company_id", text) for text in ("L72900KA2019PTC123456", "U72900KA1995PTC123456")),
    *(("/info/phone", text) for text in ("+91-8023329991-17", "+971-501234567", "+1-2025550123")),
    *(("/info/email", text) for text in ("a+b@example.com", "a@x.example.com", "a@example.net")),
]
URLS = ["https://a.example.com/x", "https://a.example.com/x/y", "https://a-b.example.com/x"]
TEXTS = [
    b"[" * 5000,
    b"",
    b'{"info": {"name": "y',
    b'{"x": "' + b"y" * 1_000_000 + b'"}',
    b"{",
    b'{"info": {"name": "x"',
    b"no json",
    b"[]",
    b"[{}]",
    b"7",
    b'"x"',
    b"null",
]


def signup_body() -> dict[str, Any]:
    """Make the body of a valid signup."""
    return {
        "info": dict(INFO),
        "documents": [dict(PDF), dict(JPEG)],
        "api": {"endpoint_url": "https://api.metro.example.com/beckn/v1"},
    }


def put(body: dict[str, Any], pointer: str, value: Any) -> dict[str, Any]:
    """Copy a body with another value at a place; GONE takes the member away."""
    changed = copy.deepcopy(body)
    holder: Any = changed
    *path, last = [int(part) if part.isdigit() else part for part in pointer.split("/")[1:]]
    for part in path:
        holder = holder[part]
    if value == GONE:
        del holder[last]
    else:
        holder[last] = value
    return changed


LONG_WAITS: list[float] = []
"""Waits that would have been noticed; nobody sits them out."""


def make_deterministic(monkeypatch: pytest.MonkeyPatch) -> None:
    """Number ids and tokens, stop the clock, and skip long waits, so that conversations can be compared."""
    sleep = asyncio.sleep

    async def doze(seconds: float) -> None:
        if seconds > 1:
            LONG_WAITS.append(seconds)
        await sleep(seconds if seconds <= 1 else 0)

    monkeypatch.setattr(asyncio, "sleep", doze)

    def numbered(prefix: str) -> Any:
        def make(gateway: Gateway) -> str:
            numbers: Iterator[int] = gateway.__dict__.setdefault(f"_{prefix}", count(0xABC))
            return f"{prefix}-{next(numbers):016x}"

        return make

    monkeypatch.setattr(Gateway, "now", lambda gateway: datetime(2026, 5, 4, tzinfo=UTC))
    for step, prefix in (("new_id", "reg"), ("new_document_id", "doc"), ("new_token", "token")):
        monkeypatch.setattr(Gateway, step, numbered(prefix))


class Conversation:
    """Sends requests, and writes every reply down."""

    def __init__(self, app: Any) -> None:
        self._app = app
        self.lines: list[str] = []

    async def raw(self, path: str, content: bytes, header: dict[str, str], method: str = "POST") -> Any:
        """Send a text as it is, and give the body of the reply."""
        scope = {
            "type": "http",
            "http_version": "1.1",
            "method": method,
            "scheme": "http",
            "path": path,
            "raw_path": path.encode(),
            "root_path": "",
            "query_string": b"",
            "headers": [(name.lower().encode(), value.encode()) for name, value in header.items()],
            "server": ("gateway", 80),
        }
        sent: list[dict[str, Any]] = []

        async def receive() -> dict[str, Any]:
            return {"type": "http.request", "body": content, "more_body": False}

        async def send(message: dict[str, Any]) -> None:
            sent.append(message)

        waits = len(LONG_WAITS)
        await self._app(scope, receive, send)
        late = len(LONG_WAITS) > waits
        body = b"".join(message.get("body", b"") for message in sent)
        self.lines.append(f"{path} {content[:200]!r} -> {late} {sent[0]['status']} {sent[0]['headers']} {body!r}")
        try:
            return json.loads(body)
        except ValueError:
            return {}

    async def call(self, action: str, body: Any, token: str = "x", **header: str | None) -> Any:
        """Send a request, and give the body of the reply."""
        members = {"Action": action, "Token": token, "Timestamp": NOW, **header}
        sent = {name: value for name, value in members.items() if value is not None}
        return await self.raw(f"/{action}", json.dumps(body).encode(), sent)

    async def sign_up(self, body: dict[str, Any] | None = None) -> tuple[dict[str, str], str]:
        """Sign up, and give the reference to the registration and its token."""
        shown = await self.call(SIGNUP, body or signup_body())
        registration, auth = shown.get("registration") or {}, shown.get("auth") or {}
        return {"id": str(registration.get("id"))}, str(auth.get("token"))


async def signups(talk: Conversation) -> None:
    """Sign up in every way."""
    body = signup_body()
    await talk.sign_up(body)
    for pointer, value in VALUES:
        await talk.call(SIGNUP, put(body, pointer, value))
    for url in URLS:
        await talk.call(SIGNUP, put(body, "/api/endpoint_url", url))
    for documents in ([PDF], [JPEG], [], [PDF, PDF, JPEG]):
        await talk.call(SIGNUP, {**body, "documents": documents})
    for pointer, value in [*INFO_FAULTS, *DOCUMENT_FAULTS, *API_FAULTS]:
        await talk.call(SIGNUP, put(body, pointer, value))
    await talk.call(SIGNUP, {"info": {"name": 1, "phone": "x"}, "documents": [None, {"name": 1}], "api": {}})
    for member, text in HEADER_FAULTS:
        await talk.call(SIGNUP, body, **{member: text})
    await talk.call(SIGNUP, body, Action=GET)
    for content in TEXTS:
        await talk.raw(f"/{SIGNUP}", content, {"Action": SIGNUP, "Token": "x", "Timestamp": NOW})
    await talk.raw(f"/{SIGNUP}", b"", {}, "PUT")
    await talk.call(SIGNUP, put(body, "/documents/0/data", "JVBE" * 5000))
    await asyncio.gather(*(talk.sign_up() for _ in range(4)))


async def calls(talk: Conversation) -> None:
    """Sign up, and call about registrations in every way."""
    await _changes(talk)
    await _faults(talk)
    await _verified(talk)
    await _parallel(talk)
    await _races(talk)
    await _histories(talk)


async def _changes(talk: Conversation) -> None:
    rich = {**NEW_INFO, "name": "Métro & <Bus>"}
    reference, token = await talk.sign_up({**signup_body(), "info": rich})
    await talk.call(GET, {"registration": reference}, token)
    reference, token = await talk.sign_up()
    get = {"registration": reference}
    await talk.call(GET, get, token)
    await talk.sign_up()
    for _ in range(2):
        await talk.call(GET, get, token)
    for info in (NEW_INFO, INFO, {"name": "Partial"}, NEW_INFO):
        await talk.call(UPDATE, {**get, "info": info}, token)
        for _ in range(4):
            await talk.call(GET, get, token)
    for documents in ([PDF], [JPEG, PDF], [{**PDF, "data": "JVBERi0y"}], [PDF]):
        await talk.call(ADD, {**get, "documents": documents}, token)
        await talk.call(GET, get, token)
    for pointer, value in VALUES:
        await talk.call(UPDATE, put({**get, "info": INFO}, pointer, value), token)
    reference, token = await talk.sign_up()
    await talk.call(ADD, {"registration": reference, "documents": [JPEG]}, token)
    await talk.call(GET, {"registration": reference}, token)


async def _faults(talk: Conversation) -> None:
    changes: dict[str, dict[str, Any]] = {
        GET: {},
        UPDATE: {"info": NEW_INFO},
        ADD: {"documents": [PDF, JPEG]},
    }
    faults = {GET: [], UPDATE: [*INFO_FAULTS, ("/info", {})], ADD: DOCUMENT_FAULTS}
    several: dict[str, dict[str, Any]] = {
        UPDATE: {"info": {"name": "Sound", "phone": "x", "email": 1}},
        ADD: {"documents": [PDF, {"name": 1, "data": None}, None]},
    }
    _, foreign = await talk.sign_up()
    for action, change in changes.items():
        reference, token = await talk.sign_up()
        get = {"registration": reference}
        body = {**get, **change}
        await talk.call(action, {**body, **several.get(action, {})}, token)
        await talk.call(GET, get, token)
        for given in (None, "", "nobody's", foreign):
            await talk.call(action, body, Token=given)
            await talk.call(GET, get, token)
        for pointer, value in [*faults[action], *REFERENCE_FAULTS]:
            await talk.call(action, put(body, pointer, value), token)
        for member, text in [*HEADER_FAULTS, ("Action", SIGNUP)]:
            await talk.call(action, body, token, **{member: text})
        form = {"Action": action, "Token": token, "Timestamp": NOW, "Content-Type": "application/x-www-form-urlencoded"}
        await talk.raw(f"/{action}", json.dumps(body).encode(), form)
        await talk.raw(f"/{action}", b"", {}, "PUT")
        for content in TEXTS:
            await talk.raw(f"/{action}", content, {"Action": action, "Token": token, "Timestamp": NOW})
        await talk.call(GET, get, token)
    await talk.call(ADD, {**body, "documents": [PDF] * 200}, token)
    await talk.call(ADD, put(body, "/documents/0/data", "JVBE" * 5000), token)


async def _verified(talk: Conversation) -> None:
    for change in ({"info": NEW_INFO}, {"documents": [JPEG]}):
        reference, token = await talk.sign_up()
        await talk.raw(f"/operator/registrations/{reference['id']}/verify", b"", {})
        action = UPDATE if "info" in change else ADD
        await talk.call(action, {"registration": reference, **change}, token)
        await talk.call(GET, {"registration": reference}, token)


async def _parallel(talk: Conversation) -> None:
    reference, token = await talk.sign_up()
    get = {"registration": reference}
    updates = [{name: f"{n}{value}" for name, value in INFO.items()} | {"phone": f"+9{n}-1"} for n in range(4)]
    for info in updates:
        info["email"] = info["email"].replace(" ", "")
    await asyncio.gather(*(talk.call(UPDATE, {**get, "info": info}, token) for info in updates))
    await talk.call(GET, get, token)
    documents = [{**PDF, "name": f"{n}.pdf"} for n in range(4)]
    await asyncio.gather(*(talk.call(ADD, {**get, "documents": [each]}, token) for each in documents))
    await talk.call(GET, get, token)


async def _races(talk: Conversation) -> None:
    (one, key), (other, foreign) = await talk.sign_up(), await talk.sign_up()
    for turn in (1, -1):
        calls = [
            talk.call(UPDATE, {"registration": one, "info": NEW_INFO}, key),
            talk.call(UPDATE, {"registration": one, "info": {**INFO, "name": "Refused", "phone": "x"}}, key),
            talk.call(ADD, {"registration": one, "documents": [PDF]}, key),
            talk.call(GET, {"registration": one}, key),
            talk.call(ADD, {"registration": one, "documents": [JPEG]}, key),
            talk.call(GET, {"registration": other}, foreign),
            talk.call(UPDATE, {"registration": other, "info": {**INFO, "name": "Other"}}, foreign),
        ]
        await asyncio.gather(*calls[::turn])
        await talk.call(GET, {"registration": one}, key)
        await talk.call(GET, {"registration": other}, foreign)
        updates = ({**INFO, "name": "Whole"}, {"name": "Partial"})
        await asyncio.gather(*(talk.call(UPDATE, {"registration": one, "info": info}, key) for info in updates))
        await talk.call(GET, {"registration": one}, key)
        await talk.call(ADD, {"registration": one, "documents": [PDF]}, key)


async def _histories(talk: Conversation) -> None:
    """Two registrations that go through a lot."""
    providers = [await talk.sign_up(), await talk.sign_up()]
    for reference, _ in providers:
        await talk.raw(f"/operator/registrations/{reference['id']}/verify", b"", {})
    info = {number: {**INFO, "name": f"Metro {number}"} for number in range(8)}
    documents = {number: [{**PDF, "name": f"{number}.pdf"}, {**JPEG, "name": f"{number}.jpeg"}] for number in range(8)}
    refused: list[tuple[str, dict[str, Any]]] = [
        (UPDATE, {"info": {**INFO, "name": "Refused", "phone": "x"}}),
        (ADD, {"documents": [PDF, {"name": "x.pdf"}]}),
    ]
    for number in range(4):
        for place, (reference, token) in enumerate(providers):
            steps: list[tuple[str, dict[str, Any]]] = [
                (GET, {}),
                (UPDATE, {"info": info[number * 2 + place]}),
                (GET, {}),
                (UPDATE, {"info": info[(number * 2 + place + 3) % 8]}),
                (GET, {}),
                refused[0],
                (GET, {}),
                (ADD, {"documents": documents[number * 2 + place]}),
                (GET, {}),
                refused[1],
                (ADD, {"documents": documents[number * 2 + place]}),
            ]
            for action, body in steps:
                await talk.call(action, {"registration": reference, **body}, token)
            for other, _ in providers:
                await talk.call(GET, {"registration": other}, token)
        for reference, token in providers:
            await talk.call(GET, {"registration": reference}, token)


def transcript(app: Any, action: str) -> list[str]:
    """Hold the part of the conversation in which defects of an operation show."""

    async def hold() -> list[str]:
        talk = Conversation(app)
        await (signups if action == SIGNUP else calls)(talk)
        return talk.lines

    return asyncio.run(hold())
