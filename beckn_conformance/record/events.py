"""The events of a run. The journal writes them down, and everything that is said of a run follows from them."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any

from ..judging.preference import PLAIN, Weight
from ..messages.binding import Binding, from_json, to_json
from ..messages.exchange import CONTROL, Exchange
from ..specification.pointer import member
from ..specification.specification import Specification
from .masking import Masker
from .rows import Row
from .run import Run


@dataclass(frozen=True, slots=True)
class Transcript:
    """The exchanges of one scenario."""

    exchanges: Sequence[Exchange]
    unmet: str = ""
    """Why the scenario stopped early."""
    lost: bool = False
    """True if answers were lost each time, so that it is worth playing once more at the end of the run (T13)."""

    @property
    def calls(self) -> list[Exchange]:
        """The exchanges without plain calls that only tried whether the gateway answers."""
        return [exchange for exchange in self.exchanges if exchange.purpose != CONTROL]

    @property
    def controls(self) -> list[Exchange]:
        """Those plain calls."""
        return [exchange for exchange in self.exchanges if exchange.purpose == CONTROL]

    @property
    def registrations(self) -> frozenset[str]:
        """Ids of the registrations that the scenario used. No other scenario uses them."""
        return frozenset(
            id_
            for exchange in self.exchanges
            for value in (exchange.body_of_reply, exchange.body_sent)
            if isinstance(id_ := member(value, "/registration/id"), str)
        )


@dataclass(frozen=True, slots=True)
class RunStart:
    """A process joins the run. Several processes may share one run."""

    run: Run


@dataclass(frozen=True, slots=True)
class Probe:
    """The first calls of a process have shown how to talk to the gateway. They are not judged."""

    probe: Sequence[str]
    """Ids of the calls."""
    binding: Binding
    served: Sequence[str]
    """Operations that answered with ACK or NACK."""
    signups_work: bool
    serves_fresh: bool
    """True if the gateway serves registrations before they are verified, or verified ones can be had."""
    notes: Sequence[str] = ()
    unheld: Sequence[str] = ()
    """Members of the header that a recording says nothing about."""


@dataclass(frozen=True, slots=True)
class ScenarioEnd:
    """A scenario of a test has been played."""

    test: str
    transcript: Transcript
    weight: Weight = PLAIN


@dataclass(frozen=True, slots=True)
class TestEnd:
    """All scenarios of a test have been played."""

    __test__ = False

    test: str
    requirements: Sequence[str]
    """Requirements that the test is there to exercise."""
    drawn: bool = False
    """True if the messages were drawn at random, so that they need not exercise every requirement."""


@dataclass(frozen=True, slots=True)
class ProcessEnd:
    """A process has played everything it had to."""

    notes: Sequence[str] = ()
    unreachable: str = ""
    """Why the gateway gave no usable answer."""
    exchanges: int = 0
    """Requests that were sent, repeated ones included."""
    unjudged: Sequence[str] = ()
    """Ids of exchanges that were given up."""


@dataclass(frozen=True, slots=True)
class RunEnd:
    """The run is over, in all processes."""

    narrowed: bool
    """True if a part of the suite was left out."""
    seconds: float
    chains: Mapping[str, str] = field(default_factory=dict)
    """By file of the record, the end of its chain. The journal adds them."""


Event = RunStart | Probe | Exchange | ScenarioEnd | TestEnd | ProcessEnd | RunEnd
"""An exchange is the event of its reply, or of the failure to get one."""
Step = RunStart | Probe | ScenarioEnd | TestEnd | ProcessEnd | RunEnd
"""An event that is written to the course of the run."""


KINDS: Mapping[str, type[Step]] = {
    "run": RunStart,
    "begun": Probe,
    "judged": ScenarioEnd,
    "tested": TestEnd,
    "closed": ProcessEnd,
    "ended": RunEnd,
}
"""By their name on record; the members of a row are those of its step, unless ``row_of_step`` says otherwise."""
_NAMES = {step: name for name, step in KINDS.items()}


def row_of_step(step: Step, masker: Masker) -> Row:
    """A step as a row of the course. The caller masks it."""
    match step:
        case RunStart():
            facts = step.run.to_json(masker)
        case Probe():
            facts = {**asdict(step), "binding": to_json(step.binding)}
        case ScenarioEnd():
            facts = {
                "test": step.test,
                "exchanges": [exchange.id for exchange in step.transcript.exchanges],
                "unmet": step.transcript.unmet,
                **({"offset": step.weight.offset} if step.weight.offset else {}),
                **({"exact": step.weight.exact} if step.weight.exact is not None else {}),
            }
        case _:
            facts = asdict(step)
    return {"kind": _NAMES[type(step)], **facts}


def step_of(
    row: Mapping[str, Any], specification: Specification, exchanges: Callable[[Sequence[str]], Sequence[Exchange]]
) -> Step:
    """The step of a row; ``exchanges`` looks them up by id.

    Raises KeyError, TypeError or ValueError for a row that ``row_of_step`` did not write.
    """
    facts = {name: value for name, value in row.items() if name != "kind"}
    match row["kind"]:
        case "run":
            return RunStart(Run.from_json(row, specification))
        case "begun":
            return Probe(**{**facts, "binding": from_json(row["binding"])})
        case "judged":
            weight = Weight(row.get("offset", 0), row.get("exact"))
            return ScenarioEnd(row["test"], Transcript(exchanges(row["exchanges"]), row["unmet"]), weight)
        case kind:
            return KINDS[kind](**facts)
