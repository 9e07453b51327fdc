"""What has been played is kept by nobody but the one who takes it."""

import gc
import weakref

import pytest

import reference_server
from beckn_conformance.commands.spec.trial import session_of
from beckn_conformance.errors import Unmet


@pytest.fixture
def without_collector():
    """Keeps what refers to itself for the time of a test."""
    gc.disable()
    yield
    gc.enable()


@pytest.mark.usefixtures("without_collector")
@pytest.mark.parametrize("unmet", [False, True])
def test_an_exchange_goes_with_its_transcript(unmet):
    async def play(actor):
        await actor.get(await actor.registered())
        if unmet:
            raise Unmet("enough")

    session = session_of(reference_server.create_app(), {})
    session.start()
    transcript = session.player.played("a", play)
    replies = [weakref.ref(exchange.reply) for exchange in transcript.exchanges if exchange.reply is not None]
    session.close()

    assert [reply() is not None for reply in replies] == [True, True]
    del transcript
    assert [reply() for reply in replies] == [None, None]
