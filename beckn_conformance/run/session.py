"""One run of the suite: plays scenarios side by side, judges what comes back, keeps the tally."""

from __future__ import annotations

import asyncio
import concurrent.futures
import datetime
import functools
import itertools
import secrets
import threading
import time
import uuid
from collections.abc import Awaitable, Callable, Coroutine, Mapping, Sequence
from concurrent.futures import Future
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any, TypeVar

import httpx

from ..client import clock
from ..client.client import Gateway
from ..client.exclusive import ExclusiveAccess
from ..client.limiter import RankedTurns
from ..client.probe import begun_by, probe
from ..client.provider import Actor
from ..client.verification import Verifier
from ..config.gateway import GatewayConfig
from ..config.proxies import advice
from ..errors import Unmet, Unreachable
from ..judging.outcome import Verdict
from ..judging.preference import PLAIN, Weight
from ..judging.tally import Tally
from ..messages.binding import to_json
from ..messages.exchange import Exchange
from ..messages.registration import registration_of
from ..messages.values import Values
from ..process.interrupts import undisturbed
from ..record.journal import Journal
from ..record.masking import Masker
from ..record.run import Run
from ..record.stand_ins import StandIns
from ..specification.actions import SIGNUP
from ..specification.pointer import MISSING, member
from ..specification.specification import Specification
from .assessment import Assessment, ScenarioResult, TestOutcome, Transcript

T = TypeVar("T")
MOST_PLAYS = 3
MOST_LEFT = 400
"""Scenarios that are played once more at the end of a run."""


