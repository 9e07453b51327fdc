"""Fair gateways behind something that answers in their place: firewalls, proxies, maintenance pages (T6, T13)."""

from __future__ import annotations

import asyncio
import itertools
from collections.abc import Callable, Iterator
from datetime import datetime, timedelta

from reference_server.binding import parse
from reference_server.gateway import Gateway
from reference_server.message import ADD, SIGNUP, UPDATE, Answer, Call, Request
from reference_server.planting import Variation, replaces
from reference_server.planting.steps import Answering, CheckingMember, Install, crashed, fronting, now

_EVERY = 100
"""One plain call in so many is concerned."""
_LARGE = 16_384
_OUTAGE, _BAN = 2.0, 0.03
"""Seconds. However busy the machine is, a client has time to ask again within an outage."""
_FRESH = timedelta(seconds=2)
_SYMBOLS = '<>"`\\;|{}%$#*=+~^'
_HTML = (("Server", "firewall"), ("content-type", "text/html"))
_JSON = (("Server", "firewall"), ("content-type", "application/json"))
_INTERMEDIARY = (407, 502, 504, 511, 520, 522, 525, 530, 561, 598, 599)

Front = Callable[[Call], Answer | None]
"""Answers a call in place of the gateway, or lets it through."""


def variations() -> Iterator[Variation]:
    for name, reading, summary, install in (
        ("front-pages", "T6", "a firewall answers odd names and bodies with pages of every kind", _fronted(_pages)),
        ("front-own-500", "T6", "a firewall answers what it cannot parse with a 500 of its own", _fronted(_failing)),
        ("front-bans", "T6", "a firewall keeps out whoever sent something hostile for a moment", _fronted(_banning)),
        ("front-statuses", "T6", "a proxy answers one call in a hundred", _fronted(_statuses)),
        ("front-maintenance", "T6", "for a moment every call is answered by a page with 200", _fronted(_maintained)),
        ("front-restart", "T6", "while the gateway restarts, a proxy answers with a bare 500", _fronted(_restarting)),
        ("front-limit", "T13", "one call in a hundred ends in a 403 of a firewall, or in a 500", _fronted(_limiting)),
        ("front-loses-answers", "T13", "answers to odd changes and to one change in a hundred are lost", _losing),
        ("rate-limited-and-strict", "T13", "calls are put off, and refused once they are two seconds old", _strict),
    ):
        yield Variation(name, reading, summary, install)


def _fronted(make: Callable[[], Front]) -> Install:
    return lambda gateway: fronting(make())(gateway)


def _page(status: int) -> Answer:
    text = f"<html><head><title>{status} by the firewall</title></head><body>No.</body></html>"
    return Answer(status, _HTML, text.encode())


_PAGES = (
    *(_page(status) for status in (400, 403, 405, 406, 413, 200)),
    Answer(403, _JSON, b'{"error":"blocked","reference":"a1"}'),
)


def _is_hostile(call: Call) -> bool:
    """Return whether a body is one that no client of the page sends."""
    try:
        value = parse(call.body)
    except ValueError:
        return True
    return not isinstance(value, dict) or b"\\u0000" in call.body or b"__proto__" in call.body


def _has_symbols(call: Call) -> bool:
    try:
        info = parse(call.body)["info"]
        return any(c in _SYMBOLS or 0x1F300 <= ord(c) < 0x20000 for c in info["name"])
    except (ValueError, LookupError, TypeError):
        return False


def _now_and_then() -> Callable[[Call], bool]:
    """Pick one call in a hundred, but none that the kit sends only once: how that is answered would never be seen."""
    numbers = itertools.count(1)

    def picked(call: Call) -> bool:
        once = _is_hostile(call) or len(call.body) > _LARGE or "json" not in call.headers.get("content-type", "")
        return not once and not next(numbers) % _EVERY

    return picked


def _pages() -> Front:
    pages = itertools.cycle(_PAGES)
    refusals = itertools.cycle([page for page in _PAGES if page.status in (400, 405, 406, 413)])

    def front(call: Call) -> Answer | None:
        if _is_hostile(call):
            return next(refusals)
        return next(pages) if _has_symbols(call) else None

    return front


def _failing() -> Front:
    marks = (b"\x00", b"NaN", b"/*", b"[[[[", b"\xff\xfe")
    return lambda call: _page(500) if any(mark in call.body for mark in marks) else None


def _banning() -> Front:
    until = 0.0

    def front(call: Call) -> Answer | None:
        nonlocal until
        banned = now() < until
        if _is_hostile(call):
            until = now() + _BAN
        return _page(403) if banned and not _is_hostile(call) else None

    return front


def _statuses() -> Front:
    picked, statuses = _now_and_then(), itertools.cycle(_INTERMEDIARY)
    return lambda call: _page(next(statuses)) if picked(call) else None


def _limiting() -> Front:
    picked, answers = _now_and_then(), itertools.cycle((_page(403), crashed(Answer(200, (), b""))))
    return lambda call: next(answers) if picked(call) else None


def _away(answer: Answer) -> Front:
    """Answer every call for a while, some time after the first ones."""
    numbers = itertools.count(1)
    until = 0.0

    def front(call: Call) -> Answer | None:
        nonlocal until
        if next(numbers) == 700:
            until = now() + _OUTAGE
        return answer if now() < until else None

    return front


def _maintained() -> Front:
    return _away(_page(200))


def _restarting() -> Front:
    return _away(Answer(500, (), b""))


def _losing(gateway: Gateway) -> None:
    """Carry changes out, and answer in place of the gateway."""
    picked = _now_and_then()

    @replaces(gateway)
    async def answer(inner: Answering, call: Call) -> Answer:
        given = await inner(call)
        if call.action not in (SIGNUP, UPDATE, ADD):
            return given
        return _page(502) if _is_odd(call) or picked(call) else given


def _is_odd(call: Call) -> bool:
    """Return whether a call is understood, and unusual nevertheless."""
    return call.action != SIGNUP and (b"\\u0000" in call.body or "json" not in call.headers.get("content-type", ""))


def _strict(gateway: Gateway) -> None:
    numbers = itertools.count(1)

    @replaces(gateway)
    async def answer(inner: Answering, call: Call) -> Answer:
        if not next(numbers) % _EVERY:
            await asyncio.sleep(0)
            return Answer(429, (("Retry-After", "0.05"),), b"")
        return await inner(call)

    @replaces(gateway)
    def check_timestamp(inner: CheckingMember, request: Request) -> str | None:
        message = inner(request)
        if message is not None:
            return message
        age = gateway.now().replace(tzinfo=None) - datetime.fromisoformat(request.header["Timestamp"])
        return None if abs(age) < _FRESH else "Timestamp is not that of now"
