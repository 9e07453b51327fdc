"""One run of the suite: plays scenarios side by side, judges what comes back, keeps the tally."""

from __future__ import annotations

import asyncio
import concurrent.futures
import datetime
import functools
import itertools
import threading
import time
import uuid
from collections.abc import Awaitable, Callable, Coroutine, Mapping, Sequence
from concurrent.futures import Future
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, TypeVar

import httpx

from .actor import Actor, Verifier, registration_of
from .binding import Binding
from .config import GatewayConfig
from .errors import Unmet, Unreachable
from .exchange import Exchange, member, printable
from .finding import Finding, Judgement
from .gateway import Gateway
from .journal import Journal
from .judge import Judge
from .masking import Masker
from .model import REQUIREMENTS
from .probe import Probed, probe
from .replay import replay, tell
from .solitude import Solitude
from .specification import Specification
from .turns import Turns
from .values import Values
from .verdict import Tally, Verdict, conclude

T = TypeVar("T")
MOST_NOTES = 50
KEPT_REGISTRATIONS = 100_000
CALL = 10_000
"""Weight of a call that went before a finding."""
BESIDE = 500_000
"""Weight of other calls that were under way at the time of a finding."""
MOST_PLAYS = 3


@dataclass(frozen=True, slots=True)
class Played:
    """What a scenario sent and received."""

    exchanges: Sequence[Exchange]
    registrations: frozenset[str]
    """Ids of the registrations that it used; nobody else will."""
    unmet: str = ""


@dataclass(frozen=True, slots=True)
class Judged:
    """What follows from a scenario, under whichever requirement."""

    findings: Mapping[str, Finding]
    """By id; of equal ones the first."""
    exercised: set[str]
    """Requirements under which anything could be judged."""
    reason: str = ""
    """Why the rest could not."""


@dataclass(frozen=True, slots=True)
class TestOutcome:
    """What a test says under the requirements it exercises."""

    __test__ = False

    status: str
    """``passed``, ``failed``, ``warned`` or ``inconclusive``."""
    text: str
    findings: tuple[Finding, ...] = ()


