"""The gateway as a web application."""

from __future__ import annotations

import contextlib
from collections.abc import AsyncIterator, Callable, Iterable
from pathlib import Path
from typing import TYPE_CHECKING

from starlette.applications import Starlette
from starlette.requests import Request as HttpRequest
from starlette.responses import PlainTextResponse, Response, StreamingResponse
from starlette.routing import Route

from reference_server.binding import BINDINGS
from reference_server.gateway import Gateway
from reference_server.message import Answer, Call
from reference_server.registration import REJECTED, VERIFIED
from reference_server.specification import load
from reference_server.storage import open_store

if TYPE_CHECKING:
    import httpx

    from reference_server.network import Network, Region

_JUDGEMENTS = {"verify": VERIFIED, "reject": REJECTED}
_PIECE = 4096
_METHODS = ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"]


def create_app(
    *,
    binding: str = "http",
    defects: Iterable[str] = (),
    variations: Iterable[str] = (),
    database: Path | str | None = None,
    specification: Path | None = None,
    region: Region | None = None,
    transport: httpx.AsyncBaseTransport | None = None,
) -> Starlette:
    """Make a gateway with the named bugs and readings; raises KeyError for a name that does not exist.

    With a region it clones to the peers there, through ``transport`` where that is given.
    """
    gateway = Gateway(load(specification), open_store(Path(database) if database else None), BINDINGS[binding]())
    network = None
    if region is not None:
        from reference_server.network import Network

        network = Network(gateway, region, transport)
    # The planted things are many and most runs need none, so they are imported only on demand.
    if variations := tuple(variations):
        from reference_server.variations import VARIATIONS

        for name in variations:
            VARIATIONS[name].install(gateway)
    if defects := tuple(defects):
        from reference_server.defects import of_specification

        known = of_specification(specification)
        for name in defects:
            known[name].install(gateway)
    if network is None:
        return Starlette(routes=_routes(gateway))
    return Starlette(routes=[*_clone_routes(network), *_routes(gateway)], lifespan=_waking(network))


def _waking(network: Network) -> Callable[[Starlette], contextlib.AbstractAsyncContextManager[None]]:
    @contextlib.asynccontextmanager
    async def lifespan(app: Starlette) -> AsyncIterator[None]:
        network.wake()
        yield

    return lifespan


def _clone_routes(network: Network) -> list[Route]:
    from reference_server.network import PATH

    async def clone(request: HttpRequest) -> Response:
        host = request.client.host if request.client else ""
        if not network.is_peer(request.headers.get("authorization", ""), host):
            return PlainTextResponse("Forbidden", 403)
        try:
            network.receive(await request.body())
        except (ValueError, KeyError, TypeError):
            return PlainTextResponse("Bad Request", 400)
        return Response(status_code=204)

    return [Route(path, clone, methods=["POST"]) for path in (PATH, f"/{{prefix:path}}{PATH}")]


def _routes(gateway: Gateway) -> list[Route]:
    async def call(request: HttpRequest) -> Response:
        action = gateway.operation(request.scope["path"])
        if action is None or request.method != gateway.method:
            return _response(gateway.turn_away(action, request.method))
        # Of several fields with the same name the first counts.
        headers = dict(reversed(request.headers.items()))
        answer = await gateway.answer(Call(action, headers, await request.body()))
        return _response(answer)

    def judged(identity: str, judgement: str = "verify", number: int | None = None) -> Response:
        try:
            gateway.judge(identity, _JUDGEMENTS[judgement], number)
        except LookupError:
            return PlainTextResponse("Not Found", 404)
        return Response(status_code=204)

    async def judge(request: HttpRequest) -> Response:
        found = request.path_params
        return judged(found["id"], found["judgement"], found.get("number"))

    async def verify(request: HttpRequest) -> Response:
        try:
            identity = str((await request.json())["registration"]["id"])
        except (ValueError, TypeError, KeyError):
            return PlainTextResponse("Bad Request", 400)
        return judged(identity)

    return [
        Route("/operator/verify", verify, methods=["POST"]),
        # Ids are opaque, so that one with a slash in it is possible.
        Route("/operator/registrations/{id:path}/documents/{number:int}/{judgement}", judge, methods=["POST"]),
        Route("/operator/registrations/{id:path}/{judgement}", judge, methods=["POST"]),
        Route("/{path:path}", call, methods=_METHODS),
    ]


async def _stream(body: bytes) -> AsyncIterator[bytes]:
    for start in range(0, len(body), _PIECE):
        yield body[start : start + _PIECE]


def _response(answer: Answer) -> Response:
    response: Response
    if answer.streamed:
        response = StreamingResponse(_stream(answer.body), answer.status)
        lengths = []
    else:
        response = Response(answer.body, answer.status)
        lengths = [(b"content-length", str(len(answer.body)).encode())]
    # Set as they are: Starlette would write the names in lower case and add a charset.
    fields = [(name.encode("latin-1"), value.encode("latin-1")) for name, value in answer.headers]
    response.raw_headers = [*fields, *lengths]
    return response
