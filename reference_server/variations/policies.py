"""Fair demands of a gateway on the values of requests."""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any

from reference_server.gateway import Gateway
from reference_server.message import ADD, SIGNUP, UPDATE, Faults, Json, Place, Reply, Request
from reference_server.planting import Install, Variation, replaces
from reference_server.planting.edits import matches, parts, places
from reference_server.planting.steps import Authorising, added, both, checking, denying, giving
from reference_server.registration import Registration, digest
from reference_server.specification import Member

_CIN = r"[LU][0-9]{5}[A-Z]{2}[0-9]{4}[A-Z]{3}[0-9]{6}"
_OWN = {
    "company_id": r"KA-[0-9]{8}",
    "phone": r"\+91-140[0-9]{7}",
    "email": r"[a-z]{10}@transit\.in",
    "endpoint_url": r"https://bpp\.transit\.in/[a-z]{10}",
}
_FILE_NAME = r"[A-Za-z0-9][A-Za-z0-9 _-]*\.(pdf|jpe?g)"
_EMAIL = r"[a-z0-9]+([._-][a-z0-9]+)*(\+[a-z0-9]+)?@([a-z0-9-]+\.)+[a-z]{2,}"
_URL = r"https://([a-z0-9-]+\.)+[a-z]{2,}(/[A-Za-z0-9_-]+)+"
_MOST_DOCUMENTS = 10


def variations() -> Iterator[Variation]:
    yield from _values()
    yield from _lists()
    yield Variation("values-trimmed", "Q6", "white space around a text, line breaks too, is dropped", _TRIMMING)
    yield Variation(
        "unknown-members-refused", "T11", "a request with members that are not on the page is refused", _closed
    )
    words, install = "members that are not on the page are kept and given back", giving("content", _with_unknown)
    yield Variation("unknown-members-kept", "T11", words, install)
    for name, pointer in (("company-id", "/info/company_id"), ("document-name", "/documents/*/name")):
        words, install = f"{pointer} may be missing", _optional(pointer)
        yield Variation(f"optional-{name}", "Q1", words, install, {"optional": [pointer]})


# Values.


def _fits(pattern: str) -> Callable[[str], bool]:
    return lambda text: re.fullmatch(pattern, text) is not None


def _is_short(text: str) -> bool:
    return 2 <= len(text) <= 64


def _is_small(data: str) -> bool:
    return len(data) <= 32 * 1024


def _is_phone(text: str) -> bool:
    import phonenumbers

    code, _, rest = text.partition("-")
    try:
        number = phonenumbers.parse(f"{code}{rest.partition('-')[0]}")
    except phonenumbers.NumberParseException:
        return False
    return phonenumbers.is_valid_number(number)


def _kind(data: str) -> str:
    try:
        content = base64.b64decode(data, validate=True)
    except (binascii.Error, ValueError):
        return ""
    return "pdf" if content.startswith(b"%PDF-") else "jpeg" if content.startswith(b"\xff\xd8\xff") else ""


def _values() -> Iterator[Variation]:
    company, phone, email, data = "/info/company_id", "/info/phone", "/info/email", "/documents/*/data"
    own = {"company_id": company, "phone": phone, "email": email, "endpoint_url": "/api/endpoint_url"}
    for name, reading, pointer, test, words in (
        ("policy-cin", "Q5", company, _fits(_CIN), "company ids must be Indian CINs"),
        ("policy-phone", "Q6", phone, _is_phone, "phones must be valid by libphonenumber"),
        ("policy-email", "Q7", email, _fits(_EMAIL), "e-mail addresses must be plain and in lower case"),
        ("policy-name-length", "Q4", "/info/name", _is_short, "names have 2 to 64 characters"),
        ("policy-file-name", "Q8", "/documents/*/name", _fits(_FILE_NAME), "documents need plain names of files"),
        ("policy-file-content", "Q9", data, lambda text: bool(_kind(text)), "documents must be PDF or JPEG"),
        ("policy-url", "Q12", "/api/endpoint_url", _fits(_URL), "URLs must be https, plain, and have a path"),
        ("documents-at-most-32-kb", "Q10", data, _is_small, "a document has 32 KB of data at most"),
    ):
        yield Variation(name, reading, words, _demanding(pointer, test))
    words = "company ids are those of a state's own register; reserved numbers and domains are refused"
    install = both(*(_demanding(pointer, _fits(_OWN[name])) for name, pointer in own.items()))
    yield Variation("policy-own-values", "Q5", words, install, {"values": {n: f"^{_OWN[n]}$" for n in own}})
    words = "the extension of a document must be that of its content"
    yield Variation("policy-file-extension", "Q8", words, _further(_extensions))


