"""The record of a run as it lies on disk, and what follows from it when everything in it is judged again."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from ..judging.finding import Finding
from ..judging.outcome import Verdict, conclude
from ..judging.preference import Weight
from ..judging.tally import Tally
from ..messages.binding import from_json
from ..messages.exchange import CONTROL, Exchange
from ..messages.registration import registration_of
from ..record.integrity import Account, misbegun, out_of_order
from ..record.journal import COURSE, EXCHANGES
from ..record.masking import Masker
from ..record.reader import Course, Exchanges
from ..record.run import Run
from ..specification.actions import GET, SIGNUP
from ..specification.specification import Specification
from .assessment import Assessment, ScenarioResult, Transcript

Row = Mapping[str, Any]


@dataclass
class Rejudgement:
    """What a record shows when it is judged again."""

    run: Run
    tally: Tally
    complete: bool
    """Whether the run came to its end."""
    ran: dict[str, list[str]] = field(default_factory=dict)
    """The tests that were judged, with the requirements they exercise."""
    scenarios: Counter[str] = field(default_factory=Counter)
    """How many scenarios of each test were judged, but for those that only made an example smaller."""
    hostile: set[str] = field(default_factory=set)
    """The tests of which an exchange is said to be more than a message, so that it is judged more softly."""
    flaws: list[str] = field(default_factory=list)
    """What is wrong with the record as a record, so that nothing can be said of the run as a whole."""
    chains: dict[str, str] = field(default_factory=dict)
    """Ends of the chains of the files of the record, by their kind."""

    def conclude(self) -> Verdict:
        """The verdict that follows; waivers count as of the day of the run."""
        run = self.run
        return conclude(
            self.tally,
            run.specification,
            run.config,
            strict=run.strict,
            narrowed=run.narrowed or not self.complete or bool(self.flaws),
            unreachable=run.unreachable,
            can_verify=run.can_verify,
            today=run.started.date(),
        )


def rejudge(folder: Path, specification: Specification) -> Rejudgement:
    """Judges the record in a report folder again, with this kit and without the gateway.

    Raises UsageError where there is no record, or one that no run has written.
    """
    course = Course(folder)
    exchanges = Exchanges(folder)
    try:
        return _rejudge(course, exchanges, specification)
    except (KeyError, TypeError, ValueError, AttributeError, IndexError) as error:
        raise course.damaged(error) from error
    finally:
        exchanges.close()


def _rejudge(course: Course, exchanges: Exchanges, specification: Specification) -> Rejudgement:
    rows: Iterator[Row] = iter(course)
    first = next(rows, None)
    if first is None or first["kind"] != "run":
        raise ValueError("it does not begin with a run")
    whole = Run.from_json(first, specification)
    result = Rejudgement(whole, Tally(), complete=False)
    masker = Masker()
    part = _Part(whole, masker, exchanges)
    account = Account()
    for row in rows:
        account.take(row)
        match row["kind"]:
            case _ if result.complete:
                raise ValueError("it goes on after its end")
            case "run":
                # Another process of the same run: it has judged by itself.
                part.merge_into(result)
                part = _Part(Run.from_json(row, specification), masker, exchanges)
            case "ended":
                result.complete = True
                whole.narrowed, whole.seconds = row["narrowed"], row["seconds"]
                if row["chains"] != {EXCHANGES: exchanges.chain.end, COURSE: course.before}:
                    result.flaws.append("it is not as the run left it: lines were changed, moved, added or taken out")
            case _:
                part.take(row, result)
    part.merge_into(result)
    result.chains = {EXCHANGES: exchanges.chain.end, COURSE: course.chain.end}
    result.flaws += exchanges.flaws
    if not whole.recorded:
        result.flaws += out_of_order(exchanges)
    result.flaws += account.flaws(exchanges)
    if not result.complete or whole.narrowed:
        # Then it is no wonder that something was made and not judged.
        result.flaws.clear()
    whole.notes += [f"the record is not whole: {flaw}" for flaw in result.flaws]
    last = whole.started.timestamp()
    counted = 0
    for id_ in exchanges:
        row = exchanges.row(id_)
        counted += 1
        last = max(last, row["started"] + row["seconds"])
        if row["operation"] == SIGNUP and (registered := part.registration(id_)):
            whole.register(registered)
    whole.exchanges = whole.exchanges or counted
    whole.seconds = whole.seconds or last - whole.started.timestamp()
    return result


class _Part:
    """What one process of a run has judged."""

    def __init__(self, run: Run, masker: Masker, exchanges: Exchanges) -> None:
        self.run = run
        self._assessment = Assessment(run, masker)
        self._exchanges = exchanges
        self._findings: dict[str, Finding] = {}
        self._exercised: set[str] = set()
        self._reason = ""
        self._begun = False

    def take(self, row: Row, result: Rejudgement) -> None:
        """Follows one step of the course of the run."""
        match row["kind"]:
            case "begun":
                if self._begun:
                    raise ValueError("what was begun is begun again")
                self._begun = True
                _learn(self._assessment, row)
                probe = self._exchanges.scenario(row["probe"], self._assessment.binding)
                result.flaws += misbegun(self.run, row, probe)
                self.run.binding = self._assessment.binding.name
                self.run.notes += row["notes"]
            case "judged":
                if not self._begun:
                    raise ValueError("something is judged before the run was begun")
                self._judge(row, result)
            case "tested":
                judged = ScenarioResult(self._findings, self._exercised, self._reason)
                self._assessment.outcome(row["requirements"], judged, row["test"], drawn=row["drawn"])
                result.ran[row["test"]] = row["requirements"]
                self._findings, self._exercised, self._reason = {}, set(), ""
            case "closed":
                self.run.notes += row["notes"]
                self.run.unreachable = row["unreachable"]
                self.run.exchanges = row["exchanges"]

    def _judge(self, row: Row, result: Rejudgement) -> None:
        exchanges = self._exchanges.scenario(row["exchanges"], self._assessment.binding)
        weight = Weight(row.get("offset", 0), row.get("exact"))
        judged = self._assessment.judge(Transcript(exchanges, row["unmet"]), row["test"], weight)
        for exchange in exchanges:
            if exchange.purpose == CONTROL:
                if exchange.action != GET:
                    result.flaws.append(f"exchange {exchange.id} is called a plain call, and is a {exchange.action}")
            elif exchange.purpose:
                result.hostile.add(row["test"])
        if weight.exact is None:
            # What lost its answers is played once more at the end, when its test is over.
            result.scenarios[row["test"]] += row["test"] not in result.ran
            self._findings |= {k: v for k, v in judged.findings.items() if k not in self._findings}
            self._exercised |= judged.exercised
            self._reason = judged.reason or self._reason

    def registration(self, id_: str) -> str:
        """Id of the registration that a signup made; empty where it made none."""
        made = registration_of(self._exchanges.exchange(id_, self._assessment.binding))
        return made.id if made else ""

    def merge_into(self, result: Rejudgement) -> None:
        """Adds what this process has shown to what the others have."""
        whole = result.run
        result.tally.merge(self._assessment.tally.to_json())
        if self.run is not whole:
            whole.notes += [note for note in self.run.notes if note not in whole.notes]
            whole.unreachable = whole.unreachable or self.run.unreachable
            whole.exchanges += self.run.exchanges
            whole.binding = whole.binding or self.run.binding


def _learn(assessment: Assessment, row: Row) -> None:
    assessment.learn(
        binding=from_json(row["binding"]),
        served=row["served"],
        signups_work=row["signups_work"],
        serves_fresh=row["serves_fresh"],
        unheld=row.get("unheld", ()),
    )


@dataclass(frozen=True, slots=True)
class Scenario:
    """What one scenario of a recorded run exchanged, and what judging it needs."""

    exchanges: tuple[Exchange, ...]
    begun: Row
    """What was found out before anything was judged."""

    def shows(self, run: Run, exchanges: Sequence[Exchange], finding: str) -> bool:
        """Whether some of its exchanges are enough to come to a finding."""
        assessment = Assessment(run, Masker())
        _learn(assessment, self.begun)
        return finding in assessment.judge(Transcript(tuple(exchanges)), "").findings


def scenario_of(folder: Path, id_: str) -> Scenario | None:
    """The scenario in which an exchange was made; None where that is not on record."""
    course = Course(folder)
    exchanges = Exchanges(folder)
    begun: Row = {}
    try:
        for row in course:
            if row["kind"] == "begun":
                begun = row
            elif row["kind"] == "judged" and id_ in row["exchanges"]:
                binding = from_json(begun["binding"])
                return Scenario(exchanges.scenario(row["exchanges"], binding), begun)
    except (KeyError, TypeError, ValueError) as error:
        raise course.damaged(error) from error
    finally:
        exchanges.close()
    return None


def run_of(folder: Path, specification: Specification) -> Run:
    """The run that a record is of; raises UsageError as ``rejudge`` does."""
    course = Course(folder)
    try:
        return Run.from_json(next(iter(course)), specification)
    except (KeyError, TypeError, ValueError, StopIteration) as error:
        raise course.damaged(error) from error
