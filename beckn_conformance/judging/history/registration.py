"""The history of one registration: passes each call about it to its parts."""

from __future__ import annotations

from collections.abc import Iterator

from ...messages.exchange import Exchange
from ...specification.actions import GET
from ...specification.pointer import at_or_below, member
from ...specification.requests import replaced_names
from ...specification.specification import Specification
from ..checks import Observation
from ..checks.observed_reply import is_disguised
from ..diagnosis import DoubtKind
from ..finding import Judgement
from ..registry import history_check
from .clones import Clones
from .course import Course, Watch
from .documents import Documents, Owners
from .form import same_but_for_form
from .members import Echo
from .pairing import pair
from .part import Part
from .status import Status
from .unchanging import Unchanging


class Registration:
    """The past of a registration, as far as later replies can tell."""

    def __init__(self, id_: str, specification: Specification, owners: Owners, watch: Watch) -> None:
        self.course = Course(watch=watch)
        self._changes = specification.changes
        changes = [change for change in self._changes.values() if change.replaces]
        self.parts = [Part(change, replaced_names(specification, change)) for change in changes]
        self.documents = Documents(id_, owners, specification.names("/documents/*"))
        self.unchanging = Unchanging()
        self.status = Status()
        self.clones = Clones(self.parts, self.documents, self.unchanging)
        self._announced: set[str] = set()

    # How it begins.

    @history_check("SIGNUP-ECHO", "SIGNUP-ECHO-EXACT", "SIGNUP-LONG-KEPT")
    def sign_up(self, observation: Observation, unusual: set[str]) -> Iterator[Judgement]:
        """Starts with what an acknowledged signup sent, and judges what its reply shows of that."""
        exchange, diagnosis = observation.exchange, observation.diagnosis
        self.course.written_at = exchange.ended
        self.course.begin(observation)
        self.status.begin(observation)
        sent = exchange.body_sent
        if not isinstance(sent, dict) or diagnosis.faulty:
            self.doubt()
            return
        for part in self.parts:
            part.begin(observation, sent, exchange.ended)
            part.members.unusual |= unusual
            for doubt in diagnosis.doubts:
                if not doubt.of_acceptance:
                    part.members.unsure.add("/".join(doubt.pointer.split("/")[:3]))
        self.unchanging.members.unusual |= unusual
        documents = member(sent, "/documents")
        unclear = {doubt.pointer for doubt in diagnosis.doubts if not doubt.of_acceptance} - unusual
        if isinstance(documents, list) and not any(at_or_below(pointer, "/documents") for pointer in unclear):
            names = [member(sent, place) for place in unusual if at_or_below(place, "/documents")]
            self.documents.begin(documents, exchange.ended, names)
        else:
            self.documents.certain = False
        self.unchanging.values = {
            pointer: member(sent, pointer)
            for pointer in observation.specification.unchanging
            if pointer in unusual or not diagnosis.clouds(pointer)
        }
        yield from self._echo(observation)
        if any(same_but_for_form(member(observation.body_of_reply, place), member(sent, place)) for place in unusual):
            yield observation.ok("SIGNUP-LONG-KEPT")

    def _echo(self, observation: Observation) -> Iterator[Judgement]:
        """Judges the reply to a signup."""
        body = observation.body_of_reply
        echo = Echo(observation, "SIGNUP-ECHO", "SIGNUP-ECHO-EXACT")
        for part in self.parts:
            yield from part.echo(echo, part.candidates.values[0], part.of(body))
        yield from self.unchanging.echo(echo, body)
        if self.documents.certain:
            yield from self.documents.judge(observation, self.course)
            pairings = pair(self.documents.all, member(body, "/documents"), observation)
            if not all(pairing.kind == "same" for pairing in pairings):
                echo.failed |= {echo.value, echo.form}
            elif not all(pairing.exact for pairing in pairings):
                echo.failed.add(echo.form)
        yield from echo.close()

    def adopt(self, observation: Observation) -> None:
        """Starts with what a first Provider/get shows of a registration that was made beforehand."""
        body = observation.body_of_reply
        documents = member(body, "/documents")
        for part in self.parts:
            if isinstance(member(body, part.change.replaces), dict):
                part.begin(observation, body, 0.0)
        if isinstance(documents, list) and all(isinstance(item, dict) for item in documents):
            self.documents.begin(documents, 0.0)
        self.unchanging.values = {pointer: member(body, pointer) for pointer in observation.specification.unchanging}
        self.course.begin(observation)
        self.status.begin(observation)

    # What happens to it.

    def announce(self, exchange: Exchange) -> None:
        """Takes note of a change before its reply is judged: a call made meanwhile may show it already (X3)."""
        if exchange.id in self._announced or exchange.sent is None:
            return
        self._announced.add(exchange.id)
        if exchange.action in self._changes:
            self.course.under_way.add(exchange.id)
        for part in self.parts:
            part.announce(exchange, exchange.sent.body)
        self.documents.announce(exchange, member(exchange.sent.body, "/documents"))

    def observe(self, observation: Observation) -> Iterator[Judgement]:
        """Judges a reply about the registration, and learns from it."""
        self.course.under_way.discard(observation.exchange.id)
        if observation.exchange.acknowledged and observation.message:
            yield from self._acknowledged(observation)
        elif observation.refused:
            for part in self.parts:
                yield from part.refuse(observation)
            yield from self.documents.refuse(observation)
            if observation.action != GET:
                self.course.touch(observation)
                self.course.refused = observation.action if observation.exchange.sent else self.course.refused
        else:
            self._unanswered(observation)

    def _acknowledged(self, observation: Observation) -> Iterator[Judgement]:
        dark = self._is_of_another(observation) or observation.diagnosis.faulty or is_disguised(observation)
        clear = not dark and _is_clear(observation)
        for part in self.parts:
            part.acknowledge(observation, clear=clear)
        self.documents.acknowledge(observation, clear=clear)
        if dark:
            if observation.action != GET:
                # Nobody knows what it did to the registration, so nothing from before is held against what comes.
                self.course.written = self.course.refused = None
                self.course.touch(observation)
                self.status.unknown()
            return
        yield from self.status.judge(observation, self.course)
        for part in self.parts:
            yield from part.judge(observation, self.course)
        yield from self.unchanging.judge(observation, self.course)
        yield from self.documents.judge(observation, self.course)
        self.status.observe(observation, self.course)
        if observation.action == GET:
            self.course.look(observation)
            self.clones.observe(observation)
        else:
            self.course.change(observation)

    def _is_of_another(self, observation: Observation) -> bool:
        """True for a reply that shows another registration by id and values, which its id alone is judged for."""
        if observation.exchange.id_received in (None, observation.diagnosis.registration):
            return False
        body = observation.body_of_reply
        shown = [(part, part.of(body)) for part in self.parts]
        others = any(part.can_judge(found) and part.matching(found) is None for part, found in shown)
        return others or self.unchanging.differs(body)

    def _unanswered(self, observation: Observation) -> None:
        """Takes note of a call without a readable answer: a change may have been made or not, after a crash by half."""
        known = observation.exchange.sent is not None and not observation.by_gateway
        for part in self.parts:
            part.lose(observation, known=known)
        self.documents.lose(observation, known=known)
        if observation.action != GET:
            self.course.written, self.course.certain = None, False
            self.course.touch(observation)

    def doubt(self) -> None:
        """Takes note of a change that cannot be told: anything may be shown from now on."""
        self.documents.certain = False
        self.unchanging.values = {}
        for part in self.parts:
            part.candidates.certain = False


def _is_clear(observation: Observation) -> bool:
    """Tells whether nothing is unclear about what a change does, though it may be about whether it is accepted."""
    doubts = observation.diagnosis.doubts
    return all(doubt.pointer.startswith("header:") or doubt.kind is not DoubtKind.OTHER for doubt in doubts)