def _further(check: Callable[[Gateway, Request], Faults]) -> Install:
    """Find further faults in the body of a request."""
    return checking(lambda gateway, request, faults: {**check(gateway, request), **faults})


def _demanding(pointer: str, test: Callable[[str], bool]) -> Install:
    def check(gateway: Gateway, request: Request) -> Faults:
        values = ((place, request.at(place)) for place in places(request.body, parts(pointer)))
        return {
            place: "is against the policy of this city"
            for place, value in values
            if isinstance(value, str) and not test(value)
        }

    return _further(check)


def _extensions(gateway: Gateway, request: Request) -> Faults:
    faults: dict[Place, Json] = {}
    for place in places(request.body, ("documents", "*")):
        name, data = request.at((*place, "name")), request.at((*place, "data"))
        if isinstance(name, str) and isinstance(data, str):
            extension = name.rsplit(".", 1)[-1].replace("jpg", "jpeg")
            if _kind(data) and extension != _kind(data):
                faults[*place, "name"] = "is not the name of such a file"
    return faults


def _trimmed(value: Json) -> Any:
    if isinstance(value, str):
        return value.strip()
    if isinstance(value, list):
        return [_trimmed(item) for item in value]
    return {name: _trimmed(item) for name, item in value.items()} if isinstance(value, dict) else value


_TRIMMING = giving("read", lambda request, _: replace(request, body=_trimmed(request.body)))


# Lists, and what has to come together.


def _lists() -> Iterator[Variation]:
    for name, reading, words, install in (
        ("documents-required", "Q11", "a signup needs documents, an addition too", _further(_at_least_one)),
        ("documents-at-most-five", "Q10", "a call has five documents at most", _further(_at_most_five)),
        ("documents-at-most-ten", "Q10", "a registration has ten documents", denying(ADD, _is_full, _too_many)),
        ("document-names-once", "R13", "names of documents differ", denying(ADD, _repeating("name"), _repeated)),
        ("document-contents-once", "R13", "contents of documents differ", denying(ADD, _repeating("data"), _repeated)),
        ("company-id-once", "Q13", "a company signs up once", _unique_company_id),
        ("company-id-again", "Q13", "a company that signs up again gets a new token for its registration", _renewed),
        ("info-held", "Q15", "e-mail address and company id never change", _further(_held("email", "company_id"))),
        ("info-held-but-for-phone", "Q15", "an update changes the phone, one message at a time", _holding_first),
        ("update-complete", "Q14", "an update needs all members of info", _further(_complete)),
        ("update-of-nothing", "Q14", "an update with an empty info is acknowledged", checking(_taking_nothing)),
    ):
        yield Variation(name, reading, words, install)


def _at_least_one(gateway: Gateway, request: Request) -> Faults:
    expected = request.action in (SIGNUP, ADD) and not request.body.get("documents")
    return {("documents",): "must have one document at least"} if expected else {}


def _at_most_five(gateway: Gateway, request: Request) -> Faults:
    many = sum(1 for _ in places(request.body, ("documents", "*"))) > 5
    return {("documents",): "has too many"} if many else {}


def _is_full(request: Request, registration: Registration) -> bool:
    return len(registration.documents) + added(request) > _MOST_DOCUMENTS


def _too_many(gateway: Gateway, request: Request) -> Reply:
    faults: Faults = {("documents",): "are too many"}
    return gateway.refuse(request, "body", "the registration has ten documents", faults)


def _repeating(member: str) -> Callable[[Request, Registration], bool]:
    def repeats(request: Request, registration: Registration) -> bool:
        values = [request.at(place) for place in places(request.body, ("documents", "*", member))]
        values += [document.members.get(member) for document in registration.documents]
        return len({*values}) < len(values)

    return repeats


