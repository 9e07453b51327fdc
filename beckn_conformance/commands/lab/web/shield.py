"""Guards every request: the host it names, the page it comes from, its size; and the headers of every reply."""

from __future__ import annotations

import ipaddress
from collections.abc import Collection
from urllib.parse import urlsplit

from starlette.datastructures import Headers, MutableHeaders
from starlette.responses import PlainTextResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from .. import examinations

POLICY = (
    "default-src 'none'; style-src 'self'; script-src 'self'; img-src 'self' data:; connect-src 'self'; "
    "form-action 'self'; frame-ancestors 'none'; base-uri 'none'"
)
REPORT_POLICY = (
    "sandbox allow-scripts; default-src 'none'; style-src 'unsafe-inline'; script-src 'unsafe-inline'; "
    "img-src data:; form-action 'none'; frame-ancestors 'none'; base-uri 'none'"
)
"""For pages that are made of what a gateway has sent: they run in an origin of their own, which has no cookie."""
HEADERS = {
    "Content-Security-Policy": POLICY,
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    # With no-referrer, browsers would send "Origin: null" with every form.
    "Referrer-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Cache-Control": "no-store",
}
LARGEST_FORM = 2 * 1024 * 1024
"""Bytes of a request."""
MOST = {
    **dict.fromkeys(("/judge", "/verify", "/api/judge", "/api/verify"), examinations.LARGEST + 1024 * 1024),
    # Strangers send that.
    "/login": 64 * 1024,
}
"""Bytes of other requests by their path."""
LOOPBACK = ("localhost", "127.0.0.1", "::1")


class Shield:
    """Middleware around the whole laboratory."""

    def __init__(self, app: ASGIApp, hosts: Collection[str] | None) -> None:
        """``hosts`` are the names that a request may be addressed to; None for any, where everybody logs in."""
        self.app = app
        self._hosts = hosts

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        if scope["method"] == "HEAD":
            # The server leaves out the body, so that nothing else has to tell them apart.
            scope = {**scope, "method": "GET"}
        headers = Headers(scope=scope)
        most = MOST.get(scope["path"], LARGEST_FORM)
        if refusal := self._refusal(scope, headers, most):
            await PlainTextResponse(f"{refusal[1]}\n", refusal[0], HEADERS)(scope, receive, send)
            return
        await self.app(scope, _limited(receive, most), _with_headers(send))

    def _refusal(self, scope: Scope, headers: Headers, most: int) -> tuple[int, str] | None:
        """The status and text of a refusal; None for a request that may pass."""
        host = headers.get("host", "")
        name = host_name(host)
        # A page of somebody else's whose name leads here would otherwise act as the local user.
        if name is None or (self._hosts is not None and name not in self._hosts):
            return 421, "this laboratory does not have that name"
        if scope["method"] != "GET" and not _is_own(headers, host, api=scope["path"].startswith("/api/")):
            return 403, "this request comes from another site, or does not say from where"
        length = headers.get("content-length", "0")
        if not (length.isascii() and length.isdecimal()) or int(length) > most:
            return 413, f"this request has {most >> 10} KB at most"
        return None


def host_name(host: str) -> str | None:
    """The name in a Host header, without the port; None if it is none."""
    try:
        parts = urlsplit(f"//{host}")
        _ = parts.port
    except ValueError:
        return None
    if not parts.hostname or parts.netloc != host or "@" in host or parts.path or parts.query or parts.fragment:
        return None
    return parts.hostname.rstrip(".")


def is_loopback(host: str) -> bool:
    """True for an address or name of this machine only."""
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def _is_own(headers: Headers, host: str, *, api: bool) -> bool:
    """True if a request that changes something comes from a page of the laboratory, or, to the API, from a program."""
    origin = headers.get("origin")
    if origin is None:
        return api and headers.get("sec-fetch-site", "none") in ("none", "same-origin")
    return origin.partition("://")[2] == host and origin.startswith(("http://", "https://"))


def _limited(receive: Receive, most: int) -> Receive:
    """Breaks off a body that is longer than its Content-Length allows."""
    seen = 0

    async def limited() -> Message:
        nonlocal seen
        message = await receive()
        seen += len(message.get("body", b""))
        return {"type": "http.disconnect"} if seen > most else message

    return limited


def _with_headers(send: Send) -> Send:
    """Adds to a reply the headers that it does not have yet."""

    async def with_headers(message: Message) -> None:
        if message["type"] == "http.response.start":
            headers = MutableHeaders(scope=message)
            for name, value in HEADERS.items():
                headers.setdefault(name, value)
        await send(message)

    return with_headers
