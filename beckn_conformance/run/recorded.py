"""Finds the scenarios of findings in a record, and completes the findings with how to see them again."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from ..judging.finding import Finding
from ..judging.judge import Judge
from ..judging.obligations import compares_replies
from ..judging.outcome import Verdict
from ..judging.tally import Found
from ..messages.exchange import Exchange
from ..record.events import Probe, RunStart, ScenarioEnd
from ..record.reader import Record
from ..record.run import Run
from ..specification.specification import Specification
from .reproduction import replay, tell


@dataclass(frozen=True, slots=True)
class RecordedScenario:
    """A scenario on record, with what judging it takes."""

    run: Run
    probe: Probe
    end: ScenarioEnd

    def judge(self) -> Judge:
        """A judge of the scenario alone, which assumes what the run has shown beside it."""
        judge = judge_of(self.run, self.probe)
        judge.assume_whole_run()
        return judge

    def shows(self, finding: str, exchanges: Sequence[Exchange]) -> bool:
        """Returns True if some exchanges of the scenario are enough for a finding, by its id."""
        judgements = self.judge().judge_together(exchanges)
        return any(judgement.finding is not None and judgement.finding.id == finding for _, judgement in judgements)

    def complete(self, findings: Sequence[Found]) -> None:
        """Completes findings that exchanges of the scenario show with how to see them again."""
        calls = self.end.transcript.calls
        exchanges = {exchange.id: exchange for exchange in calls}
        judge = self.judge()
        # A finding of a live run may hold secrets, and nothing masks a command. This one is made from the record.
        again: dict[tuple[str, str], Finding] = {}
        for exchange, judgement in judge.judge_together(calls):
            if judgement.finding is not None:
                again.setdefault((exchange.id, judgement.finding.id), judgement.finding)
        for found in findings:
            finding = found.finding
            masked = again.get((finding.exchange, finding.id))
            place, expected = (masked.pointer, masked.expected) if masked else ("", "")
            told = tell(
                exchanges[finding.exchange],
                calls,
                self.probe.binding,
                self.run.config,
                history=compares_replies(finding.requirement),
                title=f"{finding.requirement} {place}: {finding.message}",
                expected=expected,
                describe=judge.describe,
                # A recording may lack calls that are needed, and its tokens are masked.
                sendable=not self.run.recorded,
            )
            found.steps, found.curl, found.script = [*told.steps], told.curl, told.script
            if not self.run.recorded:
                found.replay = replay(self.end.test, self.run.config.url)


class RecordedScenarios:
    """Follows a record that may still grow, and finds scenarios in it."""

    def __init__(self, record: Record) -> None:
        self._record = record
        self._run: Run | None = None
        self._probe: Probe | None = None

    def showing(self, ids: Collection[str]) -> Iterator[RecordedScenario]:
        """The scenarios that made any of these exchanges, among those recorded since the last time."""
        for step in self._record.steps(showing=ids):
            match step:
                case RunStart():
                    self._run = step.run
                case Probe():
                    self._probe = step
                case ScenarioEnd() if self._run is not None and self._probe is not None:
                    yield RecordedScenario(self._run, self._probe, step)

    def complete(self, findings: Iterable[Found]) -> None:
        """Completes findings with how to see them again."""
        wanted: dict[str, list[Found]] = {}
        for found in findings:
            wanted.setdefault(found.finding.exchange, []).append(found)
        for scenario in self.showing(wanted):
            shown = [found for exchange in scenario.end.transcript.calls for found in wanted.get(exchange.id, ())]
            if shown:
                scenario.complete(shown)


def reproduce(folder: Path, verdict: Verdict, specification: Specification) -> None:
    """Completes the findings of a verdict with how to see them again, from the record in a report folder."""
    found = [found for outcome in verdict.outcomes for found in outcome.findings]
    if found:
        with Record(folder, specification) as record:
            RecordedScenarios(record).complete(found)


def recorded_scenario(folder: Path, ids: Sequence[str], specification: Specification) -> RecordedScenario | None:
    """The scenario that made the first of these exchanges that is on record; None if none is."""
    with Record(folder, specification) as record:
        found = {e.id: one for one in RecordedScenarios(record).showing(ids) for e in one.end.transcript.exchanges}
    return next((found[id_] for id_ in ids if id_ in found), None)


def judge_of(run: Run, probe: Probe) -> Judge:
    """A judge that knows what a process knew after its probe."""
    judge = Judge(run.specification, run.config, closed=not run.recorded)
    judge.observer.known.unheld = frozenset(probe.unheld)
    judge.observer.known.serves_fresh = probe.serves_fresh
    judge.observer.learn(probe.served, signups_work=probe.signups_work)
    return judge
