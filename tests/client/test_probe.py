"""What the first calls of a run show about the gateway."""

import asyncio

import httpx
import pytest

from beckn_conformance.client import clock
from beckn_conformance.client.client import Client
from beckn_conformance.client.probe import is_probe, probe, shown_by
from beckn_conformance.client.verification import Verifier
from beckn_conformance.errors import Unreachable
from tests.exchanges import SPECIFICATION, Story, configured, drawn, nack

PLAIN, DENIED, UNKNOWN_TOKEN = nack({}), nack({}, status=403), nack({}, status=401)
UNVERIFIED = nack({"registration": {"id": "is not verified yet"}})
BLAMES_A_MEMBER = nack({"info": {"phone": "is wrong"}})


def _probe(update, add, look=None):
    """The calls of a probe, whose changes get these replies; a refused one is followed by a look at the status."""
    story = Story()
    story.signup()
    story.get()
    story.update(answer=update)
    story.get(answer=look)
    story.add(answer=add)
    return story.exchanges


@pytest.mark.parametrize("refusal", [PLAIN, DENIED, UNVERIFIED])
def test_a_gateway_that_takes_no_change_may_wait_for_verification(refusal):
    shown = shown_by(_probe(refusal, refusal))

    assert (shown.shows_fresh, shown.serves_fresh) == (True, False)


@pytest.mark.parametrize(
    ("update", "add"), [(DENIED, None), (None, DENIED), (BLAMES_A_MEMBER, DENIED), (UNKNOWN_TOKEN, UNKNOWN_TOKEN)]
)
def test_other_refusals_of_changes_are_not_explained_by_verification(update, add):
    assert shown_by(_probe(update, add)).serves_fresh


def test_a_gateway_that_refuses_looks_as_well_as_changes_waits_for_nothing():
    assert shown_by(_probe(PLAIN, PLAIN, look=PLAIN)).serves_fresh


def test_looks_at_the_status_between_changes_are_a_part_of_the_probe():
    assert is_probe(_probe(DENIED, DENIED), 1)
    assert not is_probe([*_probe(DENIED, DENIED), *_probe(DENIED, DENIED)[1:]], 1)


SOUND = [("action", "ACK"), ("message", "fine"), ("Content-Type", "application/json")]
DOWN = {
    "no connection": httpx.ConnectError("Connection refused"),
    "a proxy": httpx.Response(502, html="<p>Bad Gateway"),
}


def _probed(*answers, **declared):
    """Why a probe finds no gateway where these answers are given, the last one for ever, and how long it takes."""
    config, answers = configured(binding="http", **declared), [*answers]

    def answer(request):
        given = answers.pop(0) if len(answers) > 1 else answers[0]
        if isinstance(given, Exception):
            raise given
        return given

    async def play():
        gateway, begun = Client(config, transport=httpx.MockTransport(answer)), clock.monotonic()
        why = ""
        try:
            await probe(gateway, SPECIFICATION, drawn(config), Verifier(config))
        except Unreachable as error:
            why = str(error)
        return why, clock.monotonic() - begun

    with asyncio.Runner(loop_factory=clock.LeapingLoop) as runner:
        return runner.run(play())


UP = httpx.Response(200, headers=SOUND, json={"registration": {"id": "1", "status": "new"}, "auth": {"token": "t"}})


@pytest.mark.parametrize("name", DOWN)
def test_a_gateway_that_is_still_starting_is_waited_for(name):
    why, seconds = _probed(*[DOWN[name]] * 6, UP)

    assert not why
    assert seconds > 1


@pytest.mark.parametrize(("patience", "longest"), [(0.5, 1), (30, 8)])
def test_an_address_where_nobody_answers_is_given_up_soon(patience, longest):
    why, seconds = _probed(DOWN["no connection"], patience=patience)

    assert why
    assert seconds < longest


def test_a_page_that_is_no_gateway_is_given_up_at_once():
    why, seconds = _probed(httpx.Response(404, html="<p>Not Found"))

    assert why
    assert seconds < 1


@pytest.mark.parametrize(("status", "advice"), [(502, "does not run"), (403, "headers or tls.client_cert")])
def test_the_reason_says_what_may_help(status, advice):
    why, _ = _probed(httpx.Response(status, html="<p>no</p>"), patience=0.5)

    assert advice in why


def test_a_nack_for_a_path_that_is_not_served_brings_the_url_to_mind():
    refusal = httpx.Response(404, headers=[("action", "NACK"), *SOUND[1:]], json={})

    why, _ = _probed(refusal)

    assert "give the URL" in why
