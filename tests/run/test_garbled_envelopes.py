"""A gateway whose every reply is an envelope that cannot be parsed is judged for that, and nothing else is (T8)."""

import itertools

import pytest

import reference_server
from beckn_conformance.commands.spec.trial import session_of
from beckn_conformance.errors import Unreachable


def answering(text, media=b"application/json", status=200, more=()):
    async def app(scope, receive, send):
        await send({"type": "http.response.start", "status": status, "headers": [(b"content-type", media), *more]})
        await send({"type": "http.response.body", "body": text})

    return app


def binding_found(app):
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
def test_an_envelope_that_cannot_be_parsed_tells_the_binding(text):
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
def test_other_text_that_is_no_json_is_no_usable_answer(app):
    with pytest.raises(Unreachable, match="nowhere ACK or NACK; if something in front"):
        binding_found(app)


def test_where_nothing_is_served_the_base_of_the_urls_is_asked_for():
    with pytest.raises(Unreachable, match="give the URL that /Provider/signup is added to"):
        binding_found(answering(b"<h1>Not found</h1>", b"text/html", status=404))


@pytest.mark.parametrize(
    ("app", "place"),
    [
        (answering(b'{"action":"ACK","message":"ok","registration":{}}'), "ACK at /action,"),
        (answering(b'{"head":{"action":"NACK","message":"no"},"payload":{}}'), "NACK at /head/action,"),
        (answering(b"{}", more=((b"x-action", b"ACK"),)), "ACK in the field x-action,"),
    ],
)
def test_an_action_in_another_place_is_named(app, place):
    with pytest.raises(Unreachable) as caught:
        binding_found(app)
    assert place in str(caught.value)
    assert "no action where the binding of the request has it" in str(caught.value)
    assert "tls" not in str(caught.value)


def test_a_gateway_that_answers_in_another_binding_is_not_tried_further():
    async def app(scope, receive, send):
        fields = dict(scope["headers"])
        action = b"ACK" if b"action" in fields else b"NACK"
        await answering(b'{"header":{"action":"' + action + b'","message":"?"},"body":{}}')(scope, receive, send)

    with pytest.raises(Unreachable, match=r"ACK at /header/action; .*no action where the binding of the request"):
        binding_found(app)


def test_a_redirect_is_named_with_what_may_help():
    app = answering(b"{}", status=308, more=((b"location", b"/Provider/signup/"),))
    with pytest.raises(Unreachable, match=r"status 308 to /Provider/signup/ .* redirects are not followed") as caught:
        binding_found(app)
    assert "tls" not in str(caught.value)


def test_a_passing_server_error_hides_no_binding():
    gateway, numbers = reference_server.create_app(), itertools.count(1)

    async def app(scope, receive, send):
        chosen = answering(b"oops", b"text/plain", 500) if next(numbers) == 1 else gateway
        await chosen(scope, receive, send)

    session = session_of(app, {})
    found = session.player.start()
    session.close()

    assert found.binding.name == "http"
    assert found.shown.signups_work