def _repeated(gateway: Gateway, request: Request) -> Reply:
    faults: Faults = {("documents",): "are there already"}
    return gateway.refuse(request, "body", "the registration has such a document", faults)


def _held(*names: str) -> Callable[[Gateway, Request], Faults]:
    def held(gateway: Gateway, request: Request) -> Faults:
        registration = gateway.find(request) if request.action == UPDATE and request.id else None
        info = request.body.get("info")
        if registration is None or not isinstance(info, dict):
            return {}
        if all(value in (None, registration.info.get(name)) for name, value in info.items()):
            return {("info",): "says nothing new"}
        changed = (name for name in names if info.get(name) not in (None, registration.info[name]))
        return {("info", name): "cannot be changed" for name in changed}

    return held


def _holding_first(gateway: Gateway) -> None:
    def check(gateway: Gateway, request: Request, faults: Faults) -> Faults:
        held = _held("name", "email", "company_id")(gateway, request)
        return dict([next(iter(held.items()))]) if held else faults

    checking(check)(gateway)


def _taking_nothing(gateway: Gateway, request: Request, faults: Faults) -> Faults:
    if request.action == UPDATE and request.body.get("info") == {}:
        return {place: message for place, message in faults.items() if place != ("info",)}
    return faults


def _complete(gateway: Gateway, request: Request) -> Faults:
    info = request.body.get("info")
    if request.action != UPDATE or not isinstance(info, dict):
        return {}
    names = gateway.specification.requests[UPDATE].members["info"].members
    if all(info.get(name) is None for name in names):
        return {}
    return {("info", name): "is required" for name in names if info.get(name) is None}


def _unique_company_id(gateway: Gateway) -> None:
    owners: dict[str, str] = {}

    def owned(registration: Registration, *_: object) -> Registration:
        owners[registration.info["company_id"].casefold()] = registration.token_digest
        return registration

    def check(_: Gateway, request: Request, faults: Faults) -> Faults:
        identity = request.at(("info", "company_id"))
        if faults or not isinstance(identity, str):
            return faults
        mine = digest(request.token) if request.action == UPDATE else None
        taken = owners.get(identity.casefold(), mine) != mine
        return {("info", "company_id"): "is registered already"} if taken else faults

    both(checking(check), giving("register", owned), giving("update", owned))(gateway)


def _renewed(gateway: Gateway) -> None:
    first: dict[Json, str] = {}

    def again(made: Registration, *_: object) -> Registration:
        return replace(made, id=first.setdefault(made.info["company_id"], made.id))

    giving("register", again)(gateway)

    @replaces(gateway)
    def authorise(inner: Authorising, request: Request, registration: Registration | None) -> Reply | None:
        owner = gateway.store.owner(digest(request.token))
        if owner is not None and owner.token_digest != digest(request.token):
            return replace(gateway.refuse(request, "token", "the token was replaced"), status=401)
        return inner(request, registration)


# Members.


def _closed(gateway: Gateway) -> None:
    def checked(refusal: Reply | None, request: Request) -> Reply | None:
        if refusal is None and _unknown_members(gateway.specification.requests[request.action], request.body):
            return gateway.refuse(request, "members", "the request has unknown members")
        return refusal

    giving("check_header", checked)(gateway)


def _unknown_members(shape: Member, value: Json) -> bool:
    if isinstance(value, dict) and shape.members:
        return any(
            name not in shape.members or _unknown_members(shape.members[name], child) for name, child in value.items()
        )
    if isinstance(value, list) and shape.items is not None:
        return any(_unknown_members(shape.items, item) for item in value)
    return False


def _with_unknown(kept: dict[str, Json], request: Request) -> dict[str, Json]:
    for section in {"info", "api"} & kept.keys():
        sent = {name: value for name, value in request.body[section].items() if value is not None}
        kept[section] = {**sent, **kept[section]}
    return kept


def _optional(pointer: str) -> Install:
    """Let a member be missing or null, and leave it out of replies then."""

    def check(_: Gateway, request: Request, faults: Faults) -> Faults:
        return {p: message for p, message in faults.items() if not matches(p, pointer) or request.at(p) is not None}

    return checking(check)
