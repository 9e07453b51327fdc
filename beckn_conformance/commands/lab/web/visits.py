"""Who asks: turns a request into a visit, for pages by cookie and form token, for the API by bearer token."""

from __future__ import annotations

import contextlib
import re
import threading
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from starlette.concurrency import run_in_threadpool
from starlette.datastructures import FormData
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from ....errors import UsageError
from ..accounts import LOCAL, Account, Accounts
from ..refusals import Forbidden, Refused
from . import sessions
from .sessions import COOKIE, Attempts, Sessions

if TYPE_CHECKING:
    from ..laboratory import Laboratory

MOST_FIELDS = 2000
MOST_FILES = 4
LONGEST_FIELD = 256 * 1024
"""Bytes of one field of a form, such as certificates that are pasted."""
LOCAL_PATH = re.compile(r"/(?:[A-Za-z0-9][A-Za-z0-9/_.?=&-]*)?")
"""Paths to which somebody is sent after logging in: none of another site."""


class Unknown(Refused):
    """Nobody has this token."""


class TooManyAttempts(Refused):
    """Too many wrong tokens came from this address."""

    def __init__(self, wait: int) -> None:
        super().__init__(f"there were too many wrong tokens from your address; try again in {wait} s")
        self.wait = wait


@dataclass(frozen=True, slots=True)
class Site:
    """What all requests share."""

    laboratory: Laboratory
    accounts: Accounts | None
    """None where everybody is the local officer."""
    sessions: Sessions
    public_key: str = ""
    """Of the laboratory's certificates, as PEM; empty if it issues none."""
    attempts: Attempts = field(default_factory=Attempts)
    ending: threading.Event = field(default_factory=threading.Event)
    """Set once the laboratory is told to end, so that nobody waits for news any longer."""

    def with_token(self, request: Request, token: str) -> Account:
        """The account of a token. Raises Unknown for a wrong one, and TooManyAttempts after some of them."""
        account = self.accounts.with_token(token) if self.accounts else None
        if account is not None:
            # Whoever else may share the address.
            return account
        address = request.client.host if request.client else ""
        if wait := self.attempts.wait(address):
            raise TooManyAttempts(wait)
        self.attempts.failed(address)
        raise Unknown("there is no account with this token")

    def knows(self, account: Account) -> bool:
        """False once an account was removed, or has another token or role."""
        try:
            return self.accounts is None or self.accounts.named(account.name) == account
        except UsageError:
            return False

    def with_cookie(self, cookie: str) -> Account | None:
        """The account of a session, as long as its token is the one that the session began with."""
        found = self.sessions.of(cookie) if cookie else None
        if found is None:
            return None
        account = self.accounts.named(found[0]) if self.accounts else LOCAL
        return account if account is not None and (account.name, account.proof) == found else None


@dataclass(frozen=True, slots=True)
class Visit:
    """A request of somebody who is known."""

    request: Request
    site: Site
    account: Account
    cookie: str = ""
    form: FormData = field(default_factory=FormData)
    """The fields of a form; empty for a request without one."""

    @property
    def laboratory(self) -> Laboratory:
        return self.site.laboratory

    def part(self, name: str) -> str:
        """A part of the path."""
        return str(self.request.path_params[name])

    def query(self, name: str) -> str:
        return self.request.query_params.get(name, "")

    def text(self, name: str) -> str:
        """A field of the form as text; empty if it is missing."""
        value = self.form.get(name, "")
        return value if isinstance(value, str) else ""

    def over(self) -> bool:
        """True once nobody waits for news any longer: the laboratory ends, or the account is not the same."""
        return self.site.ending.is_set() or not self.site.knows(self.account)

    @property
    def lists(self) -> Mapping[str, Sequence[str]]:
        """All text fields of the form, with all their values."""
        return {name: [value for value in self.form.getlist(name) if isinstance(value, str)] for name in self.form}


Endpoint = Callable[[Request], Awaitable[Response]]
Shown = Callable[[Visit], Response]
Refusal = Callable[[Request, Account | None, str, Refused], Response]
NOBODY = Account("", "vendor")
"""Somebody who is not known, and has no gateway."""


