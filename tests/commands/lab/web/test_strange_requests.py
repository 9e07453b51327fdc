"""Whatever is sent to a page or a call of the API, the laboratory answers, and never with a fault of its own."""

import random
import re

import pytest

from beckn_conformance.commands.lab.web import api, pages
from beckn_conformance.commands.lab.web.openapi import accepted
from tests.commands.lab.browsers import FORM_TOKEN, HOST
from tests.commands.lab.laboratories import entered, scripted

VALUES = (
    *(
        "",
        "0",
        "-1",
        "\x00",
        "a\nb",
        "é",
        "😀",
        "../x",
        "<b>",
        "'\"",
        "9" * 400,
        "{}",
        "[]",
        "null",
        "true",
        "1e999",
        "NaN",
    ),
    *("env:PATH", "/etc/passwd", "http://[::1", "http://a:99999999", "reference:none", "x" * 70_000, "\u202e", "٣"),
    "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----",
)
NAMES = (
    *("name", "url", "class", "depth", "seed", "token", "next", "days", "finding", "role", "gateway", "key", "old"),
    "new",
    *("q", "wait", "declarations", "timeout", "headers.0.name", "headers.0.value", "headers.999999.name", "optional"),
    *("waivers.0.requirement", "waivers.0.expires", "waivers.0.pointer", "tls.ca", "tls.client_cert", "tls.verify"),
    *("registrations.0.id", "registrations.0.token", "values.company_id", "peers", "mask", "rate", "proxy", "from"),
)
BODIES = (b"", b"{", b"[1]", b"\xff", b"--x\r\n", b"--x\r\nContent-Disposition: form-data; name=a\r\n\r\n")
TYPES = ("application/json", "multipart/form-data; boundary=x", "multipart/form-data", "text/x", "a", "")


@pytest.fixture
def draw():
    return random.Random(1)


@pytest.fixture
def gateway(site, monkeypatch):
    scripted(monkeypatch)
    return entered(site.laboratory)


def drawn(draw, path, gateway):
    """A path with its parts filled in, and fields."""
    parts = (gateway, "none", "é", "a" * 300)
    fields = {name: draw.choice(VALUES) for name in draw.sample(NAMES, draw.randint(1, 8))}
    if draw.random() < 0.5:
        fields |= {"name": "one", "url": "http://gw.example"}
    # A wait is for the time that it says.
    return re.sub(r"\{[^}]*\}", lambda _: draw.choice(parts), path), {**fields, "wait": draw.choice(("0", "x", ""))}


def test_pages_answer_any_form(site, draw, gateway):
    olga = site.browser("olga")
    token = FORM_TOKEN.search(olga.read("/gateways/new"))[1]
    paths = [path for path, _, methods in pages.PAGES if "POST" in methods and path != "/logout"]
    for path in paths * 6:
        to, fields = drawn(draw, path, gateway)
        files = (
            {draw.choice(("file", "key", "name")): ("../x.har", draw.choice(BODIES))} if draw.random() < 0.3 else None
        )
        data = {**fields, "form_token": token}
        reply = olga.client.post(to, data=data, files=files, headers={"Origin": f"http://{HOST}"})
        assert reply.status_code < 500, (to, fields, reply.text)


def test_pages_answer_any_query(site, draw, gateway):
    olga = site.browser("olga")
    for path in [path for path, _, methods in pages.PAGES if "GET" in methods] * 4:
        to, fields = drawn(draw, path, gateway)
        reply = olga.get(to, params={name: value for name, value in fields.items() if len(value) < 1000})
        assert reply.status_code < 500, (to, fields, reply.text)


def test_the_api_answers_any_json(site, draw, gateway):
    olga = site.program("olga")
    for call in api.CALLS * 6:
        to, fields = drawn(draw, call.path, gateway)
        if draw.random() < 0.9:
            # One unknown name refuses the request before anything else is looked at.
            known = accepted(call)
            fields = {name: fields.get(name, draw.choice(VALUES)) for name in sorted(known)}
        if call.method in ("GET", "DELETE"):
            reply = olga.client.request(call.method, to, params={k: v for k, v in fields.items() if len(v) < 1000})
        else:
            json = {
                name: draw.choice((value, 1, 1.5, None, True, [value], {"a": value})) for name, value in fields.items()
            }
            reply = olga.client.request(call.method, to, json=json)
        assert reply.status_code < 500, (to, fields, reply.text)


def test_the_api_answers_any_body(site, draw, gateway):
    olga = site.program("olga")
    for call in [call for call in api.CALLS if call.method in ("POST", "PUT")] * 6:
        to, _ = drawn(draw, call.path, gateway)
        body, kind = draw.choice(BODIES), draw.choice(TYPES)
        reply = olga.client.request(call.method, to, content=body, headers={"Content-Type": kind})
        assert reply.status_code < 500, (to, body, kind, reply.text)
