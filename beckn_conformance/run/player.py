"""Plays scenarios side by side against a gateway, in an event loop of its own thread."""

from __future__ import annotations

import asyncio
import concurrent.futures
import functools
import itertools
import threading
from collections.abc import Awaitable, Callable, Coroutine, Iterable, Mapping
from concurrent.futures import Future
from dataclasses import replace
from typing import TYPE_CHECKING, Any, TypeVar

from ..client.actor import Actor
from ..client.client import Client
from ..client.clock import LeapingLoop
from ..client.exclusive import ExclusiveAccess
from ..client.failures import Failures, Place
from ..client.limiter import Places
from ..client.memory import Memory
from ..client.probe import ProbeResult, probe
from ..client.verification import Verifier
from ..client.witness import failures_are_over
from ..errors import Unmet
from ..messages.binding import Binding, HttpBinding
from ..messages.exchange import Exchange
from ..messages.values import Values
from ..record.events import Transcript
from ..record.run import Run

if TYPE_CHECKING:
    import httpx

T = TypeVar("T")
Play = Callable[[Actor], Awaitable[Any]]
MOST_PLAYS = 3
"""Times that a scenario is played if answers are lost."""


class Loop:
    """An event loop in a thread of its own; one that ``leaps`` waits for nothing, see LeapingLoop."""

    def __init__(self, *, leaps: bool) -> None:
        self._loop = LeapingLoop() if leaps else asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, name="beckn-conformance", daemon=True)
        self._thread.start()

    def begin(self, work: Coroutine[Any, Any, T]) -> Future[T]:
        """Starts a coroutine, from any thread."""
        return asyncio.run_coroutine_threadsafe(work, self._loop)

    def wait(self, work: Coroutine[Any, Any, T], timeout: float | None = None) -> T:
        """Runs a coroutine to its end, from another thread."""
        return self.begin(work).result(timeout)

    def soon(self, call: Callable[[], object]) -> None:
        """Makes a call in the thread of the loop."""
        self._loop.call_soon_threadsafe(call)

    def stop(self) -> None:
        """Ends the thread, unless something blocks it."""
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(5)
        if not self._loop.is_running():
            self._loop.close()


