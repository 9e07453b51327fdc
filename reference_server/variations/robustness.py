"""Fair ways to meet what no client of the page sends."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator
from typing import Any

from reference_server.edits import crashed
from reference_server.gateway import Gateway
from reference_server.message import Answer, Call, Reply, Request
from reference_server.planting import Install, wrap
from reference_server.variations.variation import Variation

_DEEPEST = 64
_STRING = re.compile(rb'"(?:[^"\\]|\\.)*"', re.DOTALL)
_ODD_CHARACTER = re.compile(rb"(?<!\\)(?:\\\\)*\\u(?:0000|d800)")
_ODD_VALUE = re.compile(rb"NaN|7{1000}|\[{8}")
_DEEP = b'{"x":{"x":{"x":'
_HTML = (("content-type", "text/html"),)


def variations() -> Iterator[Variation]:
    """Make the variations of this family."""
    yield Variation(
        "tolerant-reader", "T14", "comments, commas, NaN and bytes that are no UTF-8 are put up with", _tolerant
    )
    yield Variation("deep-nesting-refused", "T14", "a text that is nested too deeply is refused with a NACK", _limited)
    yield Variation("unusual-crashes", "T14", "texts that readers differ about end in a server error", _crashing)
    yield Variation("media-types-limited", "T16", "whatever is not declared as JSON is answered by a bare 415", _choosy)
    yield Variation("any-method", "T16", "operations are called with any method", _any_method)
    yield Variation("unknown-method", "T16", "another method is answered by a bare 501", _away(501, 404))
    yield Variation("turned-away-by-nack", "T16", "another method or path is answered with a NACK", _nacking)
    yield Variation(
        "turned-away-by-page", "T16", "another method or path is answered by a page with 200", _away(200, 200)
    )


def _tolerant(gateway: Gateway) -> None:
    def read(inner: Any, call: Call) -> Request:
        request: Request = inner(call)
        if request.malformed is None:
            return request
        text = call.body.decode("utf-8", "replace").replace("\x00", "\ufffd")
        text = re.sub(r"/\*.*?\*/|//[^\"]*$", "", text)
        text = re.sub(r",\s*([}\]])", r"\1", text)
        try:
            value, _ = json.JSONDecoder(strict=False).raw_decode(text)
        except (ValueError, RecursionError):
            return request
        repaired = json.dumps(value).replace("\\ud800", "?").replace("NaN", "0").replace("-Infinity", "0")
        again: Request = inner(Call(call.action, call.headers, repaired.encode()))
        return again

    wrap(gateway, "read", read)


def _limited(gateway: Gateway) -> None:
    async def reply(inner: Any, request: Request) -> Reply:
        if _depth(request.body) > _DEEPEST:
            return gateway.refuse(request, "deep", "the body is nested too deeply")
        given: Reply = await inner(request)
        return given

    wrap(gateway, "reply", reply)


def _depth(value: Any) -> int:
    """Count levels without calling itself."""
    depth, level = 0, [value]
    while level:
        depth += 1
        level = [
            child
            for parent in level
            if isinstance(parent, dict | list)
            for child in (parent.values() if isinstance(parent, dict) else parent)
        ]
    return depth


def _answering(when: Callable[[Call], bool], answer: Answer) -> Install:
    def install(gateway: Gateway) -> None:
        async def answered(inner: Any, call: Call) -> Answer:
            given: Answer = answer if when(call) else await inner(call)
            return given

        wrap(gateway, "answer", answered)

    return install


def _crashing(gateway: Gateway) -> None:
    def unusual(call: Call) -> bool:
        # A text may well say NaN, or a backslash and what follows it.
        odd = _ODD_CHARACTER.search(call.body) or _ODD_VALUE.search(_STRING.sub(b"", call.body))
        return bool(odd) or _DEEP in call.body

    _answering(unusual, crashed(Answer(500, (), b"")))(gateway)


def _choosy(gateway: Gateway) -> None:
    def other(call: Call) -> bool:
        return call.headers.get("content-type", "application/json") != "application/json"

    _answering(other, Answer(415, _HTML, b"<h1>Unsupported Media Type</h1>"))(gateway)


class _Any(str):
    """Is every method."""

    __slots__ = ()

    def __eq__(self, other: object) -> bool:
        return True

    def __ne__(self, other: object) -> bool:
        return False

    __hash__ = str.__hash__


def _any_method(gateway: Gateway) -> None:
    gateway.method = _Any("POST")


def _away(other_method: int, other_path: int) -> Install:
    def install(gateway: Gateway) -> None:
        def turn_away(inner: Any, action: str | None, method: str) -> Answer:
            return Answer(other_path if action is None else other_method, _HTML, b"<h1>Welcome</h1>")

        wrap(gateway, "turn_away", turn_away)

    return install


def _nacking(gateway: Gateway) -> None:
    def turn_away(inner: Any, action: str | None, method: str) -> Answer:
        return gateway.binding.write(Reply("NACK", "there is no such call", {}, 404 if action is None else 405))

    wrap(gateway, "turn_away", turn_away)
