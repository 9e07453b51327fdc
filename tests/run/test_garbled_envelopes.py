"""A gateway whose every reply is an envelope that cannot be parsed is judged for that, and nothing else is (T8)."""

from typing import Any

import pytest

from beckn_conformance.commands.spec.trial import session_of
from beckn_conformance.errors import Unreachable


def answering(text: bytes, media: bytes = b"application/json", status: int = 200) -> Any:
    async def app(scope: Any, receive: Any, send: Any) -> None:
        await send({"type": "http.response.start", "status": status, "headers": [(b"content-type", media)]})
        await send({"type": "http.response.body", "body": text})

    return app


def binding_found(app: Any) -> str:
    session = session_of(app, {"timeout": 5})
    try:
        session.start()
        return session.run.binding
    finally:
        session.close()


@pytest.mark.parametrize(
    "text",
    [
        b'{"header":{"action":"ACK","message":"ok"},"body":{},}',
        b'{"header":{"action":"NACK","message":"no"},"body":{"info":{"name":"?"',
        b"{'Header': {'Action': 'ACK'}, 'Body': {}}",
    ],
)
def test_an_envelope_that_cannot_be_parsed_tells_the_binding(text: bytes) -> None:
    assert binding_found(answering(text)) == "envelope"


@pytest.mark.parametrize(
    "app",
    [
        answering(b'{"error":"not found",}'),
        answering(b'{"header":{"action":"ACK"},}', b"text/html"),
        answering(b"<html>ACK</html>"),
        answering(b'{"action":"ACK"'),
    ],
)
def test_other_text_that_is_no_json_is_no_usable_answer(app: Any) -> None:
    with pytest.raises(Unreachable, match="nowhere ACK or NACK"):
        binding_found(app)
