"""Who asks: turns a request into a visit, for pages by cookie and form token, for the API by bearer token."""

from __future__ import annotations

import contextlib
import re
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

from python_multipart.multipart import parse_options_header
from starlette.concurrency import run_in_threadpool
from starlette.datastructures import FormData
from starlette.requests import Request
from starlette.responses import Response

from ....errors import UsageError
from ..accounts import LOCAL, Account, Accounts
from ..refusals import Forbidden, Refused
from .sessions import COOKIE, LASTS, Attempts, Sessions, is_form_token

if TYPE_CHECKING:
    from ..laboratory import Laboratory

MOST_FIELDS = 2000
MOST_FILES = 4
CHARSETS = (b"utf-8", b"utf8")
LONGEST_FIELD = 256 * 1024
"""Bytes of one field of a form, such as certificates that are pasted."""
LOCAL_PATH = re.compile(r"/(?:[A-Za-z0-9][A-Za-z0-9/_.?=&-]*)?")
"""Paths to which somebody is sent after logging in: none of another site."""
ANONYMOUS = Account("", "vendor")
"""The account of a visitor who is not logged in. It owns no gateway."""


class Unauthorized(Refused):
    """Nobody is logged in, or has this token."""

    status = 401
    headers: Mapping[str, str] = {"WWW-Authenticate": "Bearer"}


class TooManyAttempts(Refused):
    """Too many wrong tokens came from this address."""

    status = 429

    def __init__(self, wait: int) -> None:
        text = f"there were too many wrong tokens from your address; try again in {wait} s"
        super().__init__(text, headers={"Retry-After": str(wait)})


@dataclass(slots=True)
class Site:
    """The laboratory as its web server knows it, for all requests."""

    laboratory: Laboratory
    accounts: Accounts | None
    """None where everybody is the local officer."""
    sessions: Sessions
    attempts: Attempts = field(default_factory=Attempts)
    ending: Callable[[], bool] = lambda: False
    """Returns True once the laboratory is told to end, so that nobody waits for news any longer."""

    def with_token(self, request: Request, token: str) -> Account:
        """The account of a token. Raises Unauthorized for a wrong one, and TooManyAttempts after some of them."""
        account = self.accounts.with_token(token) if self.accounts else None
        if account is not None:
            # A right token is accepted however many wrong ones came from the same address.
            return account
        if wait := self.attempts.failed(request.client.host if request.client else ""):
            raise TooManyAttempts(wait)
        raise Unauthorized("there is no account with this token")

    def knows(self, account: Account) -> bool:
        """False once an account was removed, or has another token or role."""
        try:
            return self.accounts is None or self.accounts.present().get(account.name) == account
        except UsageError:
            return False

    def with_cookie(self, cookie: str) -> Account | None:
        """The account of a session, as long as its token is the one that the session began with."""
        found = self.sessions.of(cookie) if cookie else None
        if found is None:
            return None
        account = self.accounts.present().get(found[0]) if self.accounts else None
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
    values: Mapping[str, Any] = field(default_factory=dict)
    """Parts of the path, and the parameters of a call, by name."""
    errors: Mapping[str, str] = field(default_factory=dict)
    """Errors of the form, by name of the field."""

    def __getitem__(self, name: str) -> Any:
        return self.values[name]

    @property
    def laboratory(self) -> Laboratory:
        return self.site.laboratory

    def query(self, name: str) -> str:
        """A parameter of the query; empty if it is missing."""
        return self.request.query_params.get(name, "")

    def text(self, name: str) -> str:
        """A field of the form as text; empty if it is missing."""
        value = self.form.get(name, "")
        return value.strip() if isinstance(value, str) else ""

    @property
    def lists(self) -> Mapping[str, Sequence[str]]:
        """All text fields of the form, with all their values."""
        found: dict[str, list[str]] = {}
        for name, value in self.form.multi_items():
            if isinstance(value, str):
                found.setdefault(name, []).append(value)
        return found

    def over(self) -> bool:
        """True once nobody waits for news any longer: the laboratory ends, or the account is not the same."""
        return self.site.ending() or not self.site.knows(self.account)

    def confirm(self) -> None:
        """Raises Unauthorized if the account was removed, or got another token or role, while its request came."""
        if not self.site.knows(self.account):
            raise Unauthorized("this account no longer exists")


