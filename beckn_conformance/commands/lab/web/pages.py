"""The pages of the laboratory. Each translates a visit into operations, and their results into a page."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from typing import Any

from markupsafe import Markup, escape
from starlette.requests import Request
from starlette.responses import HTMLResponse, RedirectResponse, Response

from ....errors import UsageError
from ....report.badge import drawn
from .. import declarations
from ..accounts import ROLES, RULE, Account, Accounts
from ..refusals import Conflict, Forbidden, Invalid, NotFound, Refused, Unavailable
from . import form, presentation
from .sessions import form_token
from .visits import LOCAL_PATH, TooManyAttempts, Unknown, Visit, cookie_name, cookie_of, keep, site_of

PLACES = (("/", "Gateways"), ("/compare", "Compare"), ("/judge", "Judge"), ("/verify", "Verify"))


class Blanks(dict[str, Any]):
    """Texts of a form by name of their field; empty for a field without any."""

    def __missing__(self, key: str) -> str:
        return ""


def render(
    request: Request, template: str, account: Account | None, cookie: str = "", status: int = 200, **values: Any
) -> HTMLResponse:
    """Makes a page."""
    site = site_of(request)
    places = (*PLACES, ("/accounts", "Accounts")) if site.accounts and account and account.officer else PLACES
    token = Markup(f'<input type="hidden" name="form_token" value="{escape(form_token(cookie))}">')
    text = (
        presentation.environment()
        .get_template(template)
        .render(
            account=account,
            accounts=site.accounts is not None,
            places=places,
            here=request.url.path,
            base=str(request.base_url).rstrip("/"),
            token=lambda: token,
            **{name: Blanks(value) if type(value) is dict else value for name, value in values.items()},
        )
    )
    return HTMLResponse(text, status)


def show(visit: Visit, template: str, status: int = 200, **values: Any) -> Response:
    """A page for somebody who is known."""
    return render(visit.request, template, visit.account, visit.cookie, status, **values)


def failed(visit: Visit, template: str, errors: Mapping[str, str], **values: Any) -> Response:
    """A page with its form again, the errors at their fields, and the focus on the first of them."""
    first = next(iter(errors), "")
    return show(visit, template, 422, errors=errors, first=first, **values)


def refused(request: Request, account: Account | None, cookie: str, error: Refused) -> Response:
    """The page that says why something was not done."""
    status = status_of(error)
    title = TITLES.get(status, "Not done")
    response = render(request, "error.html", account, cookie, status, title=title, text=str(error))
    if isinstance(error, TooManyAttempts):
        response.headers["Retry-After"] = str(error.wait)
    return response


def status_of(error: Refused) -> int:
    """The HTTP status of a refusal."""
    return next((status for kind, status in STATUSES.items() if isinstance(error, kind)), 400)


STATUSES: Mapping[type[Refused], int] = {
    NotFound: 404,
    TooManyAttempts: 429,
    Unknown: 401,
    Forbidden: 403,
    Invalid: 422,
    Conflict: 409,
    Unavailable: 503,
}
TITLES = {404: "Not found", 403: "Not allowed", 409: "Not now", 429: "Too many attempts", 503: "Out of order"}


def _to(path: str) -> Response:
    return RedirectResponse(path, 303)


# Logging in.


def login(visit: Visit) -> Response:
    """Logs somebody in, whose session then replaces any other."""
    request = visit.request
    to = visit.text("next") or visit.query("next")
    to = to if LOCAL_PATH.fullmatch(to) else "/"
    if visit.site.accounts is None:
        return _to("/")
    if request.method == "GET":
        return render(request, "login.html", None, next=to, errors={})
    try:
        account = visit.site.with_token(request, visit.text("token").strip())
    except (Unknown, TooManyAttempts) as error:
        again = render(request, "login.html", None, status=status_of(error), next=to, errors={"token": str(error)})
        if isinstance(error, TooManyAttempts):
            again.headers["Retry-After"] = str(error.wait)
        return again
    visit.site.sessions.end(cookie_of(request))
    response = _to(to)
    keep(request, response, visit.site.sessions.begin(account))
    return response


def logout(visit: Visit) -> Response:
    visit.site.sessions.end(visit.cookie)
    response = _to("/login")
    response.delete_cookie(cookie_name(visit.request), httponly=True, samesite="strict")
    return response


# Gateways.


def gateways(visit: Visit) -> Response:
    search = visit.query("q").strip()[:200]
    rows = visit.laboratory.gateways.list(visit.account, search)
    return show(visit, "gateways.html", rows=rows, search=search)


def new_gateway(visit: Visit) -> Response:
    values = {"name": visit.text("name"), "url": visit.text("url")}
    if visit.request.method == "GET":
        return show(visit, "gateway_new.html", values=values, errors={}, first="name")
    try:
        made = visit.laboratory.gateways.add(visit.account, values["name"], values["url"], {})
    except Invalid as error:
        return failed(visit, "gateway_new.html", error.fields, values=values)
    return _to(f"/gateways/{made.id}")


def gateway(visit: Visit) -> Response:
    laboratory, id_ = visit.laboratory, visit.part("id")
    view = laboratory.gateways.get(visit.account, id_)
    declared = declarations.shown(laboratory.gateways.declaration(visit.account, id_))
    return show(
        visit,
        "gateway.html",
        view=view,
        gateway=view.gateway,
        runs=laboratory.runs.list(visit.account, id_),
        declared=presentation.declared_rows(declared),
        waivers=declared.get("waivers", []),
        today=presentation.today(),
    )


def edit_gateway(visit: Visit) -> Response:
    known, id_ = visit.laboratory.gateways, visit.part("id")
    found, stored = known.get(visit.account, id_).gateway, known.declaration(visit.account, id_)
    if visit.request.method == "GET":
        groups = presentation.groups(form.fields(declarations.shown(stored)))
        return show(visit, "edit.html", gateway=found, values=found, errors={}, first="", groups=groups)
    values = {"name": visit.text("name"), "url": visit.text("url")}
    declared, errors = form.parse(visit.lists, stored)
    try:
        known.edit(visit.account, id_, values["name"], values["url"], declared, errors)
    except Invalid as error:
        groups = presentation.groups(form.fields(declarations.shown_again(declared, stored), error.fields))
        errors = {name: text for name, text in error.fields.items() if name in ("", *values)}
        for group in groups:
            for field in group.fields:
                errors |= presentation.errors_of(field)
        return failed(visit, "edit.html", errors, gateway=found, values=values, groups=groups)
    return _to(f"/gateways/{id_}")


def remove_gateway(visit: Visit) -> Response:
    visit.laboratory.gateways.remove(visit.account, visit.part("id"))
    return _to("/")


def badge(visit: Visit) -> Response:
    """The latest verdict as a picture, for everybody who knows its address."""
    run = visit.laboratory.gateways.with_badge(visit.part("badge")).latest
    said = f"{presentation.said(run)} ({run.class_})" if run else "not judged yet"
    text = drawn(run.verdict if run else "", said, waived=bool(run and run.waived))
    headers = {"Cache-Control": "no-cache", "Cross-Origin-Resource-Policy": "cross-origin"}
    return Response(text, media_type="image/svg+xml", headers=headers)


def public_key(visit: Visit) -> Response:
    """The public key of the laboratory's certificates."""
    if not visit.site.public_key:
        raise NotFound("this laboratory issues no certificates")
    return Response(visit.site.public_key, media_type="application/x-pem-file")


