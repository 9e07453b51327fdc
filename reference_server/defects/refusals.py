"""Defects that refuse a valid request for no field of its own, or for what a refused one had, or take a faulty one."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace

from reference_server.gateway import Gateway
from reference_server.message import ADD, GET, SIGNUP, UPDATE, Call, Faults, Place, Request
from reference_server.planting import Defect, Install, defect, installing, replaces
from reference_server.planting.defect import VERIFICATION
from reference_server.planting.edits import parts, places
from reference_server.planting.steps import Reading, checking
from reference_server.registration import VERIFIED

PHONE: Place = ("info", "phone")


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
    words = "an id is taken for a registration that has it"
    others = ("UPDATE-NACK-REGISTRATION", "DOCUMENTS-NACK-REGISTRATION")
    yield defect("registration-as-id-accepted", "GET-NACK-REGISTRATION", GET, "/registration", words, _wrapped, *others)
    words, install = "every second document of an addition is taken as it is", _unlooked_at(_is_second_document)
    others = ("DOCUMENTS-NACK-DOCUMENT-DATA", "DOCUMENTS-NACK-EMPTY")
    name, requirement = "documents-add-every-second-unchecked", "DOCUMENTS-NACK-DOCUMENT-NAME"
    yield defect(name, requirement, ADD, "/documents/*/name", words, install, *others)
    words, install = "an update that leaves members out is not looked at", _unlooked_at(_is_in_part)
    yield defect("update-partial-unchecked", "UPDATE-NACK-PHONE", UPDATE, "/info/phone", words, install)
    name, words, install = "update-verified-unchecked", "the phone of a verified provider is not looked at", _trusting
    place, also = "/info/phone", "UPDATE-NACK-UNCHANGED"
    yield defect(name, "UPDATE-NACK-PHONE", UPDATE, place, words, install, also, configuration=VERIFICATION)


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


def _is_second_document(request: Request, place: Place) -> bool:
    return request.action == ADD and len(place) > 2 and place[0] == "documents" and int(place[1]) % 2 == 1


def _is_in_part(request: Request, place: Place) -> bool:
    return request.action == UPDATE and place[0] == "info" and len(place) > 1 and len(request.body["info"]) < 4


def _unlooked_at(where: Callable[[Request, Place], bool]) -> Install:
    """Miss what is wrong at some places."""
    return checking(
        lambda _, request, faults: {place: message for place, message in faults.items() if not where(request, place)}
    )


def _trusting(gateway: Gateway) -> None:
    def check(_: object, request: Request, faults: Faults) -> Faults:
        registration = gateway.find(request) if request.action == UPDATE else None
        if registration is None or registration.status != VERIFIED or not isinstance(request.at(PHONE), str):
            return faults
        return {place: message for place, message in faults.items() if place != PHONE}

    checking(check)(gateway)


def _wrapped(gateway: Gateway) -> None:
    @replaces(gateway)
    def read(inner: Reading, call: Call) -> Request:
        request = inner(call)
        id_ = request.body.get("registration")
        return replace(request, body={**request.body, "registration": {"id": id_}}) if isinstance(id_, str) else request


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
