"""Judges replies against the histories of their registrations.

The model of a registration is sequential: each acknowledged update replaces the value of ``info`` (a partial one is
laid over it), documents are only ever added, and a NACK changes nothing. A history, with the times at which calls
were sent and their replies ended, is accepted if some order of its calls explains all replies. The order respects real
time: a call sent after the reply to another comes after it, and of calls that overlap either may be first. A
Provider/get may lag by up to ``settle`` (R19).

Reported are: values that no order explains (a mix, or values of a refused update, of another registration, of nobody);
an acknowledged document that is missing although no call in flight and no lag excuses it; an update that is missing
although all updates that could have overwritten it came before it; values that a Provider/get has shown and that give
way to earlier ones, or to values that had been replaced before (A, B, A).

Not reported, because nobody can know:

- which of overlapping updates has to win. An update lost to a parallel one is no finding, not even if both are partial
  and sent different members;
- whether an update that was never seen is lost or waits for approval (so UPDATE-VISIBLE is a SHOULD);
- anything from reads that may lag, except that they show the state of some moment;
- anything about ``info`` after a faulty update was acknowledged;
- whether a change may be refused while another is under way;
- whether ``info`` and documents in one reply are of the same moment.

A race that did not happen is not found.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import Any

from ...config.gateway import GatewayConfig
from ...messages.exchange import Exchange
from ...messages.json_text import tame
from ...messages.text import shown
from ...specification.actions import GET, SIGNUP
from ...specification.catalogue import Requirement
from ...specification.pointer import places
from ...specification.specification import Specification
from ..checks import Observation
from ..diagnosis import DoubtKind
from ..finding import Judgement, Obligation
from ..hashes import Hashes
from ..registry import history_check, per_operation
from .course import Watch
from .documents import Owners
from .large import PURPOSE, Large
from .registration import Registration

MANY = 60
"""Registrations of a run among which no id may be given twice."""


def _in_number(requirement: Requirement, specification: Specification, config: GatewayConfig) -> Iterator[Obligation]:
    yield from per_operation(requirement, specification, config)
    yield Obligation(kind=f"{MANY} registrations")


class Histories:
    """The histories of all registrations (R2, R5, R7, R8, R10, R12, R13, R17)."""

    def __init__(self, specification: Specification) -> None:
        self._specification = specification
        self._registrations: dict[str, Registration] = {}
        self._ids = Hashes()
        """All ids that signups were given, numbered in their order."""
        self._last = self._again = 0
        """Numbers of the id that was given last, and of the last one that was given in order once more."""
        self._owners = Owners()
        self._watch = Watch()
        self._large = Large()
        self.doubled: set[str] = set()
        """Ids that were given to more than one signup: what is shown of one may be another's."""

    def trust_statuses(self) -> None:
        """Takes it that a whole run has shown that statuses stay as they are without a change (R7, R17)."""
        self._watch.registration = self._watch.documents = math.inf

    def forget(self, registration: str) -> None:
        """Drops a history that no further exchange will come for."""
        self._registrations.pop(registration, None)
        self._large.forget(registration)

    def has(self, registration: str) -> bool:
        """Tells whether a registration has a history."""
        return registration in self._registrations

    def announce(self, exchange: Exchange, registration: str) -> None:
        """Takes note of a change before its reply is judged: a call made meanwhile may show it already (X3)."""
        self._registrations[registration].announce(exchange)

    def observe(self, observation: Observation) -> Iterator[Judgement]:
        """Judges one exchange and learns from it; exchanges come in the order in which their replies ended."""
        exchange, id_ = observation.exchange, observation.diagnosis.registration
        history = self._registrations.get(id_ or "")
        if exchange.peer:
            if history is not None and observation.action == GET and observation.diagnosis.valid:
                yield from history.clones.judge(observation)
            return
        if exchange.purpose == PURPOSE:
            yield from self._large.observe(observation)
        if observation.action == SIGNUP:
            yield from self._signed_up(observation)
        elif observation.action != GET and observation.action not in self._specification.changes:
            # Any other operation changes nothing; its own requirements say what it shows.
            return
        elif history is not None:
            history.announce(exchange)
            yield from history.observe(observation)
        elif observation.action == GET:
            self._adopt(observation)
        elif exchange.acknowledged:
            self._stray(observation)

    def _begin(self, id_: str) -> Registration:
        history = Registration(id_, self._specification, self._owners, self._watch)
        self._registrations[id_] = history
        return history

    def _adopt(self, observation: Observation) -> None:
        """Starts the history of a registration that was made beforehand."""
        id_ = observation.diagnosis.registration
        if id_ is None or id_ in self.doubled or not observation.diagnosis.valid:
            return
        if observation.exchange.acknowledged:
            self._begin(id_).adopt(observation)

    def _stray(self, observation: Observation) -> None:
        """Takes note of an acknowledged change that names no known registration: it may be that of the token."""
        sent = observation.exchange.sent
        for owner in observation.known.owners.get(sent.header.get("Token", ""), ()) if sent else ():
            if history := self._registrations.get(owner):
                history.doubt()
                history.course.written = None

    @history_check("SIGNUP-ID-UNIQUE", obligations=_in_number)
    def _signed_up(self, observation: Observation) -> Iterator[Judgement]:
        exchange = observation.exchange
        unusual = _unusual(self._specification, exchange.body_sent)
        if not exchange.acknowledged:
            if unusual and exchange.refused:
                yield observation.ok("SIGNUP-LONG-KEPT")
            return
        id_ = exchange.id_received
        if id_ is None:
            return
        number = self._ids[hash(id_)]
        last, self._last = self._last, number or len(self._ids) + 1
        if number:
            doubts = observation.diagnosis.doubts
            if exchange.sent is None or any(d.kind is DoubtKind.TAKEN and d.pointer[:6] == "/info/" for d in doubts):
                # The provider may have signed up before, so it may be given the registration that it has (Q13).
                if history := self._registrations.get(id_):
                    history.doubt()
                return
            self._registrations.pop(id_, None)
            starts_over = number != last and (number == 1 or number > self._again)
            if observation.known.closed or not starts_over:
                self.doubled.add(id_)
                yield observation.bad(
                    "SIGNUP-ID-UNIQUE",
                    "/registration/id",
                    "shared-id",
                    "two signups are given the same id",
                    "an id that no other signup was given",
                    f"{shown(id_, 60)}, which an earlier signup was given",
                )
                return
            # The ids start over in a recording of two gateways, or of one that was set up again.
            self._again = number
        self._ids[hash(id_)] = self._last
        yield observation.ok("SIGNUP-ID-UNIQUE")
        if len(self._ids) == MANY:
            yield observation.ok("SIGNUP-ID-UNIQUE", Obligation(kind=f"{MANY} registrations"))
        yield from self._begin(id_).sign_up(observation, unusual)


def _unusual(specification: Specification, sent: Any) -> set[str]:
    """Pointers of the texts of a signup that satisfy every reading except by their length."""
    sent = tame(sent)
    return {
        pointer
        for candidate in specification.members(SIGNUP)
        # How much data of a document is kept is another question (Q10).
        if candidate.scalar and candidate.pointer != "/documents/*/data"
        for pointer, value in places(sent, candidate.pointer)
        if candidate.borders.unusual(value)
    }
