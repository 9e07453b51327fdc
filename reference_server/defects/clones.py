"""Defects in what other gateways of the region are told of a registration."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace

from reference_server.gateway import Gateway
from reference_server.message import GET
from reference_server.planting import Defect, Install, defect, replaces
from reference_server.planting.defect import NETWORK
from reference_server.planting.steps import Cloning
from reference_server.registration import Registration, digest

Telling = Callable[[list[Registration], Registration], "Registration | None"]
"""Makes what a peer is told of what it was told before of this registration, and of what should be told."""


def _told(telling: Telling) -> Install:
    """Tell peers something else than they should be told."""

    def install(gateway: Gateway) -> None:
        before: dict[tuple[str, str], list[Registration]] = {}

        @replaces(gateway)
        async def clone(inner: Cloning, registration: Registration, peer: str) -> Registration | None:
            known = before.setdefault((peer, registration.id), [])
            told = await inner(registration, peer)
            known.append(registration)
            return telling(known[:-1], told) if told is not None else None

    return install


def _with_another(mix: Callable[[Registration, Registration], Registration]) -> Install:
    """Tell peers something of the registration that they were told of before another one."""

    def install(gateway: Gateway) -> None:
        told: dict[str, Registration] = {}

        @replaces(gateway)
        async def clone(inner: Cloning, registration: Registration, peer: str) -> Registration | None:
            others = [other for id_, other in told.items() if id_ != registration.id]
            told[registration.id] = registration
            return mix(registration, others[-1]) if others else registration

    return install


def _to_one_peer(gateway: Gateway) -> None:
    first: list[str] = []

    @replaces(gateway)
    async def clone(inner: Cloning, registration: Registration, peer: str) -> Registration | None:
        first.append(peer)
        return await inner(registration, peer) if peer == first[0] else None


def _first_update(before: list[Registration], now: Registration) -> Registration:
    versions = [one.info for one in before]
    distinct = [info for number, info in enumerate(versions) if info not in versions[:number]]
    return replace(now, info=distinct[1]) if len(distinct) > 1 else now


def _again(before: list[Registration], now: Registration) -> Registration:
    documents = (replace(document, id=f"{document.id}-{len(before)}") for document in now.documents)
    return replace(now, documents=tuple(documents))


def _cut(before: list[Registration], now: Registration) -> Registration:
    documents = (
        replace(document, members={**document.members, "data": document.members["data"][:12]})
        for document in now.documents
    )
    return replace(now, documents=tuple(documents))


_ROWS: tuple[tuple[str, str, str, str, Install], ...] = (
    ("never", "SERVED", "/registration/id", "nothing", _told(lambda before, now: None)),
    ("to-one-peer-only", "SERVED", "/registration/id", "nothing, but for one of them", _to_one_peer),
    (
        "token-unknown",
        "SERVED",
        "/registration/id",
        "another token than that of the registration",
        _told(lambda before, now: replace(now, token_digest=digest(now.id))),
    ),
    (
        "info-of-another",
        "SERVED",
        "/info",
        "the info of another registration",
        _with_another(lambda mine, other: replace(mine, info=other.info)),
    ),
    (
        "endpoint-lost",
        "SERVED",
        "/api/endpoint_url",
        "a placeholder for the address of the API",
        _told(lambda before, now: replace(now, api={"endpoint_url": "https://api.example.com/default"})),
    ),
    (
        "updates-never",
        "UPDATED",
        "/info",
        "of no update",
        _told(lambda before, now: replace(now, info=before[0].info if before else now.info)),
    ),
    (
        "first-update-only",
        "UPDATED",
        "/info",
        "of the first update of a registration, and of none after it",
        _told(_first_update),
    ),
    (
        "once",
        "UPDATED",
        "/info",
        "of a registration once, and of no change",
        _told(lambda before, now: before[0] if before else now),
    ),
    (
        "update-by-halves",
        "UPDATED",
        "/info",
        "of an update without its name",
        _told(lambda before, now: replace(now, info={**now.info, "name": (before or [now])[0].info["name"]})),
    ),
    (
        "documents-never",
        "DOCUMENTS",
        "/documents",
        "of no document that was added",
        _told(lambda before, now: replace(now, documents=before[0].documents if before else now.documents)),
    ),
    ("documents-twice", "DOCUMENTS", "/documents", "of all documents as new ones, each time", _told(_again)),
    (
        "documents-of-another",
        "DOCUMENTS",
        "/documents",
        "the documents of another registration as well",
        _with_another(lambda mine, other: replace(mine, documents=(*mine.documents, *other.documents))),
    ),
    ("documents-cut", "DOCUMENTS", "/documents/*/data", "the beginning of a document only", _told(_cut)),
)
"""Name, requirement, pointer, and what other gateways are told."""

_CONSEQUENCES = {"info-of-another": "CLONE-UPDATED", "once": "CLONE-DOCUMENTS"}


def defects() -> Iterator[Defect]:
    """Make the defects of this family."""
    for name, requirement, pointer, words, install in _ROWS:
        summary = f"other gateways of the region are told {words}"
        also = _CONSEQUENCES.get(name, "")
        yield defect(
            f"clone-{name}", f"CLONE-{requirement}", GET, pointer, summary, install, also, configuration=NETWORK
        )