def site_of(request: Request) -> Site:
    """What all requests share."""
    site = request.app.state.site
    assert isinstance(site, Site)
    return site


@contextlib.asynccontextmanager
async def submitted(request: Request) -> AsyncIterator[FormData]:
    """The form of a request, without any fields for one that only reads. Its files are closed afterwards."""
    if request.method == "GET":
        yield FormData()
        return
    async with request.form(max_files=MOST_FILES, max_fields=MOST_FIELDS, max_part_size=LONGEST_FIELD) as form:
        yield form


def public(shown: Shown, refused: Refusal) -> Endpoint:
    """An endpoint for everybody."""

    def visit(request: Request, form: FormData) -> Response:
        try:
            return shown(Visit(request, site_of(request), NOBODY, "", form))
        except Refused as error:
            return refused(request, None, "", error)

    return _endpoint(visit)


def page(shown: Shown, refused: Refusal) -> Endpoint:
    """An endpoint for people: redirects to the login, and refuses a form without its token."""

    def known(request: Request) -> Account | None:
        return site_of(request).with_cookie(cookie_of(request))

    def visit(request: Request, form: FormData) -> Response:
        site = site_of(request)
        cookie = cookie_of(request)
        account = site.with_cookie(cookie)
        fresh = account is None and site.accounts is None and request.method != "POST"
        if fresh:
            # Programs that look whether it is there need none, and keep none.
            browser = "text/html" in request.headers.get("accept", "")
            account, cookie = LOCAL, site.sessions.begin(LOCAL) if browser else ""
        if account is None:
            return RedirectResponse(f"/login?next={next_of(request)}", 303)
        try:
            if request.method == "POST" and not sessions.is_form_token(str(form.get("form_token", "")), cookie):
                raise Forbidden("this form is not of your session; go back, load the page again, and send it once more")
            response = shown(Visit(request, site, account, cookie, form))
        except Refused as error:
            response = refused(request, account, cookie, error)
        if fresh and cookie:
            keep(request, response, cookie)
        return response

    endpoint = _endpoint(visit)

    async def after_login(request: Request) -> Response:
        # What strangers send is not even read.
        if request.method == "POST" and await run_in_threadpool(known, request) is None:
            return RedirectResponse(f"/login?next={next_of(request)}", 303)
        return await endpoint(request)

    return after_login


def _endpoint(visit: Callable[[Request, FormData], Response]) -> Endpoint:
    async def endpoint(request: Request) -> Response:
        async with submitted(request) as form:
            return await run_in_threadpool(visit, request, form)

    return endpoint


def cookie_name(request: Request) -> str:
    """The name of the cookie. Browsers send the cookies of one port to all others, so each laboratory has its own."""
    return f"{COOKIE}_{request.url.port or ''}"


def cookie_of(request: Request) -> str:
    """The cookie of a request; empty without one."""
    return request.cookies.get(cookie_name(request), "")


def keep(request: Request, response: Response, cookie: str) -> None:
    """Gives a session to a browser: to no script, and to no page of another site."""
    response.set_cookie(
        cookie_name(request),
        cookie,
        max_age=sessions.LASTS,
        httponly=True,
        samesite="strict",
        secure=request.url.scheme == "https",
    )


def next_of(request: Request) -> str:
    """The path of this request, for after the login."""
    return request.url.path if request.method == "GET" and LOCAL_PATH.fullmatch(request.url.path) else "/"


def bearer(request: Request) -> Account:
    """The account of a request to the API. Raises Unknown, Forbidden and TooManyAttempts."""
    site = site_of(request)
    scheme, _, token = request.headers.get("authorization", "").partition(" ")
    if scheme.casefold() == "bearer" and site.accounts is not None:
        return site.with_token(request, token.strip())
    if cookie_of(request):
        raise Forbidden("the API takes no cookie; send Authorization: Bearer TOKEN")
    if site.accounts is None:
        return LOCAL
    raise Unknown("send Authorization: Bearer TOKEN")