Endpoint = Callable[[Request], Awaitable[Response]]
Handler = Callable[[Visit], Response]


def site_of(request: Request) -> Site:
    """Returns the site that serves a request."""
    site = request.app.state.site
    assert isinstance(site, Site)
    return site


@contextlib.asynccontextmanager
async def read_form(request: Request) -> AsyncIterator[FormData]:
    """The form of a request, without any fields for one that only reads. Its files are closed afterwards.

    Raises Refused for one that is not in UTF-8.
    """
    if request.method == "GET":
        yield FormData()
        return
    # Others are decoded as slowly as their sender likes, or not at all.
    if parse_options_header(request.headers.get("content-type"))[1].get(b"charset", b"utf-8").lower() not in CHARSETS:
        raise Refused("a form is sent in UTF-8", 415)
    async with request.form(max_files=MOST_FILES, max_fields=MOST_FIELDS, max_part_size=LONGEST_FIELD) as form:
        yield form


def endpoint(handler: Handler, who: Callable[[Request], Visit]) -> Endpoint:
    """An endpoint for people. Raises Unauthorized, and Forbidden for a form without the token of its session."""

    async def endpoint(request: Request) -> Response:
        # Log in first: the body of a stranger's request is never read.
        request.state.visit = visit = await run_in_threadpool(who, request)
        async with read_form(request) as form:
            return await run_in_threadpool(answer, replace(visit, form=form))

    def answer(visit: Visit) -> Response:
        if visit.account is not ANONYMOUS:
            visit.confirm()
            token = str(visit.form.get("form_token", ""))
            if visit.request.method == "POST" and not is_form_token(token, visit.cookie):
                raise Forbidden("this form is not of your session; go back, load the page again, and send it once more")
        return handler(visit)

    return endpoint


def anonymous(request: Request) -> Visit:
    """The visit of anybody, logged in or not."""
    return Visit(request, site_of(request), ANONYMOUS, values=request.path_params)


def logged_in(request: Request) -> Visit:
    """The visit of a person who is logged in, or of anybody in a laboratory without accounts. Raises Unauthorized."""
    site, cookie = site_of(request), cookie_of(request)
    if site.accounts is None:
        # There are no sessions: what forms come from is guarded by the shield.
        return Visit(request, site, LOCAL, values=request.path_params)
    account = site.with_cookie(cookie)
    if account is None:
        raise Unauthorized("nobody is logged in")
    return Visit(request, site, account, cookie, values=request.path_params)


def cookie_name(request: Request) -> str:
    """The name of the cookie. Browsers send the cookies of one port to all others, so each laboratory has its own."""
    return f"{COOKIE}_{request.url.port or ''}"


def cookie_of(request: Request) -> str:
    """The cookie of a request; empty without one."""
    return request.cookies.get(cookie_name(request), "")


def set_cookie(request: Request, response: Response, cookie: str) -> None:
    """Sets the cookie of a session, which no script can read and no other site can have sent."""
    secure = request.url.scheme == "https"
    response.set_cookie(cookie_name(request), cookie, max_age=LASTS, httponly=True, samesite="strict", secure=secure)


def bearer_account(request: Request) -> Account:
    """The account of a request to the API. Raises Unauthorized, Forbidden and TooManyAttempts."""
    site = site_of(request)
    scheme, _, token = request.headers.get("authorization", "").partition(" ")
    if scheme.casefold() == "bearer" and site.accounts is not None:
        return site.with_token(request, token.strip())
    if cookie_of(request):
        raise Forbidden("the API takes no cookie; send Authorization: Bearer TOKEN")
    if site.accounts is None:
        return LOCAL
    raise Unauthorized("send Authorization: Bearer TOKEN")
