"""Decides if the tokens on record say who called; they do not if the recorder removed them."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence

from ...messages.exchange import Exchange
from ...specification.actions import SIGNUP
from ...specification.pointer import MISSING, member

REDACTED = re.compile(
    r"[^A-Za-z0-9]+|[^A-Za-z0-9]*(filtered|redacted|masked|hidden|removed|scrubbed|sanitized|x{3,})[^A-Za-z0-9]*",
    re.IGNORECASE,
)
"""Replacements that recorders write for secrets."""


def is_redacted(token: str) -> bool:
    """Reports if a token looks like the replacement for one."""
    return REDACTED.fullmatch(token) is not None


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
    if any(map(is_redacted, (*given, *_tokens(later)))):
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


def _tokens(calls: Iterable[Exchange]) -> list[str]:
    return [token for call in calls if call.sent is not None and (token := call.sent.header.get("Token"))]
