"""The HTTP API: the calls as JSON, for programs with a bearer token."""

from __future__ import annotations

import asyncio
import contextlib
import json
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any

from starlette.concurrency import run_in_threadpool
from starlette.datastructures import FormData
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from ....errors import nearest
from ....untrusted.reading import json_value
from ..refusals import Invalid, Refused
from . import live
from .calls import CALLS, Call, plain
from .openapi import accepted, document
from .visits import Visit, bearer_account, read_form, site_of

LONGEST_WAIT = 600
"""Seconds that a request may wait for the end of a run."""
LOOK = 0.25
MOST_ERRORS = 10
"""Unknown names that are refused in one reply."""


class Ascii(JSONResponse):
    """JSON in ASCII, which has an escape even for half a character. Rows of the laboratory may stand in it."""

    def render(self, content: Any) -> bytes:
        """Makes the body."""
        return json.dumps(content, separators=(",", ":"), default=plain).encode()


def routes() -> list[Route]:
    """The routes of the API."""
    made = [Route(call.path, _endpoint(call), methods=[call.method]) for call in CALLS]
    return [Route("/api/openapi.json", _description, methods=["GET"]), *made]


def failure(error: Refused) -> Response:
    """The reply to a request that was not carried out."""
    fields = {"fields": error.fields} if error.fields else {}
    return Ascii({"error": str(error), **fields}, error.status, error.headers)


async def _description(request: Request) -> Response:
    return Ascii(document(CALLS, secured=site_of(request).accounts is not None))


def _endpoint(call: Call) -> Callable[[Request], Awaitable[Response]]:
    async def endpoint(request: Request) -> Response:
        # Log in first: the body of a stranger's request is never read.
        account = await run_in_threadpool(bearer_account, request)
        async with _read_request(request) as form:
            _refuse_unknown_names(call, request, form)
            visit = Visit(request, site_of(request), account, "", form, request.path_params)
            if "wait" in call.takes and (wait := call.read(visit)["wait"]):
                live.need_room(account)
                with live.waiting(account):
                    await _wait_for_end(visit, wait)
            return await run_in_threadpool(answer, visit)

    def answer(visit: Visit) -> Response:
        visit.confirm()
        found = call(visit)
        if isinstance(found, Response):
            return found
        return Ascii(found, call.status) if call.returns else Response(status_code=call.status)

    return endpoint


def _refuse_unknown_names(call: Call, request: Request, form: FormData) -> None:
    """Raises Invalid for a name that the call does not have: whoever misspells one would get what is usual instead."""
    errors = {}
    names = accepted(call)
    for kind, sent, reads in (("field", form, False), ("query parameter", request.query_params, True)):
        known = names if reads == (call.method == "GET") else ()
        for name in [name for name in sent if name not in known][:MOST_ERRORS]:
            errors[name] = f"there is no {kind} {name[:80]!r}{nearest(name[:80], known)}"
    if errors:
        raise Invalid(errors)


@contextlib.asynccontextmanager
async def _read_request(request: Request) -> AsyncIterator[FormData]:
    """Reads what was sent: a form, or a JSON object, whose members are then JSON texts unless they are text."""
    if request.headers.get("content-type", "").partition(";")[0].strip().casefold() != "application/json":
        async with read_form(request) as form:
            yield form
        return
    try:
        # Many clients name this type without sending anything.
        value = json_value((await request.body()).decode() or "{}")
    except ValueError as error:
        raise Invalid({"": f"not JSON that can be read: {error}"}) from error
    if not isinstance(value, dict):
        raise Invalid({"": "a JSON object is needed"})
    texts = {key: one if isinstance(one, str) else json.dumps(one) for key, one in value.items() if one is not None}
    yield FormData(texts)


async def _wait_for_end(visit: Visit, wait: int) -> None:
    """Waits until a run has ended. Many may wait at once, so no thread waits with them."""
    end = time.monotonic() + min(wait, LONGEST_WAIT)
    while time.monotonic() < end and not await visit.request.is_disconnected():
        found = await run_in_threadpool(visit.laboratory.runs.get, visit.account, visit["id"])
        if not found.under_way or await run_in_threadpool(visit.over):
            return
        await asyncio.sleep(LOOK)
