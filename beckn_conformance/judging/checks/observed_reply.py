"""Tells what kind of reply an exchange got."""

from __future__ import annotations

import copy
import itertools
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Final

from ...config.gateway import GatewayConfig
from ...messages.exchange import Exchange
from ...messages.json_text import MOST_ITEMS
from ...specification.actions import SIGNUP
from ...specification.pointer import LONGEST, MISSING, below, member, parts_of, places
from ...specification.replies import Statuses, declared_statuses, literals, statuses
from ...specification.specification import Specification
from ..diagnosis import Diagnosis
from ..known import KnownRegistrations
from ..origin import INTERMEDIARY, Origin, is_bare, is_own

EMPTY: Final[dict[str, Callable[[], Any]]] = {"string": str, "array": list}
"""Makes the empty value of a type of JSON."""
PARTS: Final = ("info", "documents", "api")
"""Parts of a body that a NACK may blame, whether or not they were sent."""


@dataclass(frozen=True)
class ObservedReply:
    """An exchange, its diagnosis, and what was known before it; its properties tell kinds of replies apart."""

    exchange: Exchange
    diagnosis: Diagnosis
    specification: Specification
    config: GatewayConfig
    known: KnownRegistrations
    served: bool
    """True if this operation was answered with ACK or NACK before."""
    signups_work: bool
    """True if any signup was acknowledged before."""
    fresh: bool
    """True if the registration, or that of the token, may not be visible yet (R19)."""
    contended: bool = False
    """True if another change of the same registration was under way (X3)."""
    may_be_refused: bool = False
    """True if a gateway may refuse the call though nothing is wrong with it: the same call was made again (T13), or
    another change is under way (X3), or waits (R5), or the registration has many documents (Q10)."""

    origin: Origin = Origin.NONE
    """Who wrote the reply, as far as can be told (T6)."""
    fronted: bool = False
    """True if any reply so far came from something in front of the gateway."""
    shut_out: bool = False
    """True if a plain valid request got such a reply from something in front of the gateway before."""

    fastest: float = 0.0
    """Highest rate of a large request so far, in bytes a second; 0 without any."""

    @cached_property
    def statuses(self) -> Statuses:
        """The words for statuses that are due, with the gateway's own as declared (R5, R6)."""
        return declared_statuses(self.specification, self.config.status_names)

    @cached_property
    def readable(self) -> bool:
        """True for an ACK or a NACK."""
        return self.exchange.action_of_reply is not None

    @cached_property
    def body_of_reply(self) -> Any:
        """The body of the reply; a text or list that is declared optional counts as empty if it is left out (Q1)."""
        body = self.exchange.body_of_reply
        if self.config.optional and self.exchange.acknowledged:
            body = copy.deepcopy(body)
            for known in self.specification.members(SIGNUP):
                if known.pointer in self.config.optional and known.type in EMPTY:
                    _fill(body, known.pointer, EMPTY[known.type])
        return body

    @property
    def message(self) -> bool:
        """True if the request was a message, so that the reply must have the form of the specification."""
        return self.exchange.purpose == "" and self.exchange.sent is not None

    @cached_property
    def by_gateway(self) -> bool:
        """True if the gateway wrote the reply, and not something in front of it (T6, T13)."""
        reply = self.exchange.reply
        if reply is None or self.readable or not is_own(self.origin, reply):
            return self.readable
        # A firewall whose replies look like the gateway's may turn away a valid request.
        turned_away = self.served and self.message and self.diagnosis.valid and 400 <= reply.status < 500
        return not (300 <= reply.status < 400 or reply.status == 429 or _conflicts(self) or turned_away)

    @property
    def is_plain(self) -> bool:
        """True for a valid request that nobody has a reason to turn away."""
        return self.diagnosis.valid and not self.diagnosis.symbols

    @property
    def replaced(self) -> bool:
        """True if something in front of the gateway replaced its refusal.

        A page that valid requests get as well, such as a login page, is no refusal.
        """
        reply = self.exchange.reply
        if reply is None or self.shut_out or self.origin not in (Origin.UNLIKE, Origin.FRONT) or _conflicts(self):
            return False
        return reply.status // 100 in (2, 4) and reply.status != 429 and reply.status not in INTERMEDIARY

    @property
    def refused(self) -> bool:
        """True if the gateway refused the request, by a NACK or by the bare status of its framework."""
        if self.readable:
            # An ACK is none, whatever its status (T6).
            return self.exchange.refused
        status = self.exchange.reply.status if self.exchange.reply else 0
        # Frameworks often refuse what is no message, with a page of their own (T14).
        own = self.by_gateway or _conflicts(self) or (self.origin is Origin.UNLIKE and not self.message)
        return status // 100 == 4 and status != 429 and own

    @property
    def crashed(self) -> bool:
        return self.exchange.reply is not None and self.exchange.reply.status >= 500 and not self.readable

    @property
    def absent(self) -> bool:
        """True if the path seems not to be served at all."""
        return self.exchange.reply is not None and self.exchange.reply.status in (404, 405, 501) and not self.readable

    @property
    def may_be_too_early(self) -> bool:
        """True for a refusal that may mean that the registration is not visible yet (R19)."""
        faults = self.diagnosis.faults
        if not self.fresh or any(fault.in_header for fault in faults):
            return False
        if any(fault.of_registration for fault in faults) and (not body_is_judged(self) or self.blamed):
            # The refusal is right. That it blames nothing may be due to a token that is not visible yet.
            return False
        return may_be_too_early(self.exchange)

    @cached_property
    def blamed(self) -> tuple[tuple[str, Any], ...]:
        """Pointers and values of everything that the body of the NACK says, except statuses."""
        return blamed(self.exchange)


