"""Defects in what is asked of the header of a request, and in what tokens open."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any

from reference_server.defects.defect import Defect
from reference_server.edits import enveloped, in_reply, slug
from reference_server.formats import timestamp
from reference_server.gateway import Gateway
from reference_server.message import ACTIONS, ADD, GET, SIGNUP, UPDATE, Json, Reply, Request
from reference_server.planting import Install, wrap
from reference_server.registration import Registration, digest

Test = Callable[[Json], bool]
"""Says whether a faulty value of a header member is let through; None is an absent one."""


def _absent(value: Json) -> bool:
    return value is None


def _other_operation(value: Json) -> bool:
    return value in ACTIONS


def _no_operation(value: Json) -> bool:
    return value is not None and value not in ACTIONS


def _word(value: Json) -> bool:
    return isinstance(value, str) and not re.search(r"[0-9]", value)


def _month_13(value: Json) -> bool:
    return isinstance(value, str) and re.match(r"[0-9]{4}-1[3-9]-", value) is not None


def _february_30(value: Json) -> bool:
    return isinstance(value, str) and re.match(r"[0-9]{4}-02-3[01]T", value) is not None


def _first_line_is_operation(value: Json) -> bool:
    return isinstance(value, str) and value.partition("\n")[0] == UPDATE


def _first_line_is_time(value: Json) -> bool:
    return isinstance(value, str) and timestamp(value.partition("\n")[0]) is None


_HEADERS: tuple[tuple[str, str, str, str, Test, str], ...] = (
    ("ACTION", SIGNUP, "Action", "absent", _absent, "without an Action"),
    ("ACTION", GET, "Action", "other", _other_operation, "with the Action of another operation"),
    ("ACTION", UPDATE, "Action", "unknown", _no_operation, "with an Action that does not exist"),
    ("ACTION", ADD, "Action", "absent", _absent, "without an Action"),
    ("ACTION", SIGNUP, "Action", "other", _other_operation, "with the Action of another operation"),
    ("TIMESTAMP", SIGNUP, "Timestamp", "word", _word, "with a word for a Timestamp"),
    ("TIMESTAMP", GET, "Timestamp", "absent", _absent, "without a Timestamp"),
    ("TIMESTAMP", UPDATE, "Timestamp", "month-13", _month_13, "with a Timestamp in a 13th month"),
    ("TIMESTAMP", ADD, "Timestamp", "february-30", _february_30, "with a Timestamp on 30 February"),
    ("TIMESTAMP", GET, "Timestamp", "february-30", _february_30, "with a Timestamp on 30 February"),
)


def defects() -> Iterator[Defect]:
    """Make the defects of this family."""
    for requirement, action, member, name, test, words in _HEADERS:
        yield Defect(
            name=f"{slug(action)}-{member.lower()}-{name}-accepted",
            requirement=f"HEADER-NACK-{requirement}",
            operation=action,
            pointer=f"header:{member}",
            summary=f"{action} is acknowledged {words}",
            install=_unchecked(action, member, test),
        )
    for member, test in (("Action", _first_line_is_operation), ("Timestamp", _first_line_is_time)):
        yield Defect(
            name=f"update-{member.lower()}-second-line-accepted",
            requirement=f"HEADER-NACK-{member.upper()}",
            operation=UPDATE,
            pointer=f"header:{member}",
            summary=f"in an envelope, only the first line of the {member} is looked at",
            install=enveloped(_unchecked(UPDATE, member, test)),
            configuration={"binding": "envelope"},
        )
    yield from _tokens()
    yield from _repeated()
    yield from _lost()


def _unchecked(action: str, member: str, test: Test) -> Install:
    def install(gateway: Gateway) -> None:
        def check(inner: Any, request: Request) -> str | None:
            message: str | None = inner(request)
            return None if request.action == action and test(request.header.get(member)) else message

        wrap(gateway, f"check_{member.lower()}", check)

    return install


def _tokens() -> Iterator[Defect]:
    """Calls that are let in without their registration's token."""
    for action in (GET, UPDATE, ADD):
        for name, requirement, refusal, test, words in (
            ("absent", "TOKEN-NACK-ABSENT", "token", _absent, "no token"),
            ("empty", "TOKEN-NACK-ABSENT", "token", _is_empty, "an empty token"),
            ("unknown", "TOKEN-NACK-UNKNOWN", "token", _is_given, "a token that no signup gave"),
            ("foreign", "TOKEN-NACK-FOREIGN", "foreign", _is_given, "another registration's token"),
        ):
            yield Defect(
                name=f"{slug(action)}-token-{name}-accepted",
                requirement=requirement,
                operation=action,
                pointer="header:Token",
                summary=f"{action} is acknowledged with {words}",
                install=_open(action, refusal, test),
            )


def _is_empty(value: Json) -> bool:
    return isinstance(value, str) and not value.strip()


def _is_given(value: Json) -> bool:
    return isinstance(value, str) and bool(value.strip())


def _open(action: str, refusal: str, test: Test) -> Install:
    """Let in, to a registration that exists, what would be refused for one reason."""

    def install(gateway: Gateway) -> None:
        def check_token(inner: Any, request: Request) -> str | None:
            message: str | None = inner(request)
            return None if request.action == action and test(request.header.get("Token")) else message

        def authorise(inner: Any, request: Request, registration: Registration | None) -> Reply | None:
            refused: Reply | None = inner(request, registration)
            if refused is None or registration is None or refused.reason != refusal:
                return refused
            return None if request.action == action and test(request.header.get("Token")) else refused

        wrap(gateway, "check_token", check_token)
        wrap(gateway, "authorise", authorise)

    return install


def _repeated() -> Iterator[Defect]:
    """Replies that give the credential again."""
    for action in (GET, UPDATE, ADD):
        yield Defect(
            name=f"{slug(action)}-token-repeated",
            requirement="TOKEN-NOT-REPEATED",
            operation=action,
            pointer="/auth",
            summary=f"the reply to {action} carries the token again",
            install=in_reply("ACK", action, _with_auth),
        )


def _with_auth(request: Request, reply: Reply) -> Reply:
    auth = {"token": request.token, "exp": "2099-12-31T23:59:59Z"}
    return Reply(reply.action, reply.message, {**reply.body, "auth": auth}, reply.status, header=reply.header)


def _lost() -> Iterator[Defect]:
    """Tokens that stop to work."""
    for name, requirement, action, allowed, words in (
        ("get-token-works-once", "GET-ACK", GET, 1, "works for one Provider/get only"),
        ("update-token-never-works", "UPDATE-ACK", UPDATE, 0, "does not open Provider/info/update"),
        (
            "documents-add-token-works-once",
            "DOCUMENTS-ACK",
            ADD,
            1,
            "works for one Provider/documents/add only",
        ),
    ):
        yield Defect(
            name=name,
            requirement="TOKEN-ACCEPTED",
            operation=action,
            pointer="header:Token",
            summary=f"a token {words}",
            install=_worn_out(action, allowed),
            consequences=frozenset({requirement}),
        )


def _worn_out(action: str, allowed: int) -> Install:
    def install(gateway: Gateway) -> None:
        uses: Counter[str] = Counter()

        def authorise(inner: Any, request: Request, registration: Registration | None) -> Reply | None:
            refused: Reply | None = inner(request, registration)
            if refused is not None or registration is None or request.action != action:
                return refused
            uses[digest(request.token)] += 1
            if uses[digest(request.token)] > allowed:
                return replace(gateway.refuse(request, "token", "the token is used up"), status=401)
            return None

        wrap(gateway, "authorise", authorise)

    return install
