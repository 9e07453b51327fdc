"""Fair ways to meet what no client of the page sends."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator

from reference_server.binding import is_deep
from reference_server.files import levels
from reference_server.gateway import Gateway
from reference_server.message import Answer, Call, Reply, Request
from reference_server.planting import Variation, installing, replaces
from reference_server.planting.steps import Reading, Replying, answering, both, crashed, rebodied, writing

_DEEPEST = 64
_STRING = re.compile(rb'"(?:[^"\\]|\\.)*"', re.DOTALL)
_ODD_CHARACTER = re.compile(rb"(?<!\\)(?:\\\\)*\\u(?:0000|d800)")
_ODD_VALUE = re.compile(rb"NaN|7{1000}|\[{8}")
_DEEP = b'{"x":{"x":{"x":'
_HTML = (("content-type", "text/html"),)


def variations() -> Iterator[Variation]:
    crash, other = crashed(Answer(500, (), b"")), Answer(415, _HTML, b"<h1>Unsupported Media Type</h1>")
    kept = writing(rebodied(_given_back))
    for name, reading, words, install in (
        ("tolerant-reader", "T14", "comments, commas, NaN and bytes that are no UTF-8 are put up with", _tolerant),
        ("bytes-kept", "T14", "bytes that are no UTF-8 are kept and given back", both(_tolerant, kept)),
        ("deep-nesting-refused", "T14", "a text that is nested too deeply is refused with a NACK", _limited),
        ("unusual-crashes", "T14", "texts that readers differ about end in a 500", answering(_is_unusual, crash)),
        ("media-types-limited", "T16", "what is not declared as JSON gets a bare 415", answering(_is_no_json, other)),
        ("any-method", "T16", "operations are called with any method", _any_method),
        ("unknown-method", "T16", "another method is answered by a bare 501", _turning_away(_page(501, 404))),
        ("turned-away-by-nack", "T16", "another method or path is answered with a NACK", _nacking),
        ("turned-away-by-page", "T16", "another method or path gets a page with 200", _turning_away(_page(200, 200))),
    ):
        yield Variation(name, reading, words, install)


def _tolerant(gateway: Gateway) -> None:
    @replaces(gateway)
    def read(inner: Reading, call: Call) -> Request:
        request = inner(call)
        if request.malformed is None:
            return request
        text = call.body.decode("utf-8", "replace").replace("\x00", "\ufffd")
        text = re.sub(r"/\*.*?\*/|//[^\"]*$", "", text)
        text = re.sub(r",\s*([}\]])", r"\1", text)
        if is_deep(text):
            return request
        try:
            value, _ = json.JSONDecoder(strict=False).raw_decode(text)
        except ValueError:
            return request
        repaired = json.dumps(value).replace("\\ud800", "?").replace("NaN", "0").replace("-Infinity", "0")
        return inner(Call(call.action, call.headers, repaired.encode()))


def _given_back(body: bytes) -> bytes:
    """Writes bytes that are no UTF-8 where U+FFFD stands for them."""
    return body.replace("\ufffd".encode(), b"\xff").replace(b"\\ufffd", b"\xff")


def _limited(gateway: Gateway) -> None:
    @replaces(gateway)
    async def reply(inner: Replying, request: Request) -> Reply:
        if sum(1 for _ in levels(request.body)) > _DEEPEST:
            return gateway.refuse(request, "deep", "the body is nested too deeply")
        return await inner(request)


def _is_unusual(call: Call) -> bool:
    # A text may well say NaN, or a backslash and what follows it.
    odd = _ODD_CHARACTER.search(call.body) or _ODD_VALUE.search(_STRING.sub(b"", call.body))
    return bool(odd) or _DEEP in call.body


def _is_no_json(call: Call) -> bool:
    return call.headers.get("content-type", "application/json") != "application/json"


class _Any(str):
    """Equals every method."""

    __slots__ = ()

    def __eq__(self, other: object) -> bool:
        return True

    def __ne__(self, other: object) -> bool:
        return False

    __hash__ = str.__hash__


def _any_method(gateway: Gateway) -> None:
    gateway.method = _Any("POST")


def _page(other_method: int, other_path: int) -> Callable[[str | None], Answer]:
    return lambda action: Answer(other_path if action is None else other_method, _HTML, b"<h1>Welcome</h1>")


@installing
def _turning_away(gateway: Gateway, page: Callable[[str | None], Answer]) -> None:
    @replaces(gateway)
    def turn_away(inner: Callable[..., Answer], action: str | None, method: str) -> Answer:
        return page(action)


def _nacking(gateway: Gateway) -> None:
    def page(action: str | None) -> Answer:
        return gateway.binding.write(Reply("NACK", "there is no such call", {}, 404 if action is None else 405))

    _turning_away(page)(gateway)