@dataclass
class Session:
    """A run against one gateway. Scenarios are played in an event loop of its own thread; judging happens outside."""

    specification: Specification
    config: GatewayConfig
    seed: int
    folder: Path | None = None
    transport: httpx.AsyncBaseTransport | None = None
    journal_name: str = "exchanges.jsonl"
    mask_key: bytes | None = None
    """Shared by the processes of a run, so that the same secret has the same mask in all."""
    label: str = ""
    """Goes before the ids of exchanges, where several processes of a run make some."""
    strict: bool = False
    tally: Tally = field(default_factory=Tally)
    crowded: bool = False
    """Whether other processes of the same run send at the same time."""
    elsewhere: int = 0
    """Exchanges that other processes of the same run made."""

    def __post_init__(self) -> None:
        self.run_id = uuid.uuid4().hex[:12]
        self.started = datetime.datetime.now(datetime.UTC)
        self.masker = Masker(self.config.secrets, key=self.mask_key)
        self.probed: Probed | None = None
        self.unreachable = ""
        self.registrations: list[str] = []
        self.notes: list[str] = []
        self._clock = time.monotonic()
        self._judge = Judge(self.specification, self.config)
        self._values = Values(self.config, seed=self.seed)
        self._verifier = Verifier(self.config, self.transport)
        self._journal = Journal(self.folder, self.masker, self.journal_name) if self.folder else None
        self._solitude = Solitude()
        self._solitude.sure = not self.crowded
        self._gateway: Gateway | None = None
        self._turns = Turns(self.config.concurrency)
        self._ranks = itertools.count()
        self._playing: dict[str, Future[Played]] = {}
        self._loop: asyncio.AbstractEventLoop | None = None
        self._thread: threading.Thread | None = None

    # Life.

    def start(self) -> None:
        """Finds out how to talk to the gateway; raises Unreachable, and remembers why."""
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, name="beckn-conformance", daemon=True)
        self._thread.start()
        self._gateway = self._wait(self._open())
        try:
            self.probed = self._wait(probe(self._gateway, self.specification, self._values, self._verifier))
        except Unreachable as error:
            self.unreachable = self.masker.text(str(error))
            raise
        self._judge.learn_served(self.probed.served)
        if self.probed.signups_work:
            self._judge.learn_signups_work()
        self.notes += self.probed.notes
        self._verifier.always = not self.probed.serves_fresh
        if self._verifier.always and not (self._verifier.can_verify or self._verifier.has_stock):
            self._judge.known.serves_fresh = False

    async def _open(self) -> Gateway:
        return Gateway(self.config, transport=self.transport, record=self._record, label=self.label)

    def close(self) -> None:
        """Ends the client and its loop; may be called at any time and more than once."""
        if self._loop is None or self._loop.is_closed():
            return
        self._playing.clear()
        if self._gateway is not None:
            self.notes += self._gateway.notes()
        try:
            self._wait(self._let_go(), 5)
        except (concurrent.futures.TimeoutError, concurrent.futures.CancelledError):
            self.notes.append("connections to the gateway did not close in time")
        self._loop.call_soon_threadsafe(self._loop.stop)
        if self._thread is not None:
            self._thread.join(5)
        if not self._loop.is_running():
            self._loop.close()
        if self._journal is not None:
            self._journal.close()

    async def _let_go(self) -> None:
        """Gives up the scenarios that still play, and closes the connections."""
        playing = asyncio.all_tasks() - {asyncio.current_task()}
        for task in playing:
            task.cancel()
        await asyncio.gather(*playing, return_exceptions=True)
        if self._gateway is not None:
            await self._gateway.close()

    def _wait(self, work: Coroutine[Any, Any, T], timeout: float | None = None) -> T:
        assert self._loop is not None
        return asyncio.run_coroutine_threadsafe(work, self._loop).result(timeout)

    def _record(self, exchange: Exchange) -> None:
        registration = registration_of(exchange) if exchange.action == "Provider/signup" else None
        if registration is not None and len(self.registrations) < KEPT_REGISTRATIONS:
            self.registrations.append(registration.id)
        if self._journal is not None:
            self._journal.write(exchange)

    # Playing.

    @property
    def binding(self) -> Binding:
        assert self.probed is not None
        return self.probed.binding

    @property
    def exchanges(self) -> int:
        return self.elsewhere + (self._gateway.sent if self._gateway else 0)

    @property
    def playing(self) -> int:
        """Scenarios that were set playing and not taken since."""
        return len(self._playing)

    @property
    def can_verify(self) -> bool:
        return self._verifier.can_verify

    def prefetch(self, plays: Mapping[str, Callable[[Actor], Awaitable[Any]]]) -> None:
        """Sets scenarios playing side by side, under names by which ``play`` finds them; the first go first."""
        new = {name: play for name, play in plays.items() if name not in self._playing}
        if new:
            self._playing |= self._wait(self._begin(new))

    async def _begin(self, plays: Mapping[str, Callable[[Actor], Awaitable[Any]]]) -> dict[str, Future[Played]]:
        """Starts all at once, from within the loop, so that none of them takes itself for alone."""
        assert self._loop is not None
        return {
            name: asyncio.run_coroutine_threadsafe(self._play(play, next(self._ranks)), self._loop)
            for name, play in plays.items()
        }

    async def _play(self, play: Callable[[Actor], Awaitable[Any]], rank: int, hurried: bool = False) -> Played:
        """Plays a scenario, and again with other registrations where an answer was lost (T13)."""
        assert self._gateway is not None
        turn = functools.partial(self._turns.turn, rank)
        exchanges: list[Exchange] = []
        async with self._verifier.turn(), self._solitude.together():
            for _ in range(MOST_PLAYS):
                unmet = self._solitude.stopped
                if unmet:
                    break
                actor = Actor(
                    self._gateway,
                    self.binding,
                    self.specification,
                    self._values,
                    self._verifier,
                    turn,
                    self._solitude,
                )
                actor.hurried = hurried
                try:
                    await play(actor)
                except Unmet as error:
                    unmet = str(error)
                exchanges += actor.exchanges
                if not actor.lost:
                    break
        used = frozenset(
            id_
            for exchange in exchanges
            for value in (exchange.body_of_reply, exchange.sent.body if exchange.sent else None)
            if isinstance(id_ := member(value, "/registration/id"), str)
        )
        return Played(tuple(exchanges), used, unmet)

    def play(
        self, name: str, play: Callable[[Actor], Awaitable[Any]], requirements: Sequence[str], node_id: str
    ) -> TestOutcome:
        """Plays a scenario, or takes it where it was set playing before, and judges it."""
        judged = self.judge(self.played(name, play), node_id)
        return self.outcome(requirements, judged, node_id)

    def played(self, name: str, play: Callable[[Actor], Awaitable[Any]]) -> Played:
        """What a scenario sent and received, judged by nobody; waits for its end."""
        self.prefetch({name: play})
        return self._playing.pop(name).result()

    def tried(self, play: Callable[[Actor], Awaitable[Any]], *, hurried: bool) -> Played:
        """What a scenario sends and receives that is played at once, and without waiting where it is hurried."""
        return self._wait(self._play(play, next(self._ranks), hurried))

    # Judging.

    def judge(self, played: Played, node_id: str, weigh: Callable[[int], int] = lambda weight: weight) -> Judged:
        """Judges every exchange of a scenario by everything; ``weigh`` says how much its findings weigh."""
        findings: dict[str, Finding] = {}
        exercised: set[str] = set()
        shown_by: dict[str, list[Finding]] = {}
        for exchange in played.exchanges:
            self._observe(exchange)
        for exchange, judgement in self._judge.judge_together(played.exchanges):
            exercised.add(judgement.requirement)
            if judgement.finding is None:
                self.tally.add(judgement, exchange.id)
                continue
            before = [e for e in played.exchanges if e.ended <= exchange.started]
            judgement = _weighed(judgement, exchange, before, played.exchanges, weigh)
            assert judgement.finding is not None
            findings.setdefault(judgement.finding.id, judgement.finding)
            shown_by.setdefault(exchange.id, []).append(judgement.finding)
            record = self.tally.add(judgement)
            if record is not None:
                finding = judgement.finding
                told = tell(
                    exchange,
                    before,
                    self.binding,
                    self.config,
                    history=finding.requirement in REQUIREMENTS,
                    title=f"{finding.requirement} {finding.pointer}: {finding.message}",
                    describe=self._judge.describe,
                )
                record.curl = self.masker.text(told.curl)
                record.steps = [printable(self.masker.text(step)) for step in told.steps]
                record.script = self.masker.text(told.script)
                record.replay = replay(node_id, self.config.url)
        self.tally.doubled |= self._judge.doubled
        self.tally.statistics.observe(played.exchanges, shown_by)
        for id_ in played.registrations:
            self._judge.forget(id_)
            self.tally.statistics.forget(id_)
        return Judged(findings, exercised, self.masker.text(self._reason(played)))

    def found(self) -> set[str]:
        """Ids of all findings so far."""
        return {id_ for records in self.tally.found.values() for id_ in records}

    def outcome(self, requirements: Sequence[str], judged: Judged, node_id: str, *, drawn: bool = False) -> TestOutcome:
        """What a test says under the requirements that it is there to exercise; one whose messages are drawn need not
        come across all of them."""
        for requirement in requirements:
            self.tally.tests.setdefault(requirement, []).append(node_id)
            if requirement not in judged.exercised and judged.reason:
                self.tally.hinder(requirement, judged.reason)
        mine = tuple(f for f in judged.findings.values() if f.requirement in requirements)
        exercised = judged.exercised
        if drawn and exercised:
            exercised = {*requirements}
        return self._outcome(requirements, mine, exercised, judged.reason)

    def _observe(self, exchange: Exchange) -> None:
        """Notes what is recorded and judged by nobody (T8, T13, T14)."""
        notes = [f"{exchange.action}: {note}" for note in (exchange.received.notes if exchange.received else ())]
        reply = exchange.reply
        if reply is not None and 300 <= reply.status < 400:
            notes.append(f"{exchange.action}: a redirect (status {reply.status}), which is not followed")
        if exchange.purpose == "unusual" and reply is not None and reply.status >= 500:
            notes.append(f"{', '.join(exchange.tags)}: answered with status {reply.status} (recorded only, T14)")
        if exchange.trouble and exchange.purpose != "broken":
            notes.append(f"{exchange.action}: {exchange.trouble}")
        self.notes += [note for note in dict.fromkeys(notes) if note not in self.notes and len(self.notes) < MOST_NOTES]

    def _outcome(
        self, requirements: Sequence[str], findings: tuple[Finding, ...], exercised: set[str], reason: str
    ) -> TestOutcome:
        levels = {f.requirement: self.specification.requirements[f.requirement].level for f in findings}
        text = self.masker.text("\n".join(f"{f.requirement} {f.pointer}: {f.message}; {f.observed}" for f in findings))
        if findings:
            failed = self.strict or "MUST" in levels.values()
            return TestOutcome("failed" if failed else "warned", text, findings)
        missing = [requirement for requirement in requirements if requirement not in exercised]
        if missing:
            return TestOutcome(
                "inconclusive", f"{missing[0]} could not be judged: {reason or 'nothing it needs happened'}"
            )
        return TestOutcome("passed", "")

    def _reason(self, played: Played) -> str:
        if played.unmet:
            return played.unmet
        for exchange in reversed(played.exchanges):
            if exchange.trouble:
                return exchange.trouble
            if exchange.reply is not None and exchange.action_of_reply is None:
                return f"{exchange.action} was answered with status {exchange.reply.status} without ACK or NACK"
        if self._judge.known.serves_fresh is False:
            return "the gateway serves no registration before it is verified"
        if played.exchanges and not played.exchanges[-1].acknowledged:
            last = played.exchanges[-1]
            return f"{last.action} was answered with {last.action_of_reply}"
        return ""

    def conclude(self, *, narrowed: bool = False) -> Verdict:
        """The verdict on everything that was shown so far."""
        return conclude(
            self.tally,
            self.specification,
            self.config,
            strict=self.strict,
            narrowed=narrowed,
            unreachable=self.unreachable,
            can_verify=self.can_verify,
        )

    @property
    def seconds(self) -> float:
        return time.monotonic() - self._clock


def _weighed(
    judgement: Judgement,
    exchange: Exchange,
    before: Sequence[Exchange],
    all_of_it: Sequence[Exchange],
    weigh: Callable[[int], int],
) -> Judgement:
    """What takes a history to be seen weighs as much as its calls, and what happened beside other calls more: of
    equal findings the one is told that is seen again with the fewest calls, one after another."""
    finding = judgement.finding
    assert finding is not None
    weight = finding.weight
    if finding.requirement in REQUIREMENTS:
        weight += CALL * len(before)
    if any(e.started < exchange.ended and exchange.started < e.ended for e in all_of_it if e is not exchange):
        weight += BESIDE
    return replace(judgement, finding=replace(finding, weight=weigh(weight)))
