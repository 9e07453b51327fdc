"""Whether a document larger than every reading has a gateway take is kept whole once it was acknowledged (Q10)."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from ...config.gateway import GatewayConfig
from ...messages.hostile import LARGE
from ...messages.text import shown
from ...specification.actions import GET
from ...specification.catalogue import Requirement
from ...specification.pointer import MISSING, member
from ...specification.specification import Specification
from ..checks import Observation
from ..finding import Judgement, Obligation
from ..registry import history_check
from .form import same_bytes
from .registration import Document
from .status import settled

REQUIREMENT = "LARGE-KEPT"
PURPOSE = "large"
"""What is sent with this purpose, and asked for with it, is judged here and held to nothing else of the page."""


def _of_each_size(requirement: Requirement, specification: Specification, _: GatewayConfig) -> Iterator[Obligation]:
    for action in requirement.operations:
        if any(sent.pointer == "/documents" for sent in specification.members(action)):
            yield from (Obligation(action, kind=kind) for kind in LARGE)


@history_check(REQUIREMENT, obligations=_of_each_size)
class Large:
    """The large documents that were acknowledged and not looked for since, by registration."""

    def __init__(self) -> None:
        self._kept: dict[str, list[tuple[Obligation, Document]]] = {}

    def forget(self, registration: str) -> None:
        self._kept.pop(registration, None)

    def observe(self, observation: Observation) -> Iterator[Judgement]:
        """Learns from a call with large documents, and judges what a Provider/get shows of them."""
        exchange = observation.exchange
        if observation.action == GET:
            if exchange.acknowledged:
                yield from self._shown(observation)
        elif exchange.acknowledged:
            documents = member(exchange.sent.body if exchange.sent else None, "/documents")
            obligation = _obligation(observation)
            self._kept.setdefault(observation.registration, []).extend(
                (obligation, Document.of(document, added=True, time=exchange.ended))
                for document in (documents if isinstance(documents, list) else ())
                if isinstance(document, dict) and isinstance(document.get("data"), str)
            )
        elif exchange.refused or (exchange.reply is not None and exchange.reply.status // 100 == 4):
            # Who refuses it, gateway or what stands in front of it, has nothing to keep.
            yield observation.ok(REQUIREMENT, _obligation(observation))

    def _shown(self, observation: Observation) -> Iterator[Judgement]:
        found = member(observation.exchange.body_of_reply, "/documents")
        items = [item for item in found if isinstance(item, dict)] if isinstance(found, list) else []
        left = []
        for obligation, document in self._kept.get(observation.registration, ()):
            place, data = _of_that_name(items, document)
            if data != MISSING and (observation.config.documents_echo == "redacted" or same_bytes(data, document.data)):
                yield observation.ok(REQUIREMENT, obligation)
            elif not settled(observation, document.time):
                left.append((obligation, document))
            else:
                yield observation.bad(
                    REQUIREMENT,
                    place,
                    "document-cut",
                    "a large document is acknowledged and not kept whole",
                    f"the {len(document.data)} characters that were sent, or a refusal",
                    "the document is missing" if data == MISSING else f"{len(data)} characters, {shown(data, 40)}",
                    obligation=obligation,
                )
        self._kept[observation.registration] = left


def _obligation(observation: Observation) -> Obligation:
    stimulus = observation.exchange.stimulus
    return Obligation(observation.action, kind=stimulus.kind if stimulus else "")


def _of_that_name(items: list[dict[str, Any]], document: Document) -> tuple[str, Any]:
    """Where a document of that name stands, and its data; the list and MISSING where there is none."""
    for index, item in enumerate(items):
        if item.get("name") == document.name and isinstance(item.get("data"), str):
            return f"/documents/{index}/data", item["data"]
    return "/documents", MISSING
