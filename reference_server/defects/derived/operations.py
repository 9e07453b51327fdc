"""Operations that are not served, refuse every call, or answer for an unknown registration."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import TypeAlias

from reference_server.catalogue import Catalogue
from reference_server.gateway import Gateway
from reference_server.message import SIGNUP, Faults, Reply, Request
from reference_server.planting import Defect, defect, installing, replaces
from reference_server.planting.edits import short
from reference_server.planting.steps import Refusing, denying
from reference_server.registration import Registration, digest
from reference_server.specification import Specification

Finding: TypeAlias = Callable[[Request], Registration | None]

_UNSERVED = ("REPLY-ACTION", "REPLY-JSON", "TOKEN-ACCEPTED")


def defects(specification: Specification, catalogue: Catalogue) -> Iterator[Defect]:
    for action in specification.keys:
        name = short(action)
        if (requirement := catalogue.of(action, "ENDPOINT")) is not None:
            for way, path in (
                ("missing", None),
                ("lower-case", f"/{action.lower()}"),
                ("slash", f"/{action}/"),
                ("cut", f"/{action[:-1]}"),
            ):
                words, install = f"{action} is {f'served at {path}' if path else 'not served'}", moved(action, path)
                yield defect(f"{name}-path-{way}", requirement, action, "", words, install, *_UNSERVED)
        # Where no signup is acknowledged nothing else can be asked.
        if action != SIGNUP and (requirement := catalogue.of(action, "ACK")) is not None:
            install = denying(action, lambda request, registration: True, _closed)
            words = f"{action} refuses every call"
            yield defect(f"{name}-refused", requirement, action, "", words, install, *catalogue.accepting_any(action))
        if (requirement := catalogue.of(action, "NACK-UNKNOWN")) is not None:
            for ending, words, install in (
                ("unknown", "answers for an unknown id from what belongs to the token", _accepting_unknown(action)),
                ("id-with-letters-behind", "ignores letters behind an id", _reading_the_beginning(action)),
            ):
                name_, words = f"{name}-{ending}-accepted", f"{action} {words}"
                yield defect(name_, requirement, action, "/registration/id", words, install)


@installing
def moved(gateway: Gateway, action: str, path: str | None) -> None:
    """Serve an operation at another path, or nowhere."""

    @replaces(gateway)
    def operation(inner: Callable[[str], str | None], asked: str) -> str | None:
        if path is not None and asked.endswith(path):
            return action
        served = inner(asked)
        return None if served == action else served


def _closed(gateway: Gateway, request: Request) -> Reply:
    return gateway.refuse(request, "closed", "the service is closed")


@installing
def _reading_the_beginning(gateway: Gateway, action: str) -> None:
    """Find a registration by its id, whatever stands behind it."""

    @replaces(gateway)
    def find(inner: Finding, request: Request) -> Registration | None:
        found = inner(request)
        if found is not None or request.action != action:
            return found
        return next((gateway.store.find(known) for known in gateway.store.ids() if request.id.startswith(known)), None)


@installing
def _accepting_unknown(gateway: Gateway, action: str) -> None:
    """Acknowledge a call about an unknown registration, and change nothing."""

    @replaces(gateway)
    def refuse(inner: Refusing, request: Request, reason: str, message: str, faults: Faults | None = None) -> Reply:
        owner = gateway.store.owner(digest(request.token))
        if request.action != action or reason != "unknown" or owner is None:
            return inner(request, reason, message, faults)
        step = gateway.step_of(action)
        shown = getattr(gateway, step)(request, owner) if step else owner
        return gateway.acknowledge(request, replace(shown, id=request.id))
