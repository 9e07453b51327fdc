"""Defects that refuse a valid request for no field of its own, or for what a refused one had, or take a faulty one."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace

from reference_server.gateway import Gateway
from reference_server.message import ADD, SIGNUP, UPDATE, Call, Faults, Request
from reference_server.planting import Defect, Install, defect, installing, replaces
from reference_server.planting.edits import parts, places
from reference_server.planting.steps import Reading, checking


def defects() -> Iterator[Defect]:
    for name, section, test, words in (
        ("several-documents", "info", _has_several_documents, "with several documents"),
        ("extension", "api", _has_extension, "whose phone has an extension"),
    ):
        name, words = f"signup-{name}-blamed-on-{section}", f"a signup {words} is refused, with a message at {section}"
        yield defect(name, "SIGNUP-ACK", SIGNUP, f"/{section}", words, _refusing(test, section))
    for name, requirement, action, pointer, words in (
        ("signup", "SIGNUP-ACK-CORRECTED", SIGNUP, "/info/company_id", "company id of a refused signup"),
        ("info-update", "UPDATE-ACK-EMAIL", UPDATE, "/info/email", "e-mail address of a refused update"),
        ("documents-add", "DOCUMENTS-ACK-DOCUMENTS", ADD, "/documents/*/name", "names of a refused addition"),
    ):
        install = _reserving(action, parts(pointer))
        yield defect(f"{name}-refused-reserves", requirement, action, pointer, f"the {words} are taken", install)
    words = "a single document is taken for a list of one"
    also = "DOCUMENTS-NACK-DOCUMENTS"
    yield defect("documents-single-accepted", "SIGNUP-NACK-DOCUMENTS", SIGNUP, "/documents", words, _unboxed, also)


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


def _unboxed(gateway: Gateway) -> None:
    @replaces(gateway)
    def read(inner: Reading, call: Call) -> Request:
        request = inner(call)
        documents = request.body.get("documents")
        body = {**request.body, "documents": [documents]} if isinstance(documents, dict) else request.body
        return replace(request, body=body)


@installing
def _reserving(gateway: Gateway, action: str, path: tuple[str, ...]) -> None:
    """Take the values at a place of refused requests for taken."""
    reserved: set[str] = set()

    def check(_: object, request: Request, faults: Faults) -> Faults:
        if request.action != action:
            return faults
        values = {place: value for place in places(request.body, path) if isinstance(value := request.at(place), str)}
        if faults:
            reserved.update(values.values())
            return faults
        return {place: "is taken" for place, value in values.items() if value in reserved}

    checking(check)(gateway)
