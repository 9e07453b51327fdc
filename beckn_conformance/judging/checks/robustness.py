"""Checks of what a gateway does with what no client sends: unreadable, larger than usual, no call of the page."""

from __future__ import annotations

from collections.abc import Iterable

from ...messages.exchange import Role, Trouble, TroubleKind
from ...messages.hostile import MANY_DOCUMENTS
from ...specification.actions import GET
from ..finding import Judgement, slug
from ..origin import Origin, is_intermediary, is_own
from .observation import Sight
from .registry import check

NOT_OF_THE_PAGE = (501, 505)
"""Server errors that say of a method or a version of HTTP that it is not served, as they should."""


def _kind(sight: Sight) -> str:
    return sight.exchange.stimulus.kind if sight.exchange.stimulus else ""


def _family(sight: Sight) -> str:
    return sight.exchange.stimulus.family if sight.exchange.stimulus else ""


@check("MALFORMED-NACK", "MALFORMED-NO-CRASH")
def unreadable_request(sight: Sight) -> Iterable[Judgement]:
    reply = sight.exchange.reply
    if sight.exchange.purpose != "malformed" or reply is None or sight.origin is Origin.NONE:
        return
    if sight.origin is Origin.FRONT and (reply.status >= 500 or reply.status in (403, 407)):
        return
    if 300 <= reply.status < 400 or reply.status == 429:
        return
    obligation = f"{sight.action} {_kind(sight)}".strip()
    if sight.exchange.acknowledged:
        yield sight.bad(
            "MALFORMED-NACK",
            "",
            "unreadable-acknowledged",
            "an unreadable request is acknowledged",
            "NACK, or a status 4xx",
            obligation=obligation,
        )
    elif sight.exchange.refused or 400 <= reply.status < 500:
        yield sight.ok("MALFORMED-NACK", obligation)
    if reply.status >= 500:
        yield sight.bad(
            "MALFORMED-NO-CRASH",
            "",
            "server-error",
            "an unreadable request causes a server error",
            "NACK, or a status 4xx",
            obligation=obligation,
        )
    else:
        yield sight.ok("MALFORMED-NO-CRASH", obligation)


@check("LARGE-ANSWERED")
def large_request(sight: Sight) -> Iterable[Judgement]:
    reply = sight.exchange.reply
    if sight.exchange.purpose != "large" or sight.action == GET:
        return
    many = _kind(sight) == MANY_DOCUMENTS
    pointer, what = ("/documents", "a long list of documents") if many else ("/documents/0/data", "a large document")
    obligation = f"{sight.action} {_kind(sight)}".strip()
    sent = f"{sight.action} with {_kind(sight) or what}"
    if sight.exchange.late:
        if sight.fastest and len(sight.exchange.request.content) / sight.fastest > sight.config.timeout / 2:
            # It is the line that takes so long, and a longer timeout would show the rest.
            return
        yield sight.bad(
            "LARGE-ANSWERED",
            pointer,
            "late",
            f"{what} is not answered in time",
            "an answer in time",
            obligation=obligation,
            sent=sent,
        )
    elif reply is not None and reply.status >= 500 and sight.by_gateway:
        yield sight.bad(
            "LARGE-ANSWERED",
            pointer,
            "server-error",
            f"{what} causes a server error",
            "ACK, NACK or a status 4xx",
            obligation=obligation,
            sent=sent,
        )
    elif sight.readable or (reply is not None and 400 <= reply.status < 500):
        yield sight.ok("LARGE-ANSWERED", obligation)


@check("ROBUST-NO-CRASH")
def foreign_request(sight: Sight) -> Iterable[Judgement]:
    reply = sight.exchange.reply
    if sight.exchange.purpose != "foreign" or reply is None or is_intermediary(sight.exchange):
        return
    crashed = reply.status >= 500 and not sight.readable and reply.status not in NOT_OF_THE_PAGE
    if crashed and sight.origin is Origin.FRONT:
        return
    if crashed:
        request = sight.exchange.request
        yield sight.bad(
            "ROBUST-NO-CRASH",
            "",
            slug(f"server error {_family(sight)}"),
            f"{_family(sight)} causes a server error",
            "any other answer, such as a status 4xx",
            obligation=_family(sight),
            sent=f"{sight.action} with {_family(sight)}: {_kind(sight)} ({request.method} {request.url})",
        )
    else:
        yield sight.ok("ROBUST-NO-CRASH", _family(sight))


NEVER_SENT = frozenset({TroubleKind.TIMEOUT, TroubleKind.NO_CONNECTION})
SILENT = NEVER_SENT | {TroubleKind.CONNECTION, TroubleKind.PATIENCE}


def _is_silence(trouble: Trouble | None, fronted: bool) -> bool:
    """Whether nothing came back at all; where something stands in front of the gateway, it may be that which closes
    connections."""
    return trouble is not None and trouble.kind in (NEVER_SENT if fronted else SILENT)


@check("ROBUST-LIVES-ON")
def answers_afterwards(sight: Sight) -> Iterable[Judgement]:
    """A plain call after hostile input; silence tells only once patience has run out."""
    stimulus, reply = sight.exchange.stimulus, sight.exchange.reply
    if stimulus is None or stimulus.role is Role.INPUT:
        return
    kind, given_up = stimulus.kind, stimulus.role is Role.LONG_AFTER
    if is_own(sight.origin, reply):
        yield sight.ok("ROBUST-LIVES-ON", kind)
    elif given_up and reply is None and sight.reached and _is_silence(sight.exchange.trouble, sight.fronted):
        yield sight.bad(
            "ROBUST-LIVES-ON",
            "",
            slug(f"silent after {kind}"),
            f"no request is answered after {kind}",
            f"an answer to a plain call within {sight.config.patience:g} s after {kind}, as before it",
            f"{sight.exchange.trouble}, in new attempts for {sight.config.patience:g} s",
            obligation=kind,
            sent=f"{kind}, and after that {sight.action}, valid",
        )