class Player:
    """Plays scenarios; what they send and receive goes to ``record``, in the thread of the loop.

    ``worker`` names this process if several share a run. ``transport`` replaces the network, for tests.
    """

    def __init__(
        self,
        run: Run,
        record: Callable[[Exchange], None],
        *,
        transport: httpx.AsyncBaseTransport | None = None,
        worker: str = "",
    ) -> None:
        config = self._config = run.config
        self.binding: Binding = HttpBinding()
        self._specification = run.specification
        self._values = Values(run.specification, config, seed=run.seed)
        self._verifier = Verifier(config, transport)
        self._exclusive = ExclusiveAccess()
        self._exclusive.sure = not worker
        self.memory = Memory()
        self._places = Places(self._open)
        self._ranks = itertools.count()
        self.playing: dict[str, Future[Transcript]] = {}
        """Scenarios that were begun, and whose transcript nobody has taken."""
        self._due: dict[str, asyncio.Event] = {}
        """By scenario, set once its transcript is waited for."""
        self._leaps = transport is not None
        self._make = functools.partial(Client, transport=transport, record=record, memory=self.memory)
        self._label = f"{worker}-" if worker else ""
        self._gateway: Client | None = None
        self._peers: dict[str, Client] = {}
        self._loop: Loop | None = None

    def _open(self) -> int:
        """Calls that may be under way. If the gateway asks for fewer, those that repeat one go first."""
        if self.memory.is_short or self._gateway is None:
            return 1
        return max(self._gateway.limiter.usual, self._gateway.limiter.open)

    @property
    def gateways(self) -> list[Client]:
        """The gateway under test, then its peers; empty before the start."""
        return [*([self._gateway] if self._gateway is not None else []), *self._peers.values()]

    @property
    def sent(self) -> int:
        """Requests sent so far."""
        return sum(gateway.sent for gateway in self.gateways)

    def start(self) -> ProbeResult:
        """Finds out how to talk to the gateway. Raises Unreachable."""
        self._loop = Loop(leaps=self._leaps)

        async def start() -> ProbeResult:
            config = self._config
            for number, url in enumerate(config.peers, 1):
                self._peers[url] = self._make(replace(config, url=url), label=f"{self._label}p{number}", peer=True)
            self._gateway = self._make(config, label=self._label)
            found = await probe(self._gateway, self._specification, self._values, self._verifier)
            # They are on record as a part of the probe.
            self._gateway.take_controls()
            return found

        found = self._loop.wait(start())
        self.memory.release_all()
        self.binding = found.binding
        self._verifier.begin(shows_fresh=found.shown.shows_fresh, serves_fresh=found.shown.serves_fresh)
        return found

    def prefetch(self, plays: Mapping[str, Play], *, first: bool = False) -> None:
        """Begins scenarios under names by which ``played`` finds them, in this order; if ``first``, before others."""
        new = {name: play for name, play in plays.items() if name not in self.playing}
        if new:
            loop = self._loop
            assert loop is not None

            async def begin() -> dict[str, Future[Transcript]]:
                """Begins all from within the loop, so that none of them finds itself alone."""
                self._due |= {name: asyncio.Event() for name in new}
                return {
                    name: loop.begin(self._play(play, -1 if first else next(self._ranks), due=self._due[name]))
                    for name, play in new.items()
                }

            self.playing |= loop.wait(begin())

    def played(self, name: str, play: Play) -> Transcript:
        """Waits for the transcript of a scenario, which is begun if it was not before."""
        self.prefetch({name: play})
        assert self._loop is not None
        self._loop.soon(self._due.pop(name).set)
        return self._release(self.playing.pop(name).result())

    def all_due(self) -> None:
        """Ends the waiting of scenarios for others."""
        assert self._loop is not None
        for due in self._due.values():
            if not due.is_set():
                self._loop.soon(due.set)

    def tried(self, play: Play, *, hurried: bool) -> Transcript:
        """Plays a scenario at once; a hurried one skips waiting for the gateway to settle."""
        assert self._loop is not None
        return self._release(self._loop.wait(self._play(play, next(self._ranks), hurried=hurried)))

    def _release(self, transcript: Transcript) -> Transcript:
        """Makes room for what follows, as whoever takes a transcript judges and forgets it."""
        self.memory.release(transcript.exchanges)
        return transcript

    def back(self) -> bool:
        """Waits until the gateway answers; False if it does not within patience (T13)."""
        if self._loop is None or self._gateway is None:
            return False
        return self._loop.wait(self._gateway.back())

    def close(self) -> tuple[list[str], list[Exchange]] | None:
        """Gives up what is still playing, and closes the connections.

        Returns notes for the report, and plain calls that no scenario has made; None if there was nothing to close.
        """
        if self._loop is None:
            return None
        loop, self._loop = self._loop, None
        self.playing.clear()
        notes = [*self._gateway.notes()] if self._gateway is not None else []
        try:
            loop.wait(_let_go(self.gateways), 5)
        except (concurrent.futures.TimeoutError, concurrent.futures.CancelledError):
            notes.append("connections to the gateway did not close in time")
        loop.stop()
        return notes, self._gateway.take_controls() if self._gateway is not None else []

    async def _play(
        self, play: Play, rank: int, *, hurried: bool = False, due: asyncio.Event | None = None
    ) -> Transcript:
        """Plays a scenario, and again with other registrations if an answer was lost (T13)."""
        gateway = self._gateway
        assert gateway is not None
        turn = functools.partial(self._places.place, rank)
        exchanges: list[Exchange] = []
        lost = False
        failed: frozenset[Place] | None = None
        async with self._verifier.turn(), self._exclusive.together():
            for left in reversed(range(MOST_PLAYS)):
                unmet = self._exclusive.stopped
                if unmet:
                    break
                actor = Actor(
                    gateway,
                    self.binding,
                    self._specification,
                    self._values,
                    self._verifier,
                    turn,
                    self._exclusive,
                    self._peers,
                )
                actor.hurried, actor.due = hurried, due or actor.due
                # The last time, what failed each time is judged.
                actor.failures = Failures(frozenset() if left or failed is None else failed)
                try:
                    await play(actor)
                except Unmet as error:
                    unmet = str(error)
                places = frozenset(actor.failures.passing)
                failed = places if failed is None else failed & places
                over = not left or await failures_are_over(actor)
                exchanges += actor.exchanges
                # The actor and its helpers refer to each other, so the garbage collector frees them late.
                actor.exchanges.clear()
                lost = actor.lost > 0 or actor.turned_away > 0
                if not actor.lost or not over or not await gateway.back():
                    break
        return Transcript((*exchanges, *gateway.take_controls()), unmet, lost)


async def _let_go(gateways: Iterable[Client]) -> None:
    """Cancels everything else in this loop, and closes the connections."""
    playing = asyncio.all_tasks() - {asyncio.current_task()}
    for task in playing:
        task.cancel()
    await asyncio.gather(*playing, return_exceptions=True)
    for gateway in gateways:
        await gateway.close()
