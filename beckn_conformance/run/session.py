"""A run of the suite in this process: plays scenarios, and passes every event on to the journal and the assessment."""

from __future__ import annotations

import datetime
import functools
import itertools
import secrets
import time
import uuid
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from ..client import clock
from ..client.probe import begun_by
from ..config.gateway import GatewayConfig
from ..config.proxies import advice
from ..errors import Unreachable
from ..judging.outcome import Verdict
from ..judging.preference import PLAIN, Weight
from ..messages.exchange import Exchange
from ..process.interrupts import undisturbed
from ..record.events import (
    Event,
    Probe,
    ProcessEnd,
    RunEnd,
    RunStart,
    ScenarioEnd,
    TestEnd,
    Transcript,
)
from ..record.journal import Journal, workers
from ..record.masking import Masker
from ..record.reader import Record
from ..record.run import Run
from ..record.stand_ins import StandIns
from ..specification.specification import Specification
from .assessment import Assessment, ScenarioResult, Share, TestOutcome
from .player import Play, Player
from .recorded import reproduce

if TYPE_CHECKING:
    import httpx

MOST_LEFT = 400
"""Scenarios that are played once more at the end of a run."""


class Session:
    """A run against one gateway. Scenarios are played in an event loop of its own thread, and judged outside of it.

    ``worker`` names this process if several share a run; they share ``mask_key``, too, so that a secret has the same
    mask in all of them. ``transport`` replaces the network, for tests.
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
        self.specification, self.config, self.folder = specification, config, folder
        self.mask_key = mask_key or secrets.token_bytes(16)
        self.masker = Masker(config.secrets, key=self.mask_key)
        self.assessment = Assessment(self.run, self.masker)
        self.tally = self.assessment.tally
        self.player = Player(self.run, self.emit, transport=transport, worker=worker)
        self._clock = time.monotonic()
        self._journal: Journal | None = None
        if folder is not None:
            tokens = [config.signup_token or "", *(token for _, token in config.registrations)]
            private = StandIns(specification, config, self.mask_key) if config.mask else None
            self._journal = Journal(folder, self.masker, worker, config.headers, [t for t in tokens if t], private)
        # A scenario that a check fails on is not written down as judged, for nobody could judge it again.
        self.subscribers: list[Callable[[Event], None]] = [
            self.assessment.apply,
            self._journal.write if self._journal is not None else functools.partial(_learn_token, self.masker),
        ]
        """Called with each event, in this order."""
        self._left: list[tuple[Play, str, Weight]] = []
        """Scenarios whose answers were lost, with their test."""
        self._notes: list[str] = []
        """Notes of this process on the run as a whole."""
        self._unjudged: dict[str, None] = {}
        """Ids of exchanges that no event has named yet."""
        self.emit(RunStart(self.run))

    def emit(self, event: Event) -> None:
        """Passes an event on. Exchanges come from the thread of the loop, everything else from the main thread."""
        if isinstance(event, Exchange):
            self._unjudged[event.id] = None
        # An interrupt waits until all subscribers know the event, so that the record says what the report says.
        with undisturbed():
            for subscriber in self.subscribers:
                subscriber(event)
        if isinstance(event, ScenarioEnd):
            for exchange in event.transcript.exchanges:
                self._unjudged.pop(exchange.id, None)

    def start(self) -> None:
        """Finds out how to talk to the gateway. Raises Unreachable, and remembers why."""
        try:
            found = self.player.start()
        except Unreachable as error:
            why = f"{error}{advice(self.config.url) if self.config.proxy is None else ''}"
            self.run.unreachable = self.masker.text(why)
            raise Unreachable(why) from error
        begun = begun_by(found.shown, self.config)
        self.emit(Probe(self._take_unjudged(), found.binding, **begun, notes=found.notes))

    def play(self, name: str, play: Play, test: str, weight: Weight = PLAIN) -> ScenarioResult:
        """Plays a scenario, or takes one that was prefetched under this name, and judges it."""
        transcript = self.player.played(name, play)
        if transcript.lost and len(self._left) < MOST_LEFT:
            self._left.append((play, test, weight))
        return self.judge(transcript, test, weight)

    def judge(self, transcript: Transcript, test: str, weight: Weight = PLAIN) -> ScenarioResult:
        """Judges every exchange of a scenario by everything."""
        self.emit(ScenarioEnd(test, transcript, weight))
        return self.assessment.scenario

    def end_test(self, test: str, requirements: Sequence[str], *, drawn: bool = False) -> TestOutcome:
        """Ends a test whose scenarios were judged; see TestEnd."""
        self.emit(TestEnd(test, requirements, drawn))
        return self.assessment.outcome

    def play_left(self) -> None:
        """Plays and judges once more, at the end of a run, the scenarios that lost answers each time (T13)."""
        left, self._left = self._left, []
        if not left or not self.player.back():
            return
        plays = {f"left-{number}": play for number, (play, _, _) in enumerate(left)}
        self.player.prefetch(plays)
        for (name, play), (_, test, weight) in zip(plays.items(), left, strict=True):
            self.judge(self.player.played(name, play), test, weight)
        self._notes.append(f"scenarios that had lost answers and were played once more at the end: {len(left)}")

    def close(self) -> None:
        """Ends the client and its thread. It may be called at any time and more than once."""
        closed = self.player.close()
        if closed is None:
            return
        notes, controls = closed
        if self.run.binding and controls:
            self.judge(Transcript(controls), "")
        self.emit(ProcessEnd([*notes, *self._notes], self.run.unreachable, self.player.sent, self._take_unjudged()))

    def take_over(self, shares: Mapping[str, Share]) -> None:
        """Takes over what worker processes of this run have recorded, and their shares of the verdict.

        A worker that was lost has handed over no share; its record is judged again.
        """
        assert self.folder is not None
        assert self._journal is not None
        for worker in workers(self.folder):
            lost = 0
            if worker in shares:
                self.assessment.join(shares[worker])
            else:
                with Record(self.folder, self.specification, worker=worker) as record:
                    lost = _judge_again(record, self.assessment)
            self._journal.take_over(worker)
            if lost:
                # It did not come to its end, and so did not say how many it had.
                self.emit(ProcessEnd(exchanges=lost))

    def conclude(self, *, narrowed: bool = False) -> Verdict:
        """Ends the run, and returns the verdict on everything that was shown."""
        self.emit(RunEnd(narrowed, time.monotonic() - self._clock))
        verdict = self.assessment.conclude()
        if self.folder is not None:
            reproduce(self.folder, verdict, self.specification)
        return verdict

    def end(self) -> None:
        """Closes everything. It may be called at any time and more than once."""
        self.close()
        if self._journal is not None:
            self._journal.close()

    def _take_unjudged(self) -> tuple[str, ...]:
        """The exchanges that nobody will judge."""
        taken = tuple(self._unjudged)
        self._unjudged.clear()
        return taken


def _judge_again(record: Record, assessment: Assessment) -> int:
    """Judges what a worker has recorded that was lost before it could hand over its share.

    Returns the number of its exchanges; 0 if it came to its end, which says that.
    """
    ended = False
    for event in itertools.chain(record.steps(), record.signups()):
        assessment.apply(event)
        ended = ended or isinstance(event, ProcessEnd)
    return 0 if ended else len(record.exchanges)


def _learn_token(masker: Masker, event: Event) -> None:
    """Keeps tokens out of what is printed of a run without a record."""
    if isinstance(event, Exchange) and event.token_received is not None:
        masker.learn(event.token_received)
