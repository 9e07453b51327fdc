"""Defects in the body of a NACK: the fault is not named, or not where it is, or not in words."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any, TypeAlias

from reference_server.defects.defect import Defect
from reference_server.edits import GONE, Change, in_nack, matches, on_items, parts, slug, to
from reference_server.gateway import Gateway
from reference_server.message import ADD, GET, SIGNUP, UPDATE, Faults, Json, Place, Request
from reference_server.planting import Install, wrap

Blame: TypeAlias = Callable[[Request, Place, Json], Faults]
"""Makes of one fault what is said of it."""


def _unsaid(request: Request, place: Place, message: Json) -> Faults:
    return {}


def _blank(request: Request, place: Place, message: Json) -> Faults:
    return {place: " "}


def _at(neighbour: str) -> Blame:
    def blame(request: Request, place: Place, message: Json) -> Faults:
        index = next((part for part in place if isinstance(part, int)), 0)
        return {tuple(index if part == "*" else part for part in parts(neighbour)): message}

    return blame


def _as(form: Callable[[str], Json]) -> Blame:
    return lambda request, place, message: {place: form(message)}


def _echoed(request: Request, place: Place, message: Json) -> Faults:
    value = request.at(place)
    return {place: value if isinstance(value, str) and value.strip() else message}


_HOW: dict[str, tuple[Blame, str]] = {
    "unsaid": (_unsaid, "is refused without a word about it"),
    "blank": (_blank, "is refused with a blank message"),
}

_ROWS: tuple[tuple[str, str, str, str], ...] = (
    ("SIGNUP-NACK-INFO", SIGNUP, "/info", "blank"),
    ("SIGNUP-NACK-NAME", SIGNUP, "/info/name", "unsaid"),
    ("SIGNUP-NACK-PHONE", SIGNUP, "/info/phone", "blank"),
    ("SIGNUP-NACK-EMAIL", SIGNUP, "/info/email", "unsaid"),
    ("SIGNUP-NACK-COMPANY-ID", SIGNUP, "/info/company_id", "blank"),
    ("SIGNUP-NACK-DOCUMENTS", SIGNUP, "/documents/*", "unsaid"),
    ("SIGNUP-NACK-DOCUMENT-NAME", SIGNUP, "/documents/*/name", "blank"),
    ("SIGNUP-NACK-DOCUMENT-DATA", SIGNUP, "/documents/*/data", "unsaid"),
    ("SIGNUP-NACK-API", SIGNUP, "/api", "unsaid"),
    ("SIGNUP-NACK-ENDPOINT-URL", SIGNUP, "/api/endpoint_url", "blank"),
    ("GET-NACK-REGISTRATION", GET, "/registration", "unsaid"),
    ("GET-NACK-ID", GET, "/registration/id", "blank"),
    ("UPDATE-NACK-REGISTRATION", UPDATE, "/registration", "unsaid"),
    ("UPDATE-NACK-ID", UPDATE, "/registration/id", "unsaid"),
    ("UPDATE-NACK-INFO", UPDATE, "/info", "blank"),
    ("UPDATE-NACK-NAME", UPDATE, "/info/name", "unsaid"),
    ("UPDATE-NACK-PHONE", UPDATE, "/info/phone", "unsaid"),
    ("UPDATE-NACK-EMAIL", UPDATE, "/info/email", "blank"),
    ("UPDATE-NACK-COMPANY-ID", UPDATE, "/info/company_id", "unsaid"),
    ("DOCUMENTS-NACK-DOCUMENTS", ADD, "/documents", "unsaid"),
    ("DOCUMENTS-NACK-DOCUMENT-NAME", ADD, "/documents/*/name", "unsaid"),
    ("DOCUMENTS-NACK-DOCUMENT-DATA", ADD, "/documents/*/data", "blank"),
)
"""Requirement, operation, pointer, how the message fails; empty values have requirements of their own."""

_MISPLACED: tuple[tuple[str, str, str, str], ...] = (
    ("SIGNUP-NACK-PHONE", SIGNUP, "/info/phone", "/info/email"),
    ("SIGNUP-NACK-ENDPOINT-URL", SIGNUP, "/api/endpoint_url", "/info/company_id"),
    ("UPDATE-NACK-NAME", UPDATE, "/info/name", "/info/company_id"),
    ("UPDATE-NACK-EMAIL", UPDATE, "/info/email", "/info/phone"),
    ("DOCUMENTS-NACK-DOCUMENT-DATA", ADD, "/documents/*/data", "/documents/*/name"),
)
"""Requirement, operation, pointer, the neighbour that is blamed."""

_TEXTS: tuple[tuple[str, str, str, str, Callable[[str], Json], str], ...] = (
    (
        "signup-phone-error-list",
        "NACK-TEXT",
        SIGNUP,
        "/info/phone",
        lambda text: [text],
        "a list of messages",
    ),
    ("signup-company-id-error-true", "NACK-TEXT", SIGNUP, "/info/company_id", to(True), "true"),
    (
        "get-id-error-object",
        "NACK-TEXT",
        GET,
        "/registration/id",
        lambda text: {"code": 40, "text": text},
        "an object with a code",
    ),
    ("update-email-error-number", "NACK-TEXT", UPDATE, "/info/email", to(1002), "a number"),
    (
        "documents-add-data-error-list",
        "NACK-TEXT",
        ADD,
        "/documents/*/data",
        lambda text: [text],
        "a list of messages",
    ),
)

_ECHOES: tuple[tuple[str, str], ...] = (
    (SIGNUP, "/info/phone"),
    (SIGNUP, "/info/email"),
    (GET, "/registration/id"),
    (UPDATE, "/info/phone"),
)


def _rotated(errors: list[Json]) -> list[Json]:
    return errors[-1:] + errors[:-1]


def _all_at_first(errors: list[Json]) -> list[Json]:
    return sorted(errors, key=lambda error: error is None)


_STATUSES: tuple[tuple[str, str, Change, str, str], ...] = (
    ("UPDATE-FAIL-STATUS", "missing", to(GONE), "body", "a refused update gives no status"),
    ("UPDATE-FAIL-STATUS", "failed", to("FAILED"), "body", "a refused update says FAILED"),
    ("UPDATE-FAIL-STATUS", "lower-case", str.lower, "body", "a refused update says update-fail"),
    (
        "UPDATE-FAIL-STATUS-UNKNOWN",
        "missing",
        to(GONE),
        "unknown",
        "an update of an unknown registration gives no status",
    ),
    (
        "UPDATE-FAIL-STATUS-UNKNOWN",
        "not-found",
        to("NOT-FOUND"),
        "unknown",
        "an update of an unknown registration says NOT-FOUND",
    ),
)


def defects() -> Iterator[Defect]:
    """Make the defects of this family."""
    for requirement, action, pointer, how in _ROWS:
        blame, words = _HOW[how]
        yield Defect(
            name=f"{requirement.lower()}-{how}",
            requirement=requirement,
            operation=action,
            pointer=pointer,
            summary=f"{action} with a fault at {pointer} {words}",
            install=_blaming(action, pointer, blame, "body", spare_empty=True),
        )
    for requirement, action, pointer, neighbour in _MISPLACED:
        yield Defect(
            name=f"{requirement.lower()}-misplaced",
            requirement=requirement,
            operation=action,
            pointer=pointer,
            summary=f"{action} with a fault at {pointer} blames {neighbour}",
            install=_blaming(action, pointer, _at(neighbour), "body", spare_empty=True),
            consequences=frozenset({"NACK-SOUND"}),
        )
    for name, requirement, action, pointer, form, words in _TEXTS:
        yield Defect(
            name=name,
            requirement=requirement,
            operation=action,
            pointer=pointer,
            summary=f"the error at {pointer} of {action} is {words}",
            install=_blaming(action, pointer, _as(form)),
        )
    for action, pointer in _ECHOES:
        yield Defect(
            name=f"{slug(action)}-{parts(pointer)[-1]}-error-echoes-value",
            requirement="NACK-ECHO",
            operation=action,
            pointer=pointer,
            summary=f"the error at {pointer} of {action} is the value that was sent",
            install=_blaming(action, pointer, _echoed),
        )
    for action in (SIGNUP, ADD):
        for name, order, summary in (
            ("rotated", _rotated, "document errors stand one place too far"),
            (
                "at-first",
                _all_at_first,
                "document errors stand at the start of the list, whichever is faulty",
            ),
        ):
            yield Defect(
                name=f"{slug(action)}-document-errors-{name}",
                requirement="NACK-INDEX",
                operation=action,
                pointer="/documents/*",
                summary=f"{action}: {summary}",
                install=in_nack(action, "/documents", on_items(order), "body"),
            )
    for requirement, name, change, reason, summary in _STATUSES:
        yield Defect(
            name=f"{requirement.lower()}-{name}",
            requirement=requirement,
            operation=UPDATE,
            pointer="/registration/status",
            summary=summary,
            install=in_nack(UPDATE, "/registration/status", change, reason),
        )
    yield from _unknown()
    yield from _empty()
    yield from _several()
    yield from _sound()


def _blaming(action: str, pointer: str, blame: Blame, *reasons: str, spare_empty: bool = False) -> Install:
    """Say something else of a fault at one place, where it is the only one and for one of the reasons."""

    def install(gateway: Gateway) -> None:
        def refuse(inner: Any, request: Request, reason: str, message: str, faults: Faults | None = None) -> Any:
            if faults and request.action == action and len(faults) == 1 and reason in (reasons or (reason,)):
                place, text = next(iter(faults.items()))
                spared = spare_empty and request.at(place) == ""
                if matches(place, pointer) and not spared:
                    faults = blame(request, place, text)
            return inner(request, reason, message, faults)

        wrap(gateway, "refuse", refuse)

    return install


def _unknown() -> Iterator[Defect]:
    """A registration that is unknown, and not named where it should be."""
    for requirement, action, name, blame, summary in (
        (
            "GET-NACK-UNKNOWN",
            GET,
            "unsaid",
            _unsaid,
            "an unknown registration is refused without a word in the body",
        ),
        (
            "GET-NACK-UNKNOWN",
            GET,
            "at-object",
            _at("/registration"),
            "the message stands at registration, not its id",
        ),
        (
            "UPDATE-NACK-UNKNOWN",
            UPDATE,
            "unsaid",
            _unsaid,
            "an update of an unknown registration names no field",
        ),
        (
            "UPDATE-NACK-UNKNOWN",
            UPDATE,
            "blank",
            _blank,
            "an update of an unknown registration has a blank message",
        ),
    ):
        yield Defect(
            name=f"{requirement.lower()}-{name}",
            requirement=requirement,
            operation=action,
            pointer="/registration/id",
            summary=summary,
            install=_blaming(action, "/registration/id", blame, "unknown"),
        )


def _empty() -> Iterator[Defect]:
    """An empty string that is refused, but not named."""
    for requirement, action, pointer in (
        ("SIGNUP-NACK-EMPTY", SIGNUP, "/info/company_id"),
        ("GET-NACK-EMPTY", GET, "/registration/id"),
        ("UPDATE-NACK-EMPTY", UPDATE, "/info/name"),
        ("DOCUMENTS-NACK-EMPTY", ADD, "/documents/*/name"),
    ):

        def blame(request: Request, place: Place, message: Json) -> Faults:
            return {} if request.at(place) == "" else {place: message}

        yield Defect(
            name=f"{requirement.lower()}-unsaid",
            requirement=requirement,
            operation=action,
            pointer=pointer,
            summary=f"{action} with an empty text at {pointer} is refused without a word about it",
            install=_blaming(action, pointer, blame, "body"),
        )


def _several() -> Iterator[Defect]:
    """Faults that come together, and are not all named."""
    for action, pointer in ((SIGNUP, "/info/email"), (UPDATE, "/info/email"), (ADD, "/documents/*/data")):
        yield Defect(
            name=f"{slug(action)}-only-first-fault",
            requirement="NACK-ALL",
            operation=action,
            pointer=pointer,
            summary=f"{action} stops at the first fault it finds",
            install=_choosing(action, lambda places: places[:1]),
        )
    yield Defect(
        name="signup-first-faulty-section-only",
        requirement="NACK-ALL",
        operation=SIGNUP,
        pointer="/api/endpoint_url",
        summary="documents and api of a signup are not looked at before info is sound",
        install=_choosing(SIGNUP, lambda places: [place for place in places if place[0] == places[0][0]]),
    )
    yield Defect(
        name="documents-add-one-fault-a-document",
        requirement="NACK-ALL",
        operation=ADD,
        pointer="/documents/*/data",
        summary="of a document with faulty name and data only the name is named",
        install=_choosing(ADD, _first_of_each_item),
    )


def _first_of_each_item(places: list[Place]) -> list[Place]:
    return [place for n, place in enumerate(places) if all(place[:2] != other[:2] for other in places[:n])]


def _choosing(action: str, choose: Callable[[list[Place]], list[Place]]) -> Install:
    def install(gateway: Gateway) -> None:
        def check_body(inner: Any, request: Request) -> Faults:
            faults: Faults = inner(request)
            if request.action != action or not faults:
                return faults
            return {place: faults[place] for place in choose(list(faults))}

        wrap(gateway, "check_body", check_body)

    return install


def _sound() -> Iterator[Defect]:
    """Fields that are sound, and have something at their place."""
    ok = to("OK")
    rows: tuple[tuple[str, str, str, Change, str], ...] = (
        ("signup-sound-email-ok", SIGNUP, "/info/email", ok, "a refused signup says OK at a sound e-mail"),
        ("signup-sound-api-ok", SIGNUP, "/api/endpoint_url", ok, "a refused signup says OK at a sound URL"),
        (
            "signup-sound-name-echoed",
            SIGNUP,
            "/info/name",
            lambda v: v,
            "a refused signup repeats a sound name",
        ),
        ("update-sound-phone-ok", UPDATE, "/info/phone", ok, "a refused update says OK at a sound phone"),
        (
            "update-sound-id-echoed",
            UPDATE,
            "/registration/id",
            lambda v: v,
            "a refused update repeats a sound id",
        ),
        (
            "documents-add-sound-name-ok",
            ADD,
            "/documents/*/name",
            ok,
            "a refused addition says OK at sound names",
        ),
    )
    for name, action, pointer, change, summary in rows:
        # The page shows a registration in that body, so its id is taken for no blame.
        requirement = "NACK-ECHO" if name == "update-sound-id-echoed" else "NACK-SOUND"
        yield Defect(name, requirement, action, pointer, summary, _saying(action, pointer, change))


def _saying(action: str, pointer: str, change: Change) -> Install:
    """Put something at each sound place of a pointer, in the NACK for faults elsewhere in the body."""

    def install(gateway: Gateway) -> None:
        def refuse(inner: Any, request: Request, reason: str, message: str, faults: Faults | None = None) -> Any:
            if faults and request.action == action and reason == "body":
                told = dict(faults)
                for place in _places(request.body, parts(pointer)):
                    if not any(place[: len(other)] == other for other in faults):
                        told[place] = change(request.at(place))
                faults = told
            return inner(request, reason, message, faults)

        wrap(gateway, "refuse", refuse)

    return install


def _places(value: Json, path: tuple[str, ...], place: Place = ()) -> Iterator[Place]:
    """Find the places of a path in a body."""
    if not path:
        yield place
    elif path[0] == "*" and isinstance(value, list):
        for index, item in enumerate(value):
            yield from _places(item, path[1:], (*place, index))
    elif isinstance(value, dict) and path[0] in value:
        yield from _places(value[path[0]], path[1:], (*place, path[0]))
