"""Decides if the tokens on record say who called; they do not if the recorder removed them."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from ...messages.exchange import Exchange
from ...specification.actions import SIGNUP
from ...specification.pointer import MISSING, member
from .marks import is_mark


def are_evidence(calls: Sequence[Exchange]) -> bool:
    """Reports if tokens tell registrations apart: there are some, and none is given to, or sent for, several
    registrations."""
    given: dict[str, set[str]] = {}
    for call in calls:
        id_ = call.id_received
        token = member(call.body_of_reply, "/auth/token")
        if call.action == SIGNUP and call.acknowledged and id_ and isinstance(token, str):
            given.setdefault(token if token != MISSING else "", set()).add(id_)
    later = [call for call in calls if call.action != SIGNUP and call.sent is not None]
    sent: dict[str, set[str]] = {}
    for call in later:
        if call.acknowledged and call.sent is not None:
            token = call.sent.header.get("Token") or ""
            sent.setdefault(token, set()).add(call.id_sent or "")
    if any(map(is_mark, (*given, *_tokens(later)))):
        return False
    if later and not any(_tokens(later)):
        return False
    if any(len(ids) > 1 for token, ids in sent.items() if token and token not in given):
        return False
    if len(given) == 1 and len(next(iter(given.values()))) > 1:
        return False
    # One token for all calls that no signup was seen to give is a replacement.
    only = {*_tokens(later)}
    return not (len(only) == 1 and given and only.isdisjoint(given) and any(call.acknowledged for call in later))


def are_missing(calls: Sequence[Exchange]) -> bool:
    """Reports if the recorder took the tokens out of replies: no signup gave one, and later calls were served."""
    signups = [call for call in calls if call.action == SIGNUP and call.acknowledged]
    later = [call for call in calls if call.action != SIGNUP]
    used = {*_tokens(later)}
    given = [
        token
        for call in signups
        if (token := member(call.body_of_reply, "/auth/token")) not in (None, "", MISSING)
        if isinstance(token, str) or str(token) in used
    ]
    return bool(signups) and not given and any(call.acknowledged for call in later)


def _tokens(calls: Iterable[Exchange]) -> list[str]:
    return [token for call in calls if call.sent is not None and (token := call.sent.header.get("Token"))]
