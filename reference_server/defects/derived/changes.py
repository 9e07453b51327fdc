"""What becomes of changes by operations that were added to the schemas; those of the page have defects of their own."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from itertools import count

from reference_server.catalogue import Catalogue
from reference_server.gateway import Gateway
from reference_server.message import GET, UPDATE, Json, Reply, Request
from reference_server.planting import Defect, Install, defect, installing
from reference_server.planting.defect import VERIFICATION
from reference_server.planting.edits import short
from reference_server.planting.steps import Kept, after, before_change, both, in_reply, on_refusal, shown_as, unverified
from reference_server.registration import Registration
from reference_server.specification import Specification

Part = Mapping[str, Json]


def defects(specification: Specification, catalogue: Catalogue) -> Iterator[Defect]:
    for action, part in specification.replaces.items():
        if action != UPDATE:
            yield from _of_change(specification, catalogue, action, part)


def _of_change(specification: Specification, catalogue: Catalogue, action: str, part: str) -> Iterator[Defect]:
    shape = specification.requests[action].members[part]
    names = [name for name, member in shape.members.items() if member.is_scalar]
    pending = specification.word(specification.acks, action, "/registration/status", "UPDATE-PENDING")
    place, status = f"/{part}", "/registration/status"
    late = (catalogue.of(action, "VISIBLE") or "", catalogue.of(action, "WHOLE") or "", "GET-ROUND-TRIP")
    for ending, name, at, pointer, words, install in (
        ("VISIBLE", "ignored", action, place, "changes nothing", after(action, _with_other(part, None))),
        ("STAYS", "gone-again", GET, place, "is gone in every second Provider/get", _stale(action, part, names, 2)),
        ("WHOLE", "mixed", GET, place, "is mixed with what was before", _stale(action, part, names[:1], 1)),
        ("PARTIAL-KEPT", "partial-blanks", action, place, "blanks what was not sent", _blanking(action, part)),
        ("NACK-UNCHANGED", "refused-applied", GET, place, "is made though it is refused", _refused(action, part)),
        ("NACK-STATUS-UNCHANGED", "refused-suspends", GET, status, "suspends if refused", _suspending(action)),
        (
            "STATUS-SEEN",
            "status-of-before",
            GET,
            status,
            "says that it is pending in its reply only",
            both(after(action, _with_status), shown_as(action, pending)),
        ),
        ("KEEPS-REST", "resets-endpoint-url", action, "/api/endpoint_url", "resets the URL", after(action, _reset)),
    ):
        if (requirement := catalogue.of(action, ending)) is not None and (ending != "WHOLE" or len(names) > 1):
            words = f"what {action} changes {words}" if at == GET and pointer == place else f"{action} {words}"
            yield defect(f"{short(action)}-{name}", requirement, at, pointer, words, install, *late)
    if (requirement := catalogue.of(action, "DOCUMENT-STATUS-KEPT")) is not None:
        words = f"after {action} every document waits for verification again"
        install, name = after(action, unverified), f"{short(action)}-unverifies"
        yield defect(name, requirement, action, "/documents/*/status", words, install, configuration=VERIFICATION)


def _with_other(part: str, value: Part | None) -> Kept:
    """Keep another value of a part, or that of before."""
    return lambda before, kept: replace(kept, others={**kept.others, part: value or before.others.get(part, {})})


def _with_status(before: Registration, kept: Registration) -> Registration:
    return replace(kept, status=before.status)


def _reset(before: Registration, kept: Registration) -> Registration:
    return replace(kept, api={**kept.api, "endpoint_url": "https://unset.example.com/api"})


@installing
def _stale(gateway: Gateway, action: str, part: str, names: list[str], every: int) -> None:
    """Show some members as they were before the last change, in every so many Provider/get."""
    old = before_change(gateway, action, lambda _, kept: (kept.others.get(part, {}), count(1)))

    def shown(request: Request, reply: Reply) -> Reply:
        before, asked = old.get(request.id, ({}, count(1)))
        if next(asked) % every:
            return reply
        members = {name: before[name] for name in names if name in before}
        return replace(reply, body={**reply.body, part: {**reply.body.get(part, {}), **members}})

    in_reply("ACK", GET, shown)(gateway)


@installing
def _blanking(gateway: Gateway, action: str, part: str) -> None:
    """Blank the texts that were not sent."""
    sent = before_change(gateway, action, lambda request, _: gateway.content(request)[part])

    def blanked(before: Registration, kept: Registration) -> Registration:
        members = kept.others.get(part, {})
        texts = {name for name, value in members.items() if isinstance(value, str)}
        blanks = dict.fromkeys(texts - set(sent[kept.id]), "")
        return replace(kept, others={**kept.others, part: {**members, **blanks}})

    after(action, blanked)(gateway)


def _refused(action: str, part: str) -> Install:
    """Make a refused change, with a mark at its texts, so that it can be told from what was there."""

    def change(gateway: Gateway, request: Request, kept: Registration) -> Registration:
        members = kept.others.get(part, {})
        marked = {name: f"{value} (refused)" if isinstance(value, str) else value for name, value in members.items()}
        return replace(kept, others={**kept.others, part: marked})

    return on_refusal(action, change)


def _suspending(action: str) -> Install:
    return on_refusal(action, lambda gateway, request, kept: replace(kept, status="SUSPENDED"))
