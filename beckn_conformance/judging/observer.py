"""Observes exchanges: what a request deserved, who wrote the reply, and what the gateway had shown by then."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence

from ..config.gateway import GatewayConfig
from ..messages.exchange import Exchange, TroubleKind, overlapping
from ..specification.actions import SIGNUP
from ..specification.pointer import member
from ..specification.specification import Specification
from .checks import Observation, gives_no_reason, may_be_too_early, may_pass, pending_statuses
from .checks.blame import denied_as_foreign
from .decided import decided
from .diagnosis import Diagnosis
from .known import Known, KnownRegistrations, documents_of, good_until
from .origin import Appearance, family, is_bare
from .recogniser import Recogniser

LARGE = 16 * 1024
"""Bytes of a request from which its duration is taken as a measure of the line."""
MOST_DOCUMENTS = 10
"""Documents that a registration may have by every reading (Q10)."""


class Observer:
    """Knows what a gateway has shown of itself and of what stands in front of it."""

    def __init__(self, specification: Specification, config: GatewayConfig, *, closed: bool) -> None:
        self.known = KnownRegistrations(closed=closed)
        self._specification = specification
        self._config = config
        self._recogniser = Recogniser(specification, config)
        self._served: set[str] = set()
        self._signups_work = False
        self._appearance = Appearance()
        self._fronted = False
        self._shut_out: set[tuple[int, str]] = set()
        """Status and media type of replies to plain valid requests by something in front of the gateway."""
        self._fastest = 0.0
        self._made: dict[str, float] = {}
        self._contended: frozenset[str] = frozenset()
        self._superseded: frozenset[str] = frozenset()
        self._decided: frozenset[str] = frozenset()
        self._beforehand = frozenset(id_ for id_, _ in config.registrations)
        for id_, token in config.registrations:
            self.known.add(Known(id_, token))

    def learn(self, served: Iterable[str], *, signups_work: bool) -> None:
        """Takes over from a probe which operations answer with ACK or NACK, and if any signup was acknowledged."""
        self._served |= set(served)
        self._signups_work = self._signups_work or signups_work

    def by_gateway(self, exchange: Exchange) -> bool:
        """True if the gateway wrote the reply, as far as can be told by now (T6)."""
        return self._appearance.by_gateway(exchange)

    def begin(self, exchanges: Sequence[Exchange]) -> None:
        """Takes note of the exchanges of a test before any of them is observed."""
        self._contended = _contended([one for one in exchanges if one.action in self._specification.changes])
        self._superseded = _superseded(exchanges)
        self._decided = decided(exchanges, self._specification, self._config)
        if not self.known.closed:
            self.known.contest(exchanges)
        self.look_at(exchanges)

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

    def observe(self, exchange: Exchange) -> Observation:
        """Makes an observation with what was known before the exchange, then learns of the registration it made."""
        diagnosis = self._recogniser.diagnose(exchange, self.known)
        superseded = exchange.id in self._superseded
        put_off = exchange.trouble is not None and exchange.trouble.kind is TroubleKind.PATIENCE
        self.known.learn(exchange, diagnosis.registration, passing=superseded or put_off)
        origin = self._appearance.origin(exchange)
        concerned = (diagnosis.registration or "", *self.known.owners.get(exchange.token_sent or "", ()))
        made = max((self._made[id_] for id_ in concerned if id_ in self._made), default=-math.inf)
        observation = Observation(
            exchange=exchange,
            diagnosis=diagnosis,
            specification=self._specification,
            config=self._config,
            known=self.known,
            served=exchange.action in self._served,
            signups_work=self._signups_work,
            contended=exchange.id in self._contended,
            may_be_refused=superseded or exchange.id in self._contended or self._may_be_refused(exchange, diagnosis),
            origin=origin,
            fronted=self._fronted,
            shut_out=exchange.reply is not None and (exchange.reply.status, family(exchange.reply)) in self._shut_out,
            fastest=self._fastest,
            fresh=exchange.started < made + self._config.settle,
        )
        if exchange.action == SIGNUP:
            self._introduce(exchange)
        return observation

    def conclude(self, observation: Observation) -> None:
        """Learns from an exchange that was judged."""
        exchange, diagnosis = observation.exchange, observation.diagnosis
        if exchange.reply is not None and observation.is_plain and not observation.by_gateway:
            self._shut_out.add((exchange.reply.status, family(exchange.reply)))
        if observation.readable:
            self._served.add(exchange.action)
        if exchange.acknowledged and any(fault.kind == "foreign" for fault in diagnosis.header_faults):
            self.known.binds_tokens = False
        unknown = any(fault.kind == "unknown" and fault.of_registration for fault in diagnosis.faults)
        if unknown and exchange.refused and (not gives_no_reason(exchange) or denied_as_foreign(observation)):
            self.known.explained.add(exchange.action)
        owner = self.known.registrations.get(observation.registration)
        change = exchange.action in self._specification.changes
        if owner is not None and change and (exchange.acknowledged or not observation.by_gateway):
            # Without an answer of the gateway, the change may have been accepted all the same, and be waiting.
            owner.waits, owner.changed = True, exchange.ended
        if owner is not None and exchange.acknowledged:
            waits = exchange.status_received in pending_statuses(observation)
            if waits or change or exchange.started >= owner.changed + self._config.settle:
                # Until then, a replica may show the status of before (R19).
                owner.waits = waits
            for fault in diagnosis.body_faults:
                owner.accept(fault.member, member(exchange.body_sent, fault.pointer))

    def forget(self, registration: str) -> None:
        """Drops what is known of a registration that is not called again, to bound memory."""
        if registration not in self._beforehand:
            self.known.forget(registration)
            self._made.pop(registration, None)

    def _may_be_refused(self, exchange: Exchange, diagnosis: Diagnosis) -> bool:
        """Returns True for a call that is put off, for a change of a registration on which another one waits, or that
        has many documents, and for a refusal that blames no more than a registration about which the gateway has
        decided, or may have: a recording need not hold what it shows then."""
        # The signup may come later in a recording whose clock was set.
        owner, added = self.known.registrations.get(diagnosis.registration or ""), documents_of(exchange)
        if exchange.reply is not None and exchange.reply.status in (429, 503) and gives_no_reason(exchange):
            return True
        if exchange.action not in self._specification.changes or owner is None:
            return False
        if not self.known.closed and may_pass(exchange):
            return True
        if (owner.id in self._decided or not self.known.closed) and exchange.refused and may_be_too_early(exchange):
            return True
        return owner.waits or (added > 0 and owner.documents + added > MOST_DOCUMENTS)

    def _introduce(self, exchange: Exchange) -> None:
        """Learns id and token from an acknowledged signup."""
        if not exchange.acknowledged:
            return
        self._signups_work = True
        id_, token = exchange.id_received, exchange.token_received
        if id_ is None or token is None:
            return
        if (first := self.known.registrations.get(id_)) is not None and first.token != token:
            # A provider who signs up again may have got a new token for the old one (Q13).
            first.good_until = -math.inf
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


def _superseded(exchanges: Sequence[Exchange]) -> frozenset[str]:
    """Ids of refusals without a reason after which the same call was made again: its last answer counts (T13)."""
    if not any(map(may_pass, exchanges)):
        return frozenset()
    again: dict[int, float] = {}
    found: set[str] = set()
    for exchange in sorted(exchanges, key=lambda e: e.started, reverse=True):
        if exchange.sent is None or exchange.purpose or exchange.peer:
            continue
        call = hash((exchange.action, exchange.sent.header.get("Token"), repr(exchange.sent.body)))
        if may_pass(exchange) and again.get(call, -math.inf) >= exchange.ended:
            found.add(exchange.id)
        again.setdefault(call, exchange.started)
    return frozenset(found)
