"""Judges the record of a run again, without the gateway."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path

from ..judging.outcome import Verdict
from ..judging.tally import Tally
from ..messages.exchange import CONTROL
from ..record.events import Event, Probe, RunEnd, RunStart, ScenarioEnd, TestEnd
from ..record.integrity import Account, misbegun, out_of_order
from ..record.journal import COURSE, EXCHANGES
from ..record.reader import Record
from ..record.run import Run
from ..specification.actions import GET
from ..specification.specification import Specification
from .assessment import Assessment
from .recorded import reproduce


@dataclass
class Rejudgement:
    """The result of judging a record again."""

    folder: Path
    assessment: Assessment
    complete: bool = False
    """True if the run came to its end."""
    ran: dict[str, list[str]] = field(default_factory=dict)
    """By test, the requirements that it exercises."""
    scenarios: Counter[str] = field(default_factory=Counter)
    """By test, the number of its scenarios, without those that only made an example smaller."""
    hostile: set[str] = field(default_factory=set)
    """Tests that claim to have sent hostile input, which is judged less strictly."""
    flaws: list[str] = field(default_factory=list)
    """Defects of the record itself. With any, nothing can be said of the run as a whole."""
    chains: dict[str, str] = field(default_factory=dict)
    """Ends of the chains of the files of the record, by their kind."""

    @property
    def run(self) -> Run:
        return self.assessment.run

    @property
    def tally(self) -> Tally:
        return self.assessment.tally

    def conclude(self) -> Verdict:
        """The verdict that follows; waivers count as of the day of the run."""
        verdict = self.assessment.conclude(narrowed=not self.complete or bool(self.flaws))
        reproduce(self.folder, verdict, self.run.specification)
        return verdict

    def apply(self, event: Event) -> None:
        """Takes an event into account."""
        if self.complete:
            raise ValueError("it goes on after its end")
        self.assessment.apply(event)
        match event:
            case ScenarioEnd():
                self._count(event)
            case TestEnd():
                self.ran[event.test] = [*event.requirements]
            case RunEnd():
                self.complete = True

    def _count(self, event: ScenarioEnd) -> None:
        for exchange in event.transcript.exchanges:
            if exchange.purpose == CONTROL:
                if exchange.action != GET:
                    self.flaws.append(f"exchange {exchange.id} is called a plain call, and is a {exchange.action}")
            elif exchange.purpose:
                self.hostile.add(event.test)
        if event.weight.exact is None and event.test not in self.ran:
            # Scenarios that lost answers are played once more after their test has ended.
            self.scenarios[event.test] += 1


def rejudge(folder: Path, specification: Specification) -> Rejudgement:
    """Judges the record in a report folder again, with this kit and without the gateway.

    Raises UsageError if there is no record, or one that no run has written.
    """
    with Record(folder, specification) as record:
        return _rejudge(folder, record)


def _rejudge(folder: Path, record: Record) -> Rejudgement:
    first = record.start()
    run, account = first.run, Account()
    result = Rejudgement(folder, Assessment(run))
    result.apply(first)
    process = run
    for step in record.steps():
        account.apply(step)
        result.apply(step)
        match step:
            case RunStart():
                process = step.run
            case Probe():
                calls = record.exchanges.scenario(step.probe, step.binding)
                result.flaws += misbegun(process, step, calls)
            case RunEnd():
                if step.chains != {EXCHANGES: record.exchanges.chain.end, COURSE: record.course.before}:
                    result.flaws.append("it is not as the run left it: lines were changed, moved, added or taken out")
    result.chains = {EXCHANGES: record.exchanges.chain.end, COURSE: record.course.chain.end}
    result.flaws += record.exchanges.flaws
    if not run.recorded:
        result.flaws += out_of_order(record.exchanges)
    result.flaws += account.flaws(record.exchanges)
    if not result.complete or run.narrowed or run.unreachable:
        # A run that was cut short, or has found no gateway, has exchanges that were not judged.
        result.flaws.clear()
    run.notes += [f"the record is not whole: {flaw}" for flaw in result.flaws]
    for signup in record.signups():
        result.assessment.apply(signup)
    run.exchanges = run.exchanges or len(record.exchanges)
    run.seconds = run.seconds or max(record.until() - run.started.timestamp(), 0.0)
    return result
