"""Defects in what other gateways of the region are told of a registration."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace

from reference_server.gateway import Gateway
from reference_server.message import GET
from reference_server.planting import Defect, Install, defect, installing, replaces
from reference_server.planting.defect import NETWORK
from reference_server.planting.steps import Cloning
from reference_server.registration import Registration, digest

Telling = Callable[[list[Registration], Registration], "Registration | None"]
"""From earlier clones of a registration and the one to send, returns the one that is sent."""


@installing
def _told(gateway: Gateway, telling: Telling) -> None:
    """Send peers something else than they should get."""
    before: dict[tuple[str, str], list[Registration]] = {}

    @replaces(gateway)
    async def clone(inner: Cloning, registration: Registration, peer: str) -> Registration | None:
        known = before.setdefault((peer, registration.id), [])
        told = await inner(registration, peer)
        known.append(registration)
        return telling(known[:-1], told) if told is not None else None


@installing
def _with_another(gateway: Gateway, mix: Callable[[Registration, Registration], Registration]) -> None:
    """Mix a clone with the registration that was sent before it."""
    told: dict[str, Registration] = {}

    @replaces(gateway)
    async def clone(inner: Cloning, registration: Registration, peer: str) -> Registration | None:
        others = [other for id_, other in told.items() if id_ != registration.id]
        told[registration.id] = registration
        return mix(registration, others[-1]) if others else registration


def _to_one_peer(gateway: Gateway) -> None:
    first: list[str] = []

    @replaces(gateway)
    async def clone(inner: Cloning, registration: Registration, peer: str) -> Registration | None:
        first.append(peer)
        return await inner(registration, peer) if peer == first[0] else None


def _as_at_first(part: str) -> Install:
    """Send one part of a registration as it was sent first."""
    return _told(lambda before, now: replace(now, **{part: getattr((before or [now])[0], part)}))


def _first_update(before: list[Registration], now: Registration) -> Registration:
    versions = [one.info for one in before]
    distinct = [info for number, info in enumerate(versions) if info not in versions[:number]]
    return replace(now, info=distinct[1]) if len(distinct) > 1 else now


def _old_name(before: list[Registration], now: Registration) -> Registration:
    return replace(now, info={**now.info, "name": (before or [now])[0].info["name"]})


def _of_id(before: list[Registration], now: Registration) -> Registration:
    return replace(now, token_digest=digest(now.id))


def _placeholder(before: list[Registration], now: Registration) -> Registration:
    return replace(now, api={"endpoint_url": "https://api.example.com/default"})


def _again(before: list[Registration], now: Registration) -> Registration:
    documents = (replace(document, id=f"{document.id}-{len(before)}") for document in now.documents)
    return replace(now, documents=tuple(documents))


def _cut(before: list[Registration], now: Registration) -> Registration:
    documents = (
        replace(document, members={**document.members, "data": document.members["data"][:12]})
        for document in now.documents
    )
    return replace(now, documents=tuple(documents))


def _others_info(mine: Registration, other: Registration) -> Registration:
    return replace(mine, info=other.info)


def _others_documents(mine: Registration, other: Registration) -> Registration:
    return replace(mine, documents=(*mine.documents, *other.documents))


_ID, _DATA = "/registration/id", "/documents/*/data"
_ROWS: tuple[tuple[str, str, str, str, Install], ...] = (
    ("never", "SERVED", _ID, "nothing", _told(lambda before, now: None)),
    ("to-one-peer-only", "SERVED", _ID, "nothing, but for one of them", _to_one_peer),
    ("token-unknown", "SERVED", _ID, "another token than that of the registration", _told(_of_id)),
    ("info-of-another", "SERVED", "/info", "the info of another registration", _with_another(_others_info)),
    ("endpoint-lost", "SERVED", "/api/endpoint_url", "a placeholder for the URL of the API", _told(_placeholder)),
    ("updates-never", "UPDATED", "/info", "no update", _as_at_first("info")),
    ("first-update-only", "UPDATED", "/info", "the first update of a registration only", _told(_first_update)),
    ("once", "UPDATED", "/info", "a registration once", _told(lambda before, now: before[0] if before else now)),
    ("update-by-halves", "UPDATED", "/info", "an update without its name", _told(_old_name)),
    ("documents-never", "DOCUMENTS", "/documents", "no document that was added", _as_at_first("documents")),
    ("documents-twice", "DOCUMENTS", "/documents", "all documents as new ones, each time", _told(_again)),
    ("documents-of-another", "DOCUMENTS", "/documents", "another's documents, too", _with_another(_others_documents)),
    ("documents-cut", "DOCUMENTS", _DATA, "the beginning of a document only", _told(_cut)),
)
"""Name, requirement, pointer, and what other gateways get."""

_CONSEQUENCES = {"info-of-another": "CLONE-UPDATED", "once": "CLONE-DOCUMENTS"}


def defects() -> Iterator[Defect]:
    for name, requirement, pointer, words, install in _ROWS:
        summary = f"other gateways of the region get {words}"
        also = _CONSEQUENCES.get(name, "")
        yield defect(
            f"clone-{name}", f"CLONE-{requirement}", GET, pointer, summary, install, also, configuration=NETWORK
        )
