"""Judges exchanges in the order of their replies: checks and histories together."""

from __future__ import annotations

import itertools
from collections import defaultdict, deque
from collections.abc import Iterator, Sequence
from dataclasses import replace

from ..config.gateway import GatewayConfig
from ..messages.exchange import Exchange
from ..specification.actions import SIGNUP
from ..specification.pointer import member
from ..specification.specification import Specification
from .checks import Observation
from .finding import SHARED, Finding, Judgement
from .history import Histories
from .obligations import compares_replies
from .observer import Observer
from .preference import PLAIN, Surroundings, Weight
from .registry import CHECKS


class Judge:
    """Applies every check to every exchange.

    Exchanges of one registration come in the order of sending, those of different registrations in any order.
    """

    def __init__(self, specification: Specification, config: GatewayConfig, *, closed: bool = True) -> None:
        self.observer = Observer(specification, config, closed=closed)
        self._specification = specification
        self._histories = Histories(specification)
        self._observations: dict[str, Observation] = {}

    def observation(self, exchange: Exchange) -> Observation | None:
        """Returns what the checks saw of an exchange of the test that is being judged."""
        return self._observations.get(exchange.id)

    def describe(self, exchange: Exchange) -> str:
        """Describes in one line what is special about a request of the test that is being judged."""
        observation = self.observation(exchange)
        return observation.sent if observation else exchange.action

    def judge(self, exchange: Exchange) -> Iterator[Judgement]:
        """Yields the judgements on an exchange; state that it establishes applies to later exchanges."""
        observation = self._observations[exchange.id] = self.observer.observe(exchange)
        # Another gateway is judged only for the registrations that it has cloned.
        checks = () if exchange.peer else (check.function(observation) for check in CHECKS if not check.history)
        judgements = itertools.chain(itertools.chain.from_iterable(checks), self._histories.observe(observation))
        # A changed copy of the specification may lack requirements that checks know.
        known = self._specification.requirements
        yield from (judgement for judgement in judgements if judgement.requirement in known)
        if not exchange.peer:
            self.observer.conclude(observation)

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
        self._observations.clear()
        self.observer.begin(ordered)
        surroundings = Surroundings(ordered)
        coming = deque(sorted(ordered, key=lambda e: e.started))
        under_way: defaultdict[str, list[Exchange]] = defaultdict(list)
        for exchange in ordered:
            while coming and coming[0].started < exchange.ended:
                begun = coming.popleft()
                under_way[_concerned(begun)].append(begun)
            id_ = _concerned(exchange)
            if self._histories.has(id_):
                for other in sorted(under_way.pop(id_, ()), key=lambda e: e.ended):
                    if other.ended >= exchange.ended:
                        self._histories.announce(other, id_)
            for judgement in self.judge(exchange):
                if judgement.finding is not None:
                    finding = self._preferred(exchange, judgement.finding, surroundings, weight)
                    judgement = replace(judgement, finding=finding)
                yield exchange, judgement

    def _preferred(self, exchange: Exchange, finding: Finding, surroundings: Surroundings, weight: Weight) -> Finding:
        """A finding with its preference."""
        observation = self._observations[exchange.id]
        preference = surroundings.preference(
            exchange,
            weight,
            doubtful=bool(observation.diagnosis.doubts),
            remarkable=bool(observation.remarkable),
            history=compares_replies(finding.requirement),
            shared=finding.operation == SIGNUP and finding.kind in SHARED,
        )
        return replace(finding, weight=preference)

    def assume_whole_run(self) -> None:
        """Assumes what only a whole run shows: members of info change, and statuses stay by themselves (Q15, R7)."""
        self.observer.known.changed |= {*self._specification.names("/info")}
        self._histories.trust_statuses()

    def forget(self, registration: str) -> None:
        """Drops what is known of a registration that is not called again, to bound memory."""
        self._histories.forget(registration)
        self.observer.forget(registration)


def _concerned(exchange: Exchange) -> str:
    """Id of the registration that a request is about; empty if it names none."""
    id_ = member(exchange.sent.body, "/registration/id") if exchange.sent is not None else exchange.about
    return id_ if isinstance(id_, str) else ""