# Accounts.


def accounts(visit: Visit) -> Response:
    return _accounts(visit)


def add_account(visit: Visit) -> Response:
    name, role = visit.text("name").strip(), visit.text("role")
    known = managed(visit)
    if role not in ROLES:
        raise Invalid({"role": "vendor or officer"})
    try:
        token = known.add(name, role)
    except UsageError as error:
        return _accounts(visit, {"name": str(error)}, {"name": name, "role": role})
    return _accounts(visit, shown={"name": name, "token": token})


def renew_account(visit: Visit) -> Response:
    name = visit.text("name")
    try:
        return _accounts(visit, shown={"name": name, "token": managed(visit).renew(name)})
    except UsageError as error:
        return _accounts(visit, {"": str(error)})


def remove_account(visit: Visit) -> Response:
    try:
        remove(visit, visit.text("name"))
    except UsageError as error:
        return _accounts(visit, {"": str(error)})
    return _to("/accounts")


def remove(visit: Visit, name: str) -> None:
    """Removes an account, and cancels its runs. Raises UsageError."""
    managed(visit).remove(name)
    visit.laboratory.runs.cancel_all(name)


def managed(visit: Visit) -> Accounts:
    """The accounts, for officers. Raises Forbidden, and NotFound in a laboratory without accounts."""
    if visit.site.accounts is None:
        raise NotFound("this laboratory has no accounts")
    if not visit.account.officer:
        raise Forbidden("only officers manage accounts")
    return visit.site.accounts


def _accounts(
    visit: Visit, errors: Mapping[str, str] = {}, values: Mapping[str, str] = {}, shown: Mapping[str, str] = {}
) -> Response:
    counts = Counter(row.gateway.owner for row in visit.laboratory.gateways.list(visit.account))
    rows = [(account, counts[account.name]) for account in managed(visit).all()]
    return show(
        visit,
        "accounts.html",
        422 if errors else 200,
        rows=rows,
        errors=errors,
        first=next(iter(errors), ""),
        values=values,
        shown=shown,
        rule=RULE,
    )
