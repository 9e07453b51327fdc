"""Serves the laboratory over HTTP."""

from __future__ import annotations

import contextlib
import logging
import socket
import sqlite3
import sys
import tempfile
from collections.abc import Collection
from pathlib import Path

import uvicorn
from python_multipart.exceptions import FormParserError
from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect, Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from ....errors import KitError, UsageError
from ....untrusted.text import printable
from ..accounts import Accounts
from ..laboratory import Settings, opened
from ..places import Places
from ..refusals import NotFound, Refused, Unavailable
from . import api, pages, presentation
from .connections import BACKLOG, Connection
from .sessions import Sessions
from .shield import LOOPBACK, Shield
from .visits import LOCAL_PATH, Site, Unauthorized, anonymous, endpoint, logged_in

KEPT = {"Cache-Control": "public, max-age=31536000, immutable"}
"""For files whose address changes with their content."""


def application(site: Site, hosts: Collection[str] | None) -> Shield:
    """The pages and the API. ``hosts`` are the names that requests may be addressed to; None for any."""
    style = Response(presentation.style(), headers=KEPT, media_type="text/css")
    script = Response(presentation.script(), headers=KEPT, media_type="text/javascript")
    app = Starlette(
        routes=[
            *(Route(path, endpoint(handler, logged_in), methods=[*methods]) for path, handler, methods in pages.PAGES),
            *(Route(path, endpoint(handler, anonymous), methods=[*methods]) for path, handler, methods in pages.PUBLIC),
            Route("/lab.css", style, methods=["GET"]),
            Route("/lab.js", script, methods=["GET"]),
            *api.routes(),
        ],
        exception_handlers=dict.fromkeys(
            (KitError, HTTPException, ClientDisconnect, FormParserError, OSError, sqlite3.Error), _failed
        ),
    )
    app.state.site = site
    # Around the handler of crashes, too.
    return Shield(app, hosts)


async def _failed(request: Request, error: Exception) -> Response:
    """Says why something was not done, as JSON or as a page. Whoever has to log in is led there."""
    path = request.url.path
    refused = error if isinstance(error, Refused) else _translated(request, error)
    if path.startswith("/api/"):
        return api.failure(refused)
    if isinstance(refused, Unauthorized):
        back = path if request.method == "GET" and LOCAL_PATH.fullmatch(path) else "/"
        return RedirectResponse(f"/login?next={back}", 303)
    return pages.error_page(request, refused)


def _translated(request: Request, error: Exception) -> Refused:
    path = request.url.path
    if isinstance(error, HTTPException) and error.status_code == 404:
        calls = "there is no such call; GET /api/openapi.json lists them"
        return NotFound(calls if path.startswith("/api/") else "there is no such page")
    if isinstance(error, HTTPException):
        # A method, or a form that cannot be read.
        return Refused(error.detail, error.status_code, error.headers)
    if isinstance(error, FormParserError):
        # Only the latest versions of Starlette say so themselves.
        return Refused("the form cannot be read")
    if isinstance(error, ClientDisconnect):
        # The shield has broken it off, or its sender.
        return Refused("the request is too large", 413)
    # The operator has to mend it, such as a full disk. Its text may name files, so strangers do not read it.
    print(f"{request.method} {printable(path)}: {printable(str(error))}", file=sys.stderr, flush=True)
    return Unavailable("the laboratory is out of order; its operator finds the reason in its log")


def serve(settings: Settings, host: str, port: int, accounts_file: Path | None) -> int:
    """Serves the laboratory until it is told to end. Raises UsageError."""
    accounts = Accounts(accounts_file) if accounts_file else None
    if accounts is not None:
        accounts.present()
    with (
        contextlib.closing(_bound(host, port)) as listening,
        opened(settings, accounts) as laboratory,
        contextlib.closing(Sessions(settings.data / "sessions.sqlite3")) as sessions,
    ):
        # Forms are kept there while they come: it is emptied at each start.
        tempfile.tempdir = str(Places(settings.data.absolute()).private)
        # With accounts, DNS rebinding does no harm: a browser sends another name no cookie of ours.
        hosts = None if accounts else {*LOOPBACK, host}
        site = Site(laboratory, accounts, sessions)
        server = uvicorn.Server(configured(application(site, hosts)))
        site.ending = lambda: server.should_exit
        where = f"[{host}]" if ":" in host else host
        print(f"laboratory: http://{where}:{listening.getsockname()[1]}/ (Ctrl-C ends it)", flush=True)
        server.run([listening])
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
        backlog=BACKLOG,
        ws="none",
        lifespan="off",
        log_level="warning",
        access_log=False,
        server_header=False,
        timeout_graceful_shutdown=3,
    )


def _bound(host: str, port: int) -> socket.socket:
    """A socket that listens at an address, so that whoever comes from now on waits. Raises UsageError."""
    # The resolver would take 70000 for 4464.
    if not 0 <= port <= 65535:
        raise UsageError(f"--port {port}: a port is 65535 at most")
    try:
        family, *_, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
        both = family == socket.AF_INET6 and socket.has_dualstack_ipv6()
        return socket.create_server(address, family=family, dualstack_ipv6=both)
    except (OSError, OverflowError, UnicodeError) as error:
        raise UsageError(f"--host {host} --port {port}: {getattr(error, 'strerror', None) or error}") from error
