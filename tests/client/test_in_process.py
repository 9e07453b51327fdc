"""An application in this process is asked as a server would ask it."""

import asyncio
import json

import httpx
import pytest
from starlette.applications import Starlette
from starlette.responses import JSONResponse, StreamingResponse
from starlette.routing import Route

from beckn_conformance.client.http import Unsendable
from beckn_conformance.client.in_process import InProcess
from beckn_conformance.messages.exchange import Request


async def _echo(request):
    body = (await request.body()).decode()
    return JSONResponse({"path": request.url.path, "query": request.url.query, "body": body, **request.headers})


async def _pieces(request):
    async def pieces():
        yield b"one "
        yield b"two"

    return StreamingResponse(pieces())


async def _broken(request):
    raise RuntimeError("a bug")


METHODS = ["GET", "HEAD", "POST"]
APP = Starlette(
    routes=[
        Route("/pieces", _pieces, methods=METHODS),
        Route("/broken", _broken, methods=METHODS),
        Route("/{path:path}", _echo, methods=METHODS),
    ]
)


def answered(method, path, content=b"", **headers):
    request = Request(method, f"http://gw.example{path}", tuple(headers.items()), content)
    return asyncio.run(InProcess(httpx.ASGITransport(APP)).carry(request, repeatable=True))


def test_path_query_body_and_header_fields_arrive():
    reply = answered("POST", "/a%20b?c=d", "é".encode(), Action="Provider/get", Accept="text/plain")
    seen = json.loads(reply.content)

    assert seen["path"] == "/a b"
    assert seen["query"] == "c=d"
    assert seen["body"] == "é"
    assert seen["action"] == "Provider/get"
    assert seen["accept"] == "text/plain"
    assert seen["host"] == "gw.example"
    assert seen["user-agent"] == "beckn-conformance"


def test_a_reply_in_pieces_comes_back_whole():
    assert answered("GET", "/pieces").content == b"one two"
    assert answered("HEAD", "/pieces").content == b""


def test_a_bug_of_the_application_is_status_500():
    assert answered("GET", "/broken").status == 500


def test_what_http_has_no_form_for_is_not_sent():
    with pytest.raises(Unsendable):
        answered("POST", "/", Token="two\nlines")
