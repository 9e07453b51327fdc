"""Defects that only documents of some size show: what is too long for a column or a buffer (reading Q10)."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any

from reference_server.defects.defect import Defect
from reference_server.edits import in_ack
from reference_server.gateway import Gateway
from reference_server.message import ADD, GET, SIGNUP, Json, Request
from reference_server.planting import Install, wrap
from reference_server.registration import Document

_LARGE = 32_768
"""Characters of data that every reading has a gateway take."""
_TEXT = 65_535
"""Bytes that a column of the type TEXT holds in some databases."""


def defects() -> Iterator[Defect]:
    """Make the defects of this family."""
    later = {"GET-ROUND-TRIP", "UPDATE-KEEPS-REST", "DOCUMENTS-LISTED", "DOCUMENTS-ECHO", "LARGE-KEPT"}
    for action, requirement, size in ((SIGNUP, "SIGNUP-ECHO", 4096), (ADD, "DOCUMENTS-ECHO", 8192)):
        yield Defect(
            name=f"{requirement.lower()}-data-cut-at-{size}",
            requirement=requirement,
            operation=action,
            pointer="/documents/*/data",
            summary=f"data of documents is cut after {size:,} characters, without a word",
            install=_keeping(action, _cut(size)),
            consequences=frozenset(later - {requirement}),
        )
    yield Defect(
        name="get-data-cut-at-16384",
        requirement="GET-ROUND-TRIP",
        operation=GET,
        pointer="/documents/*/data",
        summary="Provider/get shows no more than 16,384 characters of a document",
        install=in_ack(GET, "/documents/*/data", _cut(16_384)),
        consequences=frozenset(later - {"GET-ROUND-TRIP"}),
    )
    yield Defect(
        name="signup-large-cut",
        requirement="LARGE-KEPT",
        operation=GET,
        pointer="/documents/*/data",
        summary=f"data of documents is cut after {_TEXT:,} characters, without a word",
        install=_keeping(SIGNUP, _cut(_TEXT)),
    )
    yield Defect(
        name="documents-add-large-dropped",
        requirement="LARGE-KEPT",
        operation=GET,
        pointer="/documents",
        summary="an addition of a large document is acknowledged and not stored",
        install=_keeping(ADD, lambda data: None if len(data) > _LARGE else data),
    )


def _cut(size: int) -> Callable[[str], str]:
    return lambda data: data[:size]


def _keeping(action: str, change: Callable[[str], str | None]) -> Install:
    """Store the data of new documents in another form, or not at all."""

    def install(gateway: Gateway) -> None:
        def new_documents(inner: Any, request: Request) -> tuple[Document, ...]:
            documents: tuple[Document, ...] = inner(request)
            if request.action != action:
                return documents
            changed = ((document, change(_data(document))) for document in documents)
            return tuple(
                replace(document, members={**document.members, "data": data})
                for document, data in changed
                if data is not None
            )

        wrap(gateway, "new_documents", new_documents)

    return install


def _data(document: Document) -> str:
    data: Json = document.members["data"]
    assert isinstance(data, str)
    return data
