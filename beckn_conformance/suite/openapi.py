"""Draws requests from the schemas with Schemathesis, as plain data: valid and faulty bodies and headers."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import lru_cache
from typing import TYPE_CHECKING, Any

from ..config.gateway import GatewayConfig
from ..run.lazy import LazyModule
from ..specification.actions import SIGNUP
from ..specification.catalogue import Operation
from ..specification.members import Member
from ..specification.pointer import MISSING, places
from ..specification.specification import Specification
from .specification import current

if TYPE_CHECKING:
    from hypothesis import strategies as st
    from hypothesis.strategies import SearchStrategy
else:
    st = LazyModule("hypothesis.strategies")

BODY, HEADER = "body", "header"
MOSTLY = (True, True, True, False)
SAID = ("type", "enum", "const", "pattern", "minLength", "maxLength", "minimum", "maximum")
"""Keywords that say which values must be refused."""
MOST_MESSAGES = 3
"""Messages in one example, sent one after the other."""


def messages(action: str) -> Callable[[GatewayConfig], SearchStrategy[Any]]:
    """Returns a strategy for lists of messages of an operation, each a body and how to use it.

    ``laid in``: texts that only some readings refuse are replaced by texts that every reading accepts, so that the
    drawn fault is the only one. ``named``: a place and one of the faulty values that the schemas list for it, or None.
    ``about``: the registration meant, which is the sender's ``own``, an ``unknown`` one, or its own with the token of
    ``another``.
    """

    def examples(config: GatewayConfig) -> SearchStrategy[Any]:
        sound, faulty = bodies(action, faulty=False), bodies(action, faulty=True)
        named = [
            (member.pointer, value)
            for member in current().members(action)
            for strength in ("must", "should")
            for value in member.malformed(strength).values()
        ]
        kinds = [_message(sound, laid_in=(False, True)), _message(faulty), _message(faulty), _message(faulty)]
        if action != SIGNUP:
            kinds += [_message(sound, laid_in=(True,), about=about) for about in ("unknown", "another")]
        if named:
            kinds += [_message(sound, laid_in=(True,), named=named)] * 2
        return st.lists(st.one_of(kinds), min_size=1, max_size=MOST_MESSAGES)

    return examples


def _message(
    body: SearchStrategy[Any],
    *,
    laid_in: Sequence[bool] = MOSTLY,
    named: Sequence[Any] = (None,),
    about: str = "own",
) -> SearchStrategy[Any]:
    parts = {"laid in": st.sampled_from(laid_in), "named": st.sampled_from(named), "about": st.just(about)}
    return st.fixed_dictionaries({"body": body, **parts})


def heads(config: GatewayConfig) -> SearchStrategy[Any]:
    """Draws an operation, a header for it, and which header members replace the valid ones."""
    names = ("Action", "Token", "Timestamp")
    return st.one_of(
        [
            st.fixed_dictionaries(
                {
                    "action": st.just(operation.action),
                    "header": headers(operation.action, faulty=True) | headers(operation.action, faulty=False),
                    "sent": st.sampled_from((*((name,) for name in names), names)),
                }
            )
            for operation in current().operations
        ]
    )


def bodies(action: str, *, faulty: bool) -> SearchStrategy[Any]:
    """Draws JSON objects that an operation's request schema allows, or violates.

    Other JSON values and content that is not JSON are not messages (T14), and are left out.
    """
    cases = _cases(current(), action, BODY, faulty).filter(lambda case: isinstance(case.body, dict))
    return cases.map(lambda case: case.body)


def headers(action: str, *, faulty: bool) -> SearchStrategy[dict[str, str]]:
    """Draws members of an operation's request header that any binding can carry; members may be missing."""
    names = {member.casefold(): member for member in current().files["header.request.json"]["properties"]}

    def sendable(case: Any) -> dict[str, str]:
        return {
            names[name.casefold()]: value
            for name, value in case.headers.items()
            if name.casefold() in names and value.isascii() and value.isprintable() and value == value.strip()
        }

    return _cases(current(), action, HEADER, faulty).map(sendable)


def texts(action: str, body: Any) -> Iterator[tuple[Member, str, str]]:
    """Yields member, pointer and text of every text in a body that stands where a text belongs and that some reading
    accepts."""
    for member in current().members(action):
        if member.type == "string":
            for pointer, value in places(body, member.pointer):
                if isinstance(value, str) and value != MISSING and member.borders.tolerates(value):
                    yield member, pointer, value


def _cases(specification: Specification, action: str, part: str, faulty: bool) -> SearchStrategy[Any]:
    from schemathesis import GenerationMode

    operation = _operations(specification, part)[f"POST /{action}"]
    mode = GenerationMode.NEGATIVE if faulty else GenerationMode.POSITIVE
    strategy: SearchStrategy[Any] = operation.as_strategy(generation_mode=mode)
    return strategy


@lru_cache(maxsize=4)
def _operations(specification: Specification, part: str) -> Mapping[str, Any]:
    """Returns the operations, described as OpenAPI, reduced to one part of their requests, by label.

    Faults are then drawn in that part only. Schemathesis would otherwise break headers and bodies together, and a
    refused header hides everything behind it.
    """
    # These imports take as long as the rest of the kit, and only drawing needs them.
    import schemathesis
    from schemathesis.config import SchemathesisConfig
    from schemathesis.core.result import Ok

    paths: dict[str, Any] = {}
    for known in specification.operations:
        request: dict[str, Any] = {"responses": {"default": {"description": "a reply"}}}
        if part == BODY:
            body = _narrowed(specification, {"$ref": f"{known.key}.request.json"})
            request["requestBody"] = {"required": True, "content": {"application/json": {"schema": body}}}
        else:
            request["parameters"] = [
                {"name": name, "in": "header", "required": True, "schema": _field(specification, known, name)}
                for name in specification.files["header.request.json"]["properties"]
            ]
        paths[known.path] = {"post": request}
    info = {"title": specification.title, "version": "1"}
    # An explicit configuration, so that none is searched for in the current folder and no seed is random.
    schema = schemathesis.openapi.from_dict(
        {"openapi": "3.1.0", "info": info, "paths": paths}, config=SchemathesisConfig(seed=0)
    )
    # Databases and parsers refuse NUL before a gateway sees it. Without a codec the alphabet still excludes surrogates,
    # and needs no table of a million characters.
    schema.config.generation.allow_x00 = False
    schema.config.generation.codec = None
    found = (result.ok() for result in schema.get_all_operations() if isinstance(result, Ok))
    return {operation.label: operation for operation in found}


def _field(specification: Specification, operation: Operation, name: str) -> dict[str, Any]:
    """The schema of a member of the header."""
    if name == "Action":
        return {"type": "string", "enum": [operation.action]}
    return {"type": "string", **_narrowed(specification, {"$ref": f"header.request.json#/properties/{name}"})}


def _narrowed(specification: Specification, schema: Mapping[str, Any]) -> dict[str, Any]:
    """Returns a schema whose structure no reading refuses: objects have exactly the page's members, and lists have as
    many items as any gateway takes. For texts it says which must be refused."""
    schema, _ = specification.schemas.resolve(schema)
    match schema.get("type"):
        case "object":
            members = {name: _narrowed(specification, child) for name, child in schema["properties"].items()}
            return {"type": "object", "properties": members, "required": [*members], "additionalProperties": False}
        case "array":
            items = _narrowed(specification, schema["items"])
            return {"type": "array", "items": items, **schema.get("x-safe", {})}
    return {k: v for k, v in schema.items() if k in SAID}