def _fill(body: Any, pattern: str, empty: Callable[[], Any]) -> None:
    """Puts an empty value wherever a member is missing or null in an object that is there."""
    parent, _, name = pattern.rpartition("/")
    for _, holder in places(body, parent):
        if isinstance(holder, dict) and holder.get(name) is None:
            holder[name] = empty()


def _conflicts(observed: ObservedReply) -> bool:
    """Returns True if a framework refuses a change because of another one that is under way or waits."""
    return observed.may_be_refused and _is_locked(observed.exchange)


def _is_locked(exchange: Exchange) -> bool:
    return exchange.reply is not None and exchange.reply.status in (409, 423)


def pending_status(observed: ObservedReply, action: str) -> str | None:
    """The word for the status of a registration after an acknowledged change, as declared (R5)."""
    return _declared(observed, literals(observed.specification, action, "ack", "registration", "status"))


def pending_statuses(observed: ObservedReply) -> frozenset[str]:
    """The words for statuses of a registration that waits after some change."""
    return frozenset(filter(None, (pending_status(observed, action) for action in observed.specification.changes)))


def failed_status(observed: ObservedReply, action: str) -> str | None:
    """The word for the status of a registration after a refused change, as declared (R6)."""
    return _declared(observed, literals(observed.specification, action, "nack", "registration", "status"))


def _declared(observed: ObservedReply, words: tuple[str, ...]) -> str | None:
    literal = statuses(observed.specification)
    own = {literal.pending: observed.statuses.pending, literal.failed: observed.statuses.failed}
    return own.get(words[0], words[0]) if words else None


def blamed(exchange: Exchange) -> tuple[tuple[str, Any], ...]:
    """Returns pointers and values of everything that the body of a NACK says, except statuses."""
    leaves = itertools.islice(_leaves(exchange.body_of_reply, ""), MOST_ITEMS)
    return tuple((pointer, value) for pointer, value in leaves if pointer != "/registration/status")


def may_be_too_early(exchange: Exchange) -> bool:
    """True if a gateway may have given the reply because it does not see the registration yet (R19)."""
    if exchange.reply is None or exchange.acknowledged:
        return False
    if not exchange.refused:
        return exchange.reply.status == 404
    return not _names_a_part(exchange, registration=False)


def gives_no_reason(exchange: Exchange) -> bool:
    """True for a NACK that blames nothing: the gateway may be busy (T13)."""
    return exchange.refused and not _names_a_part(exchange, registration=True)


def may_pass(exchange: Exchange) -> bool:
    """True for a refusal that a call may get for a moment: one without a reason, or a bare 409 or 423 (T13, X3)."""
    return gives_no_reason(exchange) or (is_bare(exchange) and _is_locked(exchange))


def _names_a_part(exchange: Exchange, *, registration: bool) -> bool:
    """Tells whether a NACK blames a part of a body; members that no request has, such as links, blame nothing (T11)."""
    sent = exchange.body_sent
    parts = {*PARTS, *(sent if isinstance(sent, dict) else ()), "registration"}
    if not registration:
        parts.remove("registration")
    return any(not pointer or parts_of(pointer)[0] in parts for pointer, _ in blamed(exchange))


def _leaves(value: Any, pointer: str) -> Iterator[tuple[str, Any]]:
    """Yields all values but null, false, 0, blank texts and empty objects and lists; beneath a long name, as one."""
    is_long = len(pointer) > LONGEST
    if isinstance(value, dict) and not is_long:
        for key, child in value.items():
            yield from _leaves(child, below(pointer, key))
    elif isinstance(value, list) and not is_long:
        for index, child in enumerate(value):
            yield from _leaves(child, f"{pointer}/{index}")
    elif value not in (None, False, 0, MISSING) and str(value).strip():
        yield pointer, value


def is_disguised(observed: ObservedReply) -> bool:
    """True for an ACK with the body of a refusal, to an unusual request: nobody knows what was done."""
    status = member(observed.exchange.body_of_reply, "/registration/status")
    valid, failed = observed.diagnosis.valid, observed.statuses.failed
    return observed.exchange.acknowledged and not valid and status in (MISSING, failed)


def body_is_judged(observed: ObservedReply) -> bool:
    """True if the specification has a failure body for the faults of the request (H3, R16)."""
    faults = observed.diagnosis.body_faults
    if not faults or observed.diagnosis.header_faults:
        return False
    registration = [f for f in faults if f.of_registration]
    if registration and not observed.specification.blames_registration(observed.exchange.action):
        return False
    return not registration or len(registration) == len(faults)


def is_judged(observed: ObservedReply) -> bool:
    return observed.readable and observed.message and not observed.may_be_too_early
