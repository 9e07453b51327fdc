"""Judges exchanges in the order of their replies: diagnosis, checks and histories together."""

from __future__ import annotations

import math
from collections import deque
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace

from ..config.gateway import GatewayConfig
from ..messages.exchange import Exchange, TroubleKind, overlapping
from ..specification.actions import SIGNUP
from ..specification.pointer import member
from ..specification.specification import Specification
from .checks import Observation
from .diagnosis import Diagnosis
from .finding import Judgement
from .history import Histories
from .known import Known, KnownRegistrations, documents_of, good_until
from .obligations import of_history
from .origin import Appearance, Origin, family, is_bare
from .preference import PLAIN, Context, Weight, preference
from .recogniser import Recogniser
from .registry import CHECKS

LARGE = 16 * 1024
"""Bytes of a request from which its duration is taken as a measure of the line."""
MOST_DOCUMENTS = 10
"""Documents that a registration may have by every reading (Q10)."""
HOSTILE = ("malformed", "unusual", "large")
"""Purposes of requests that a gateway has to survive (T16)."""


class Judge:
    """Applies every check to every exchange.

    Exchanges of one registration come in the order of sending, those of different registrations in any order.
    """

    def __init__(self, specification: Specification, config: GatewayConfig, *, closed: bool = True) -> None:
        self.known = KnownRegistrations(closed=closed)
        self._specification = specification
        self._config = config
        self._recogniser = Recogniser(specification, config)
        self._histories = Histories(specification, deferred=config.updates == "deferred")
        self._served: set[str] = set()
        self._signups_work = False
        self._appearance = Appearance()
        self._fronted = False
        self._shut_out: set[tuple[int, str]] = set()
        """Status and media type of replies to plain valid requests by something in front of the gateway."""
        self._reached = True
        self._fastest = 0.0
        self._made: dict[str, float] = {}
        self._contended: frozenset[str] = frozenset()
        self._observations: dict[str, Observation] = {}
        self._beforehand = frozenset(id_ for id_, _ in config.registrations)
        for id_, token in config.registrations:
            self.known.add(Known(id_, token))

    def learn(self, served: Iterable[str], *, signups_work: bool) -> None:
        """Takes over from a probe which operations answer with ACK or NACK, and if any signup was acknowledged."""
        self._served |= set(served)
        self._signups_work = self._signups_work or signups_work

    def observation(self, exchange: Exchange) -> Observation | None:
        """Returns what the checks saw of an exchange of the test that is being judged."""
        return self._observations.get(exchange.id)

    def describe(self, exchange: Exchange) -> str:
        """Describes in one line what is special about a request of the test that is being judged."""
        observation = self.observation(exchange)
        return observation.sent if observation else exchange.action

    def by_gateway(self, exchange: Exchange) -> bool:
        """True if the gateway wrote the reply, as far as can be told by now (T6)."""
        return self._appearance.by_gateway(exchange)

    def judge(self, exchange: Exchange) -> Iterator[Judgement]:
        """Yields the judgements on an exchange; state that it establishes applies to later exchanges."""
        # A changed copy of the specification may lack requirements that checks know.
        known = self._specification.requirements
        yield from (judgement for judgement in self._judgements(exchange) if judgement.requirement in known)

    def _judgements(self, exchange: Exchange) -> Iterator[Judgement]:
        observation = self._observations[exchange.id] = self._observe_request(exchange)
        if exchange.peer:
            # Another gateway is judged only for the registrations that it has cloned.
            yield from self._histories.observe(observation)
            return
        if exchange.action == SIGNUP:
            self._introduce(exchange)
        for check in CHECKS:
            if not check.history:
                yield from check.function(observation)
        yield from self._histories.observe(observation)
        if (
            exchange.reply is not None
            and not observation.by_gateway
            and observation.diagnosis.valid
            and not observation.diagnosis.symbols
        ):
            self._shut_out.add((exchange.reply.status, family(exchange.reply)))
        if observation.readable:
            self._served.add(exchange.action)
        if exchange.acknowledged and any(fault.kind == "foreign" for fault in observation.diagnosis.header_faults):
            self.known.binds_tokens = False
        owner = self.known.registrations.get(observation.registration)
        if owner is not None and exchange.acknowledged:
            status = member(exchange.body_of_reply, "/registration/status")
            owner.waits = isinstance(status, str) and status in observation.pending

    @property
    def expired(self) -> bool:
        """True if a token may have expired when it was used in the test that is being judged (H4)."""
        return any(observation.diagnosis.expired for observation in self._observations.values())

    @property
    def doubled(self) -> set[str]:
        """Ids that the gateway gave to more than one registration."""
        return self._histories.doubled

    def judge_together(
        self, exchanges: Sequence[Exchange], weight: Weight = PLAIN
    ) -> Iterator[tuple[Exchange, Judgement]]:
        """Judges the exchanges of a test in the order of their replies, each with the calls that overlap it."""
        ordered = sorted(exchanges, key=lambda e: e.ended)
        changes = [exchange for exchange in ordered if exchange.action in self._specification.changes]
        self._contended = _contended(changes)
        self._observations.clear()
        self.look_at(ordered)
        coming = deque(sorted(ordered, key=lambda e: e.started))
        under_way: list[Exchange] = []
        for exchange in ordered:
            while coming and coming[0].started < exchange.ended:
                under_way.append(coming.popleft())
            still = (e for e in under_way if e.ended >= exchange.ended and e is not exchange)
            under_way = sorted(still, key=lambda e: e.ended)
            for other in under_way:
                if other.action != SIGNUP and other.sent is not None:
                    about = self.known.about(other.sent)
                    self._histories.announce(other, about.id if about else None)
            for judgement in self.judge(exchange):
                yield exchange, _preferred(self._observations[exchange.id], judgement, ordered, weight)

    def look_at(self, exchanges: Sequence[Exchange]) -> None:
        """Learns what the gateway's own replies look like, if anything else answers (T6), and how fast the line is."""
        mine = [exchange for exchange in exchanges if not exchange.peer]
        for exchange in mine:
            self._appearance.learn(exchange)
            size = len(exchange.request.content)
            if size >= LARGE and exchange.reply is not None and exchange.seconds > 0:
                self._fastest = max(self._fastest, size / exchange.seconds)
        self._fronted = self._fronted or any(
            (exchange.trouble is not None and exchange.trouble.kind is TroubleKind.OUTAGE)
            or (is_bare(exchange) and not self._appearance.by_gateway(exchange))
            for exchange in mine
        )

    def forget(self, registration: str) -> None:
        """Drops what is known of a registration that is not called again, to bound memory."""
        self._histories.forget(registration)
        if registration not in self._beforehand:
            self.known.forget(registration)
            self._made.pop(registration, None)

    def _observe_request(self, exchange: Exchange) -> Observation:
        diagnosis = self._recogniser.diagnose(exchange, self.known)
        self.known.learn(exchange, diagnosis.registration)
        origin = self._appearance.origin(exchange)
        if exchange.purpose in HOSTILE:
            self._reached = origin is not Origin.FRONT
        token = exchange.sent.header.get("Token", "") if exchange.sent else ""
        concerned = (diagnosis.registration or "", *self.known.owners.get(token, ()))
        made = max((self._made[id_] for id_ in concerned if id_ in self._made), default=-math.inf)
        return Observation(
            exchange=exchange,
            diagnosis=diagnosis,
            specification=self._specification,
            config=self._config,
            known=self.known,
            served=exchange.action in self._served,
            signups_work=self._signups_work,
            contended=exchange.id in self._contended,
            may_be_refused=exchange.id in self._contended or self._may_be_refused(exchange, diagnosis),
            origin=origin,
            fronted=self._fronted,
            shut_out=exchange.reply is not None and (exchange.reply.status, family(exchange.reply)) in self._shut_out,
            fastest=self._fastest,
            reached=self._reached,
            fresh=exchange.started < made + self._config.settle,
        )

    def _may_be_refused(self, exchange: Exchange, diagnosis: Diagnosis) -> bool:
        """Returns True for a change of a registration on which another one waits, or that has many documents."""
        if exchange.action not in self._specification.changes or diagnosis.registration is None:
            return False
        owner, added = self.known.registrations[diagnosis.registration], documents_of(exchange)
        return owner.waits or (added > 0 and owner.documents + added > MOST_DOCUMENTS)

    def _introduce(self, exchange: Exchange) -> None:
        """Learns id and token from an acknowledged signup."""
        if not exchange.acknowledged:
            return
        self._signups_work = True
        id_, token = exchange.id_received, exchange.token_received
        if id_ is None or token is None:
            return
        self.known.add(Known(id_, token, good_until(exchange)))
        self.known.give(id_, exchange)
        self._made.setdefault(id_, exchange.ended)


def _contended(changes: Sequence[Exchange]) -> frozenset[str]:
    """Ids of the changes to a registration that overlapped another change of it."""
    by_registration: dict[str, list[Exchange]] = {}
    for exchange in changes:
        if exchange.sent is not None:
            by_registration.setdefault(exchange.id_sent or "", []).append(exchange)
    return frozenset().union(*map(overlapping, by_registration.values()))


def _preferred(
    observation: Observation, judgement: Judgement, exchanges: Sequence[Exchange], weight: Weight
) -> Judgement:
    """A judgement with the preference of its finding, if it has one."""
    finding = judgement.finding
    if finding is None:
        return judgement
    history = of_history(finding.requirement)
    context = Context(exchanges, bool(observation.diagnosis.doubts), history)
    return replace(judgement, finding=replace(finding, weight=preference(observation.exchange, context, weight)))
