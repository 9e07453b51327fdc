"""Defects in what other gateways of the region are told of a registration."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from typing import Any

from reference_server.defects.defect import Defect
from reference_server.gateway import Gateway
from reference_server.message import GET
from reference_server.planting import Install, wrap
from reference_server.registration import Document, Registration, digest

NETWORK: Mapping[str, Any] = {
    "peers": ["http://peer-1.reference", "http://peer-2.reference"],
    "clone_within": 1,
}
"""What the kit needs to see clones: the peers of the reference gateway, wherever they listen."""

Telling = Callable[[list[Registration], Registration], Registration | None]
"""Makes what a peer is told of what it was told before of this registration, and of what should be told."""


def defects() -> Iterator[Defect]:
    """Make the defects of this family."""
    yield from _served()
    yield from _updates()
    yield from _documents()


def _defect(name: str, requirement: str, pointer: str, summary: str, install: Install, *consequences: str) -> Defect:
    return Defect(
        name=name,
        requirement=requirement,
        operation=GET,
        pointer=pointer,
        summary=summary,
        install=install,
        consequences=frozenset(consequences),
        configuration=NETWORK,
    )


def _told(telling: Telling) -> Install:
    """Tell peers something else than they should be told."""

    def install(gateway: Gateway) -> None:
        before: dict[tuple[str, str], list[Registration]] = {}

        async def clone(inner: Any, registration: Registration, peer: str) -> Registration | None:
            known = before.setdefault((peer, registration.id), [])
            told = telling(known, await inner(registration, peer))
            known.append(registration)
            return told

        wrap(gateway, "clone", clone)

    return install


def _with_another(mix: Callable[[Registration, Registration], Registration]) -> Install:
    """Tell peers something of the registration that they were told of before another one."""

    def install(gateway: Gateway) -> None:
        told: dict[str, Registration] = {}

        async def clone(inner: Any, registration: Registration, peer: str) -> Registration | None:
            others = [other for id_, other in told.items() if id_ != registration.id]
            told[registration.id] = await inner(registration, peer)
            return mix(registration, others[-1]) if others else registration

        wrap(gateway, "clone", clone)

    return install


def _served() -> Iterator[Defect]:
    place = "/registration/id"
    yield _defect(
        "clone-never",
        "CLONE-SERVED",
        place,
        "other gateways of the region are told nothing",
        _told(lambda before, now: None),
    )
    yield _defect(
        "clone-to-one-peer-only",
        "CLONE-SERVED",
        place,
        "of several gateways of the region one is told, and the others are not",
        _to_one_peer,
    )
    yield _defect(
        "clone-token-unknown",
        "CLONE-SERVED",
        place,
        "other gateways of the region do not take the token of the registration",
        _told(lambda before, now: replace(now, token_digest=digest(now.id))),
    )
    yield _defect(
        "clone-info-of-another",
        "CLONE-SERVED",
        "/info",
        "other gateways of the region are told the info of another registration",
        _with_another(lambda mine, other: replace(mine, info=other.info)),
        "CLONE-UPDATED",
    )
    yield _defect(
        "clone-endpoint-lost",
        "CLONE-SERVED",
        "/api/endpoint_url",
        "other gateways of the region are told a placeholder for the address of the API",
        _told(lambda before, now: replace(now, api={"endpoint_url": "https://api.example.com/default"})),
    )


def _to_one_peer(gateway: Gateway) -> None:
    first: list[str] = []

    async def clone(inner: Any, registration: Registration, peer: str) -> Registration | None:
        told: Registration | None = await inner(registration, peer)
        first.append(peer)
        return told if peer == first[0] else None

    wrap(gateway, "clone", clone)


def _updates() -> Iterator[Defect]:
    yield _defect(
        "clone-updates-never",
        "CLONE-UPDATED",
        "/info",
        "other gateways of the region are told of no update",
        _told(lambda before, now: replace(now, info=before[0].info if before else now.info)),
    )
    yield _defect(
        "clone-first-update-only",
        "CLONE-UPDATED",
        "/info",
        "other gateways of the region are told of the first update of a registration, and of none after it",
        _told(_first_update),
    )
    yield _defect(
        "clone-once",
        "CLONE-UPDATED",
        "/info",
        "other gateways of the region serve what they were told first, for ever",
        _told(lambda before, now: before[0] if before else now),
        "CLONE-DOCUMENTS",
    )
    yield _defect(
        "clone-update-by-halves",
        "CLONE-UPDATED",
        "/info",
        "other gateways of the region are told of an update without its name",
        _told(lambda before, now: replace(now, info={**now.info, "name": (before or [now])[0].info["name"]})),
    )


def _first_update(before: list[Registration], now: Registration) -> Registration:
    versions = [one.info for one in before]
    distinct = [info for number, info in enumerate(versions) if info not in versions[:number]]
    return replace(now, info=distinct[1]) if len(distinct) > 1 else now


def _documents() -> Iterator[Defect]:
    yield _defect(
        "clone-documents-never",
        "CLONE-DOCUMENTS",
        "/documents",
        "other gateways of the region are told of no document that was added",
        _told(lambda before, now: replace(now, documents=before[0].documents if before else now.documents)),
    )
    yield _defect(
        "clone-documents-twice",
        "CLONE-DOCUMENTS",
        "/documents",
        "other gateways of the region add the documents again whenever they are told of them",
        _told(lambda before, now: replace(now, documents=tuple(_again(now, len(before))))),
    )
    yield _defect(
        "clone-documents-of-another",
        "CLONE-DOCUMENTS",
        "/documents",
        "other gateways of the region are told the documents of another registration as well",
        _with_another(lambda mine, other: replace(mine, documents=(*mine.documents, *other.documents))),
    )
    yield _defect(
        "clone-documents-cut",
        "CLONE-DOCUMENTS",
        "/documents/*/data",
        "other gateways of the region are told the beginning of a document only",
        _told(lambda before, now: replace(now, documents=tuple(_cut(now)))),
    )


def _again(registration: Registration, time: int) -> Iterator[Document]:
    for document in registration.documents:
        yield replace(document, id=f"{document.id}-{time}")


def _cut(registration: Registration) -> Iterator[Document]:
    for document in registration.documents:
        yield replace(document, members={**document.members, "data": document.members["data"][:12]})
