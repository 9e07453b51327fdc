"""Defects that refuse a valid signup for no field of its own."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from reference_server.message import SIGNUP, Faults, Request
from reference_server.planting import Defect, Install, defect
from reference_server.planting.steps import checking


def defects() -> Iterator[Defect]:
    """Yield the defects of this family."""
    for name, section, test, words in (
        ("several-documents", "info", _has_several_documents, "with several documents"),
        ("extension", "api", _has_extension, "whose phone has an extension"),
    ):
        yield defect(
            f"signup-{name}-blamed-on-{section}",
            "SIGNUP-ACK",
            SIGNUP,
            f"/{section}",
            f"a signup {words} is refused, with a message at {section}",
            _refusing(test, section),
        )


def _has_several_documents(request: Request) -> bool:
    return len(request.body.get("documents") or ()) > 1


def _has_extension(request: Request) -> bool:
    return str(request.body["info"]["phone"]).count("-") > 1


def _refusing(test: Callable[[Request], bool], section: str) -> Install:
    def check(_: object, request: Request, faults: Faults) -> Faults:
        if faults or request.action != SIGNUP or not test(request):
            return faults
        return {(section,): "is not supported"}

    return checking(check)
