"""Defects in the body of a NACK: faults that are not all named, or something at fields that are sound."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from reference_server.message import ADD, SIGNUP, UPDATE, Faults, Json, Place, Request
from reference_server.planting import Defect, Install, defect
from reference_server.planting.edits import Change, on_items, parts, places, short, to
from reference_server.planting.steps import blaming, checking, in_nack


def defects() -> Iterator[Defect]:
    yield from _several()
    yield from _sound()
    for action in (SIGNUP, ADD):
        for name, order, words in (
            ("rotated", _rotated, "stand one place too far"),
            ("at-first", _all_at_first, "stand at the start of the list, whichever is faulty"),
            ("counted-from-1", lambda errors: [None, *errors], "are counted from 1"),
        ):
            summary = f"{action}: document errors {words}"
            install = in_nack(action, "/documents", on_items(order), "body")
            yield defect(
                f"{short(action)}-document-errors-{name}", "NACK-INDEX", action, "/documents", summary, install
            )


def _rotated(errors: list[Json]) -> list[Json]:
    return errors[-1:] + errors[:-1]


def _all_at_first(errors: list[Json]) -> list[Json]:
    return sorted(errors, key=lambda error: error is None)


def _several() -> Iterator[Defect]:
    """Faults that come together, and are not all named."""
    for action in (SIGNUP, UPDATE, ADD):
        summary = f"{action} stops at the first fault it finds"
        install = _choosing(action, lambda places: places[:1])
        yield defect(f"{short(action)}-only-first-fault", "NACK-ALL", action, "", summary, install)
    summary = "documents and api of a signup are not looked at before info is sound"
    install = _choosing(SIGNUP, lambda places: [place for place in places if place[0] == places[0][0]])
    yield defect("signup-first-faulty-section-only", "NACK-ALL", SIGNUP, "", summary, install)
    summary = "of a document with faulty name and data only the name is named"
    install = _choosing(ADD, _first_of_each_item)
    yield defect("documents-add-one-fault-a-document", "NACK-ALL", ADD, "", summary, install)


def _first_of_each_item(found: list[Place]) -> list[Place]:
    return [place for n, place in enumerate(found) if all(place[:2] != other[:2] for other in found[:n])]


def _choosing(action: str, choose: Callable[[list[Place]], list[Place]]) -> Install:
    def check(_: object, request: Request, faults: Faults) -> Faults:
        if request.action != action or not faults:
            return faults
        return {place: faults[place] for place in choose(list(faults))}

    return checking(check)


def _sound() -> Iterator[Defect]:
    """Fields that are sound, and have something at their place."""
    ok = to("OK")
    for name, action, pointer, change, words in (
        ("signup-sound-email-ok", SIGNUP, "/info/email", ok, "says OK at a sound e-mail address"),
        ("signup-sound-api-ok", SIGNUP, "/api/endpoint_url", ok, "says OK at a sound URL"),
        ("signup-sound-name-echoed", SIGNUP, "/info/name", lambda v: v, "repeats a sound name"),
        ("update-sound-phone-ok", UPDATE, "/info/phone", ok, "says OK at a sound phone"),
        ("update-sound-id-echoed", UPDATE, "/registration/id", lambda v: v, "repeats a sound id"),
        ("documents-add-sound-name-ok", ADD, "/documents/*/name", ok, "says OK at sound names"),
    ):
        # The page shows a registration in that body, so its id is taken for no blame.
        requirement = "NACK-ECHO" if name == "update-sound-id-echoed" else "NACK-SOUND"
        install = blaming(_saying(pointer, change), action, "body")
        yield defect(name, requirement, action, pointer, f"a NACK to {action} {words}", install)


def _saying(pointer: str, change: Change) -> Callable[[Request, Faults], Faults]:
    """Put something at each sound place of a pointer."""

    def said(request: Request, faults: Faults) -> Faults:
        sound = (
            place
            for place in places(request.body, parts(pointer))
            if not any(place[: len(other)] == other for other in faults)
        )
        return {**faults, **{place: change(request.at(place)) for place in sound}}

    return said
