"""How what is kept after a call is changed."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

from reference_server.edits import in_ack, to
from reference_server.gateway import Gateway
from reference_server.message import UPDATE, Request
from reference_server.planting import Install, wrap
from reference_server.registration import PENDING, VERIFIED, Registration

Change = Callable[[Registration, Registration], Registration]
"""Makes what is kept after a change of what was kept before it and what should be."""

VERIFICATION: Mapping[str, str] = {"verification_hook": "{origin}/operator/registrations/{id}/verify"}
"""What the kit needs to see verified documents."""


def after(action: str, change: Change) -> Install:
    """Keep something else than should be kept after an update or an addition."""

    def install(gateway: Gateway) -> None:
        def step(inner: Any, request: Request, registration: Registration) -> Registration:
            return change(registration, inner(request, registration))

        wrap(gateway, "update" if action == UPDATE else "add", step)

    return install


def shown_as(action: str, status: str) -> Callable[[Gateway], None]:
    """Show a status of the registration in the replies of one operation, whatever is kept."""
    return in_ack(action, "/registration/status", to(status))


def both(*installs: Install) -> Install:
    """Plant several changes that are one bug."""

    def install(gateway: Gateway) -> None:
        for part in installs:
            part(gateway)

    return install


def unverified(hit: Callable[[int], bool]) -> Change:
    """Let verified documents wait again, those that are hit by their index."""

    def change(before: Registration, kept: Registration) -> Registration:
        documents = (
            replace(document, status=PENDING) if hit(index) and document.status == VERIFIED else document
            for index, document in enumerate(kept.documents)
        )
        return replace(kept, documents=tuple(documents))

    return change
