"""How a run talks to its gateway: URLs, declared headers and tokens, framing, patience, TLS, rate and concurrency."""

import asyncio
import contextlib
import gzip
import ssl

import pytest

from tests.end_to_end.kit import ONE
from tests.end_to_end.loopback import with_body, with_fields, written


def _assert_sound(run):
    assert not run.crashed, run.output
    assert run.status == 0, run.output
    assert run.findings == []
    assert run.requirement("GET-ROUND-TRIP")["status"] == "passed"


@pytest.mark.parametrize(
    ("path", "prefix"),
    [
        ("", ""),
        ("/", ""),
        ("/api/v1", "/api/v1"),
        ("/api/v1/", "/api/v1"),
        ("/a%20b", "/a%20b"),
        ("/~x;v=1", "/~x;v=1"),
    ],
)
def test_calls_are_made_beneath_the_path_of_the_url(kit, gateway, path, prefix):
    server = gateway()

    run = kit.run(server.url + path, *ONE)

    _assert_sound(run)
    assert {seen.target for seen in server.seen} == {
        f"{prefix}/Provider/{name}" for name in ("signup", "get", "info/update", "documents/add")
    }


def test_declared_headers_are_sent_with_every_request(kit, gateway):
    server = gateway()
    option = kit.configure("headers: {X-Api-Key: k-12345, X-From-Environment: 'env:KEY_OF_MINE'}")

    run = kit.run(server.url, option, "-k", "test_plain_get or test_unreadable_body", KEY_OF_MINE="s-67890")

    assert not run.crashed, run.output
    assert len(server.seen) > 10
    assert {seen.headers.get("x-api-key") for seen in server.seen} == {"k-12345"}
    assert {seen.headers.get("x-from-environment") for seen in server.seen} == {"s-67890"}


def test_a_declared_signup_token_is_sent_with_signups_and_nothing_else(kit, gateway):
    server = gateway()

    run = kit.run(server.url, kit.configure("signup_token: env:AGREED"), *ONE, AGREED="agreed-before")

    _assert_sound(run)
    assert {s.headers["token"] for s in server.seen if s.action == "signup"} == {"agreed-before"}
    assert "agreed-before" not in {s.headers["token"] for s in server.seen if s.action != "signup"}


@pytest.mark.parametrize("method", ["PUT", "PATCH"])
def test_the_declared_method_is_used_for_every_call(kit, gateway, method):
    server = gateway(method=method)

    run = kit.run(server.url, kit.configure(f"method: {method}"), *ONE)

    _assert_sound(run)
    assert {seen.method for seen in server.seen} == {method}


@pytest.mark.parametrize("names", [("header", "body"), ("Header", "Body"), ("context", "payload")])
def test_an_envelope_is_found_or_declared(kit, gateway, names):
    server = gateway(binding="envelope", envelope=names)
    text = "envelope: {header: context, body: payload}" if names == ("context", "payload") else "{}"

    run = kit.run(server.url, kit.configure(text), *ONE)

    _assert_sound(run)
    assert run.report["gateway"]["binding"] == "envelope"


def _ended_by_closing(seen, answer):
    head = "".join(f"{name}: {value}\r\n" for name, value in answer.headers if name != "content-length")
    return f"HTTP/1.0 {answer.status} Fine\r\n{head}\r\n".encode() + answer.body


def _squeezed_into_chunks(seen, answer):
    body = gzip.compress(answer.body)
    chunks = b"".join(
        b"%x;part\r\n%s\r\n" % (len(body[at : at + 7]), body[at : at + 7]) for at in range(0, len(body), 7)
    )
    whole = with_body(answer, chunks + b"0\r\nX-Checksum: 1\r\n\r\n")
    return with_fields(whole, [("TRANSFER-ENCODING", "chunked"), ("content-encoding", "gzip")])


def _hinted_and_closing(seen, answer):
    early = b"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early Hints\r\nLink: </x>\r\n\r\n"
    return early + written(with_fields(answer, [("Connection", "close")]))


def _closing_unannounced(seen, answer):
    return written(answer)


@pytest.mark.parametrize("twist", [_ended_by_closing, _squeezed_into_chunks, _hinted_and_closing, _closing_unannounced])
def test_a_fair_gateway_passes_however_it_frames_its_replies(kit, gateway, twist):
    """``tests/client/test_replies.py`` has every form of a reply."""
    _assert_sound(kit.run(gateway(twist).url, *ONE))


@pytest.mark.parametrize("number", [1, 5, 6])
def test_a_connection_that_is_lost_once_is_no_finding(kit, gateway, number):
    server = gateway(lambda seen, answer: None if seen.number == number else answer)

    run = kit.run(server.url, *ONE)

    assert not run.crashed, run.output
    assert run.findings == []
    assert run.status == 0
    sent = [seen.body for seen in server.seen if seen.action == "signup"]
    assert len(set(sent)) == len(sent), "a signup whose answer was lost is not sent again (T13)"


def test_a_client_certificate_is_shown(kit, gateway, tls, certificate):
    tls.verify_mode = ssl.CERT_REQUIRED
    tls.load_verify_locations(certificate)
    option = kit.configure(f"tls: {{ca: {certificate}, client_cert: {certificate}}}")

    _assert_sound(kit.run(gateway(tls=tls).url, option, *ONE))


def test_a_declared_rate_is_obeyed(kit, gateway):
    server = gateway()

    run = kit.run(server.url, "--gateway-rate=20", "-k", "test_plain_get or test_like_providers_are_told_apart")

    assert not run.crashed, run.output
    moments = [seen.moment for seen in server.seen]
    assert len(moments) >= 12
    # What is in flight may arrive closer together than it was sent, but never sooner on the whole.
    assert moments[-1] - moments[0] >= (len(moments) - 1) / 20 * 0.8


@pytest.mark.parametrize("limit", [1, 3])
def test_no_more_requests_are_in_flight_than_allowed(kit, gateway, limit):
    in_flight = []
    most = 0
    full = asyncio.Event()

    async def hold(seen, answer):
        nonlocal most
        in_flight.append(seen)
        most = max(most, len(in_flight))
        if len(in_flight) >= limit:
            full.set()
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(full.wait(), 0.02)
        await asyncio.sleep(0.002)
        in_flight.remove(seen)
        return answer

    server = gateway(hold)

    run = kit.run(server.url, f"--gateway-concurrency={limit}", "-k", "test_ids_are_unique")

    assert not run.crashed, run.output
    assert run.status == 0
    assert len(server.seen) > 60
    assert most == limit
