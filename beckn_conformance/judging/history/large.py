"""Judges whether an acknowledged document larger than every reading allows is kept whole (Q10)."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from ...config.gateway import GatewayConfig
from ...messages.hostile import LARGE
from ...messages.text import shown
from ...specification.actions import GET
from ...specification.catalogue import Requirement
from ...specification.pointer import objects
from ...specification.specification import Specification
from ..checks import Observation
from ..finding import Judgement, Obligation
from ..registry import history_check
from .course import settled
from .form import same_but_for_form, same_bytes

REQUIREMENT = "LARGE-KEPT"
PURPOSE = "large"
"""Exchanges sent for this purpose are judged here, and their replies are held to nothing else of the page."""


@dataclass(frozen=True, slots=True)
class LargeDocument:
    """A large document that was acknowledged and has not been looked for yet."""

    obligation: Obligation
    name: Any
    data: str
    time: float
    """When its acknowledgement arrived."""


def _of_each_size(requirement: Requirement, specification: Specification, _: GatewayConfig) -> Iterator[Obligation]:
    for action in requirement.operations:
        if any(sent.pointer == "/documents" for sent in specification.members(action)):
            yield from (Obligation(action, kind=kind) for kind in LARGE)


@history_check(REQUIREMENT, obligations=_of_each_size)
class Large:
    """The large documents of all registrations."""

    def __init__(self) -> None:
        self._kept: dict[str, list[LargeDocument]] = {}

    def forget(self, registration: str) -> None:
        self._kept.pop(registration, None)

    def observe(self, observation: Observation) -> Iterator[Judgement]:
        """Learns from a call with large documents, and judges what a Provider/get shows of them."""
        exchange = observation.exchange
        if observation.action == GET:
            if exchange.acknowledged:
                yield from self._shown(observation)
        elif exchange.acknowledged:
            self._kept.setdefault(observation.registration, []).extend(
                LargeDocument(_obligation(observation), document.get("name"), document["data"], exchange.ended)
                for _, document in objects(exchange.body_sent, "/documents")
                if isinstance(document.get("data"), str)
            )
        elif exchange.refused or (exchange.reply is not None and exchange.reply.status // 100 == 4):
            # Whether the gateway or something in front of it refuses, there is nothing to keep.
            yield observation.ok(REQUIREMENT, _obligation(observation))

    def _shown(self, observation: Observation) -> Iterator[Judgement]:
        left = []
        for document in self._kept.get(observation.registration, ()):
            place, data = _of_that_name(observation.body_of_reply, document.name)
            if data is not None and (observation.redacted or same_bytes(data, document.data)):
                yield observation.ok(REQUIREMENT, document.obligation)
            elif not settled(observation, document.time):
                left.append(document)
            else:
                yield observation.bad(
                    REQUIREMENT,
                    place,
                    "document-cut",
                    "a large document is acknowledged and not kept whole",
                    f"the {len(document.data)} characters that were sent, or a refusal",
                    "the document is missing" if data is None else shown(data, 60),
                    obligation=document.obligation,
                )
        self._kept[observation.registration] = left


def _obligation(observation: Observation) -> Obligation:
    stimulus = observation.exchange.stimulus
    return Obligation(observation.action, kind=stimulus.kind if stimulus else "")


def _of_that_name(body: Any, name: Any) -> tuple[str, str | None]:
    """Finds the place of a named document, and its data: empty if that is no text, None if there is no document."""
    for index, item in objects(body, "/documents"):
        if same_but_for_form(item.get("name"), name):
            data = item.get("data")
            return f"/documents/{index}/data", data if isinstance(data, str) else ""
    return "/documents", None