class Session:
    """A run against one gateway. Scenarios are played in an event loop of its own thread; judging happens outside.

    ``worker`` names this process where several share a run; they share ``mask_key`` too, so that the same secret has
    the same mask in all. ``transport`` replaces the network, for tests.
    """

    def __init__(
        self,
        specification: Specification,
        config: GatewayConfig,
        seed: int,
        *,
        folder: Path | None = None,
        transport: httpx.AsyncBaseTransport | None = None,
        worker: str = "",
        mask_key: bytes | None = None,
        strict: bool = False,
        examples: int = 0,
    ) -> None:
        started = datetime.datetime.fromtimestamp(clock.now(), datetime.UTC)
        self.run = Run(specification, config, uuid.uuid4().hex[:12], seed, started, strict=strict, examples=examples)
        self.folder = folder
        mask_key = mask_key or secrets.token_bytes(16)
        self.masker = Masker(config.secrets, key=mask_key)
        self.assessment = Assessment(self.run, self.masker)
        self.elsewhere = 0
        """Exchanges that other processes of the same run made."""
        self._transport = transport
        self._worker = worker
        self._clock = time.monotonic()
        self._values = Values(specification, config, seed=seed)
        self._verifier = Verifier(config, transport)
        self._journal = None
        if folder is not None:
            tokens = [config.signup_token or "", *(token for _, token in config.registrations)]
            private = StandIns(specification, config, mask_key) if config.mask else None
            self._journal = Journal(folder, self.masker, worker, config.headers, [t for t in tokens if t], private)
        self._tell("run", **self.run.to_json(self.masker))
        self._exclusive = ExclusiveAccess()
        self._exclusive.sure = not worker
        self._gateway: Gateway | None = None
        self._peers: dict[str, Gateway] = {}
        self._turns = RankedTurns(config.concurrency)
        self._ranks = itertools.count()
        self._playing: dict[str, Future[Transcript]] = {}
        self._left: list[tuple[Callable[[Actor], Awaitable[Any]], str, Weight]] = []
        """Scenarios whose answers were lost, with what their findings are judged under."""
        self._left_played = 0
        self._unjudged: dict[str, None] = {}
        """Ids of exchanges that are on record and were not judged yet."""
        self._loop: asyncio.AbstractEventLoop | None = None
        self._thread: threading.Thread | None = None

    @property
    def specification(self) -> Specification:
        return self.run.specification

    @property
    def config(self) -> GatewayConfig:
        return self.run.config

    @property
    def tally(self) -> Tally:
        return self.assessment.tally

    @property
    def can_verify(self) -> bool:
        return self.run.can_verify

    @property
    def exchanges(self) -> int:
        return self.elsewhere + sum(gateway.sent for gateway in self._gateways)

    @property
    def _gateways(self) -> list[Gateway]:
        return [*([self._gateway] if self._gateway else []), *self._peers.values()]

    def _tell(self, kind: str, **facts: Any) -> None:
        if self._journal is not None:
            self._journal.tell(kind, **facts)

    # Life.

    def start(self) -> None:
        """Finds out how to talk to the gateway; raises Unreachable, and remembers why."""
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, name="beckn-conformance", daemon=True)
        self._thread.start()
        self._gateway = self._wait(self._open())
        try:
            probed = self._wait(probe(self._gateway, self.specification, self._values, self._verifier))
        except Unreachable as error:
            told = f"{error}{advice(self.config.url) if self.config.proxy is None else ''}"
            self.run.unreachable = self.masker.text(told)
            raise Unreachable(told) from error
        # They are on record as a part of the probe.
        self._gateway.take_controls()
        self.run.binding = probed.binding.name
        self.run.notes += probed.notes
        self._verifier.always = not probed.shown.serves_fresh
        begun = begun_by(probed.shown, self.config)
        self.assessment.learn(binding=probed.binding, **begun)
        self._tell(
            "begun",
            probe=self._taken_for_judged(),
            binding=to_json(probed.binding),
            **begun,
            notes=probed.notes,
        )

    async def _open(self) -> Gateway:
        label = f"{self._worker}-" if self._worker else ""
        for number, url in enumerate(self.config.peers, 1):
            config = replace(self.config, url=url)
            self._peers[url] = Gateway(
                config, transport=self._transport, record=self._record, label=f"{label}p{number}", peer=True
            )
        return Gateway(self.config, transport=self._transport, record=self._record, label=label)

    def close(self) -> None:
        """Ends the client and its loop; may be called at any time and more than once."""
        if self._loop is None or self._loop.is_closed():
            return
        self._playing.clear()
        notes = [*self._gateway.notes()] if self._gateway is not None else []
        if self._left_played:
            notes.append(f"{self._left_played} scenarios had lost answers, and were played once more at the end")
        try:
            self._wait(self._let_go(), 5)
        except (concurrent.futures.TimeoutError, concurrent.futures.CancelledError):
            notes.append("connections to the gateway did not close in time")
        self.run.notes += notes
        if self._gateway is not None and (controls := self._gateway.take_controls()):
            self.judge(Transcript(tuple(controls)), "")
        self._tell(
            "closed",
            notes=notes,
            unreachable=self.run.unreachable,
            exchanges=self.exchanges,
            unjudged=self._taken_for_judged(),
        )
        self._loop.call_soon_threadsafe(self._loop.stop)
        if self._thread is not None:
            self._thread.join(5)
        if not self._loop.is_running():
            self._loop.close()

    def end(self) -> None:
        """Lets go of everything; may be called at any time and more than once."""
        self.close()
        if self._journal is not None:
            self._journal.close()

    async def _let_go(self) -> None:
        """Gives up the scenarios that still play, and closes the connections."""
        playing = asyncio.all_tasks() - {asyncio.current_task()}
        for task in playing:
            task.cancel()
        await asyncio.gather(*playing, return_exceptions=True)
        for gateway in self._gateways:
            await gateway.close()

    def _wait(self, work: Coroutine[Any, Any, T], timeout: float | None = None) -> T:
        assert self._loop is not None
        return asyncio.run_coroutine_threadsafe(work, self._loop).result(timeout)

    def _record(self, exchange: Exchange) -> None:
        registration = registration_of(exchange) if exchange.action == SIGNUP else None
        if registration is not None:
            self.run.register(registration.id)
        if self._journal is not None:
            self._unjudged[exchange.id] = None
            self._journal.write(exchange)
        elif isinstance(given := member(exchange.body_of_reply, "/auth/token"), str) and given != MISSING:
            # What is printed of an unrecorded session holds no tokens either.
            self.masker.learn(given)

    def _taken_for_judged(self) -> list[str]:
        """The exchanges that nobody will judge, so that the record says so."""
        taken = [*self._unjudged]
        self._unjudged.clear()
        return taken

    # Playing.

    @property
    def playing(self) -> int:
        """Scenarios that were set playing and not taken since."""
        return len(self._playing)

    @property
    def room(self) -> float:
        """Replies that may wait to be judged without taking too much memory."""
        return self._gateway.budget.room if self._gateway else 0

    def prefetch(self, plays: Mapping[str, Callable[[Actor], Awaitable[Any]]]) -> None:
        """Sets scenarios playing side by side, under names by which ``play`` finds them; the first go first."""
        new = {name: play for name, play in plays.items() if name not in self._playing}
        if new:
            self._playing |= self._wait(self._begin(new))

    async def _begin(self, plays: Mapping[str, Callable[[Actor], Awaitable[Any]]]) -> dict[str, Future[Transcript]]:
        """Starts all at once, from within the loop, so that none of them takes itself for alone."""
        assert self._loop is not None
        return {
            name: asyncio.run_coroutine_threadsafe(self._play(play, next(self._ranks)), self._loop)
            for name, play in plays.items()
        }

    async def _play(self, play: Callable[[Actor], Awaitable[Any]], rank: int, hurried: bool = False) -> Transcript:
        """Plays a scenario, and again with other registrations where an answer was lost (T13)."""
        assert self._gateway is not None
        turn = functools.partial(self._turns.turn, rank)
        exchanges: list[Exchange] = []
        lost = False
        async with self._verifier.turn(), self._exclusive.together():
            for _ in range(MOST_PLAYS):
                unmet = self._exclusive.stopped
                if unmet:
                    break
                actor = Actor(
                    self._gateway,
                    self.assessment.binding,
                    self.specification,
                    self._values,
                    self._verifier,
                    turn,
                    self._exclusive,
                    self._peers,
                )
                actor.hurried = hurried
                try:
                    await play(actor)
                except Unmet as error:
                    unmet = str(error)
                exchanges += actor.exchanges
                lost = actor.lost > 0 or actor.turned_away > 0
                if not actor.lost or not await self._gateway.back():
                    break
        return Transcript((*exchanges, *self._gateway.take_controls()), unmet, lost)

    def play(
        self, name: str, play: Callable[[Actor], Awaitable[Any]], requirements: Sequence[str], node_id: str
    ) -> TestOutcome:
        """Plays a scenario, or takes it where it was set playing before, and judges it."""
        judged = self.judge(self.played(name, play, node_id), node_id)
        return self.outcome(requirements, judged, node_id)

    # Judging, as it goes into the record.

    def judge(self, played: Transcript, node_id: str, weight: Weight = PLAIN) -> ScenarioResult:
        """Judges every exchange of a scenario by everything; ``weight`` says how much its findings weigh."""
        # What goes into the record is judged to its end, so that the record says all that the report says.
        with undisturbed():
            self._tell(
                "judged",
                test=node_id,
                exchanges=[exchange.id for exchange in played.exchanges],
                unmet=played.unmet,
                **{key: value for key, value in asdict(weight).items() if value is not None and value != 0},
            )
            for exchange in played.exchanges:
                self._unjudged.pop(exchange.id, None)
            return self.assessment.judge(played, node_id, weight)

    def outcome(
        self, requirements: Sequence[str], judged: ScenarioResult, node_id: str, *, drawn: bool = False
    ) -> TestOutcome:
        """What a test says under the requirements that it is there to exercise; one whose messages are drawn need not
        come across all of them."""
        with undisturbed():
            self._tell("tested", test=node_id, requirements=[*requirements], drawn=drawn)
            return self.assessment.outcome(requirements, judged, node_id, drawn=drawn)

    def conclude(self, *, narrowed: bool = False, shared: bool = False) -> Verdict:
        """The verdict on everything that was shown so far, and the end of the record; ``shared`` where other processes
        have added to that."""
        self.run.narrowed = narrowed
        self.run.exchanges = self.exchanges
        self.run.seconds = time.monotonic() - self._clock
        if self._journal is not None:
            if shared:
                self._journal.mask_again()
            self._journal.end(narrowed=narrowed, seconds=self.run.seconds)
        return self.assessment.conclude()

    def played(
        self, name: str, play: Callable[[Actor], Awaitable[Any]], node_id: str = "", weight: Weight = PLAIN
    ) -> Transcript:
        """What a scenario sent and received, judged by nobody; waits for its end."""
        self.prefetch({name: play})
        played = self._playing.pop(name).result()
        if played.lost and len(self._left) < MOST_LEFT:
            self._left.append((play, node_id, weight))
        return played

    def play_left(self) -> None:
        """The last round of a run: plays and judges once more what has lost answers each time it was played (T13)."""
        left, self._left = self._left, []
        if not left or self._gateway is None or not self._wait(self._gateway.back()):
            return
        self.prefetch({f"left-{number}": play for number, (play, _, _) in enumerate(left)})
        for number, (_, node_id, weight) in enumerate(left):
            self.judge(self._playing.pop(f"left-{number}").result(), node_id, weight)
        self._left_played = len(left)

    def tried(self, play: Callable[[Actor], Awaitable[Any]], *, hurried: bool) -> Transcript:
        """What a scenario sends and receives that is played at once, and without waiting where it is hurried."""
        return self._wait(self._play(play, next(self._ranks), hurried))
