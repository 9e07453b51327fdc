"""Serves the laboratory over HTTP."""

from __future__ import annotations

import contextlib
import logging
import socket
import sqlite3
import sys
import tempfile
from collections.abc import Awaitable, Callable, Collection
from pathlib import Path
from types import FrameType

import uvicorn
from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect, Request
from starlette.responses import PlainTextResponse, RedirectResponse, Response
from starlette.routing import Route

from ....errors import KitError, UsageError
from ....untrusted.text import printable
from ..accounts import Accounts
from ..laboratory import Settings, opened
from ..places import Places
from ..refusals import NotFound, Refused
from . import api, pages, presentation
from .connections import Connection
from .sessions import Sessions
from .shield import LOOPBACK, Shield
from .visits import LOCAL_PATH, Site, Unknown, page, public

KEPT = {"Cache-Control": "public, max-age=31536000, immutable"}
"""For files whose address changes with their content."""


def application(site: Site, hosts: Collection[str] | None) -> Shield:
    """The pages and the API. ``hosts`` are the names that requests may be addressed to; None for any."""
    app = Starlette(
        routes=[
            *(Route(path, page(shown), methods=[*methods]) for path, shown, methods in pages.PAGES),
            *(Route(path, public(shown), methods=[*methods]) for path, shown, methods in pages.PUBLIC),
            Route("/lab.css", _kept(presentation.style, "text/css")),
            Route("/lab.js", _kept(presentation.script, "text/javascript")),
            *api.routes(),
        ],
        exception_handlers={
            Refused: _refused,
            HTTPException: _failed,
            ClientDisconnect: _too_large,
            **dict.fromkeys((KitError, OSError, sqlite3.Error), _out_of_order),
        },
    )
    app.state.site = site
    # Around the handler of crashes, too.
    return Shield(app, hosts)


def _kept(content: Callable[[], str], kind: str) -> Callable[[Request], Awaitable[Response]]:
    """An endpoint for a file that browsers keep."""

    async def endpoint(request: Request) -> Response:
        return Response(content(), media_type=kind, headers=KEPT)

    return endpoint


async def _refused(request: Request, error: Exception) -> Response:
    """What the laboratory does not do, as JSON or as a page. Whoever has to log in is led there."""
    assert isinstance(error, Refused)
    path = request.url.path
    if path.startswith("/api/"):
        return api.failure(error)
    if isinstance(error, Unknown):
        back = path if request.method == "GET" and LOCAL_PATH.fullmatch(path) else "/"
        return RedirectResponse(f"/login?next={back}", 303)
    return pages.refused(request, error)


async def _failed(request: Request, error: Exception) -> Response:
    """What Starlette refuses: an unknown address, a method, a form that cannot be read."""
    assert isinstance(error, HTTPException)
    is_call = request.url.path.startswith("/api/")
    if error.status_code == 404:
        unknown = "there is no such call; GET /api/openapi.json lists them" if is_call else "there is no such page"
        return await _refused(request, NotFound(unknown))
    if is_call:
        return api.Ascii({"error": error.detail}, error.status_code)
    return PlainTextResponse(f"{error.detail}\n", error.status_code, error.headers)


async def _too_large(request: Request, error: Exception) -> Response:
    """A request that the shield has broken off, or its sender."""
    return api.Ascii({"error": "the request is too large"}, 413)


async def _out_of_order(request: Request, error: Exception) -> Response:
    """What the operator has to mend, such as a full disk. Its text may name files, so strangers do not read it."""
    print(f"{request.method} {printable(request.url.path)}: {printable(str(error))}", file=sys.stderr, flush=True)
    return api.Ascii({"error": "the laboratory is out of order; its operator finds the reason in its log"}, 503)


class _Server(uvicorn.Server):
    """Tells those who wait for news when it is told to end."""

    def __init__(self, config: uvicorn.Config, site: Site) -> None:
        super().__init__(config)
        self._site = site

    def handle_exit(self, sig: int, frame: FrameType | None) -> None:
        """What a signal does."""
        self._site.ending.set()
        super().handle_exit(sig, frame)


def serve(settings: Settings, host: str, port: int, accounts_file: Path | None) -> int:
    """Serves the laboratory until it is told to end. Raises UsageError."""
    accounts = Accounts(accounts_file) if accounts_file else None
    if accounts is not None:
        accounts.all()
    public_key = _public_key(settings.key)
    with (
        contextlib.closing(_bound(host, port)) as listening,
        opened(settings, accounts) as laboratory,
        contextlib.closing(Sessions(settings.data / "sessions.sqlite3")) as sessions,
    ):
        # Forms are kept there while they come: it is emptied at each start.
        tempfile.tempdir = str(Places(settings.data.absolute()).private)
        # Where everybody logs in, a name that leads here by a trick has nobody's cookie.
        hosts = None if accounts else {*LOOPBACK, host}
        site = Site(laboratory, accounts, sessions, public_key)
        config = configured(application(site, hosts))
        where = f"[{host}]" if ":" in host else host
        print(f"laboratory: http://{where}:{listening.getsockname()[1]}/ (Ctrl-C ends it)", flush=True)
        _Server(config, site).run([listening])
    return 0


def configured(app: Shield) -> uvicorn.Config:
    """How the laboratory is served.

    Addresses are those that a proxy forwards for, if it is on this machine or in FORWARDED_ALLOW_IPS.
    """
    # It warns of each form that ends unusually.
    for name in ("multipart", "python_multipart"):
        logging.getLogger(name).setLevel(logging.ERROR)
    return uvicorn.Config(
        app,
        http=Connection,
        ws="none",
        lifespan="off",
        log_level="warning",
        access_log=False,
        server_header=False,
        timeout_graceful_shutdown=3,
    )


def _public_key(path: Path | None) -> str:
    """The public key of certificates as PEM; empty without a key."""
    if path is None:
        return ""
    from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

    from ...certificate import keys

    public = keys.signer(path).public_key()
    return public.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo).decode()


def _bound(host: str, port: int) -> socket.socket:
    """A socket that listens at an address, so that whoever comes from now on waits. Raises UsageError."""
    # The resolver would take 70000 for 4464.
    if not 0 <= port <= 65535:
        raise UsageError(f"--port {port}: there are ports up to 65535")
    try:
        family, *_, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
        both = family == socket.AF_INET6 and socket.has_dualstack_ipv6()
        return socket.create_server(address[:2], family=family, dualstack_ipv6=both)
    except (OSError, OverflowError, UnicodeError) as error:
        raise UsageError(f"--host {host} --port {port}: {getattr(error, 'strerror', None) or error}") from error
