"""Gathers what a check looks at: an exchange, its diagnosis, and what kind of reply it got."""

from __future__ import annotations

import itertools
import json
from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import cached_property, lru_cache
from typing import Any

from ...config.gateway import GatewayConfig
from ...messages.exchange import Exchange
from ...messages.json_text import MOST_ITEMS
from ...messages.text import shown
from ...specification.actions import ADD
from ...specification.pointer import MISSING, below, member, places
from ...specification.replies import Statuses, statuses
from ...specification.specification import Specification
from ...untrusted.text import brief, printable
from ..diagnosis import Diagnosis
from ..finding import Finding, Judgement, Obligation
from ..known import KnownRegistrations
from ..origin import INTERMEDIARY, Origin, is_own, signature


@dataclass(frozen=True)
class Observation:
    """Everything a check may look at: an exchange, its diagnosis, and what was known before it."""

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
    """True if another change of the same registration was under way, so that this one may be refused (X3)."""

    origin: Origin = Origin.NONE
    """Who wrote the reply, as far as can be told (T6)."""
    fronted: bool = False
    """True if any reply so far came from something in front of the gateway."""
    shut_out: bool = False
    """True if a plain valid request got such a reply from something in front of the gateway before."""

    fastest: float = 0.0
    """Highest rate of a large request so far, in bytes a second; 0 without any."""
    reached: bool = True
    """True if the last hostile request may have reached the gateway."""

    @property
    def action(self) -> str:
        return self.exchange.action

    @cached_property
    def registration(self) -> str:
        """Id of the registration that the exchange is about, or that it made; empty without one."""
        return self.diagnosis.registration or self.exchange.id_received or ""

    @cached_property
    def statuses(self) -> Statuses:
        """The words for statuses that are due, with the gateway's own as declared (R5, R6)."""
        literals = statuses(self.specification)
        return replace(
            literals,
            pending=self.config.status_names.get("UPDATE-PENDING", literals.pending),
            failed=self.config.status_names.get("UPDATE-FAIL", literals.failed),
        )

    @cached_property
    def left_out(self) -> list[str]:
        """Pointers of the members that the request leaves out and need not have."""
        body = self.exchange.sent.body if self.exchange.sent else MISSING
        return [
            pointer
            for known in self.specification.members(self.action)
            if known.omissible
            for pointer, value in places(body, known.pointer)
            if value == MISSING and isinstance(member(body, pointer.rpartition("/")[0]), dict)
        ]

    @cached_property
    def prefix(self) -> str:
        return self.specification.prefix(self.action)

    @property
    def kind_of_reply(self) -> Obligation:
        """The obligation that any ACK, or any NACK, of the operation meets; the one that was due if it says neither."""
        return Obligation(self.action, kind=str(self.exchange.action_of_reply or self.due))

    def ok(self, requirement: str, obligation: Obligation | None = None) -> Judgement:
        return _met(requirement, obligation or Obligation(self.action))

    def judged(
        self,
        good: bool,
        requirement: str,
        pointer: str,
        kind: str,
        message: str,
        expected: str,
        observed: str | None = None,
        obligation: Obligation | None = None,
    ) -> Judgement:
        """Says that the exchange meets a requirement, or makes the finding that it does not."""
        if good:
            return self.ok(requirement, obligation)
        return self.bad(requirement, pointer, kind, message, expected, observed, obligation)

    def bad(
        self,
        requirement: str,
        pointer: str,
        kind: str,
        message: str,
        expected: str,
        observed: str | None = None,
        obligation: Obligation | None = None,
        sent: str | None = None,
        unless: Obligation | None = None,
    ) -> Judgement:
        return Judgement(
            requirement,
            obligation or Obligation(self.action),
            Finding(
                requirement=requirement,
                operation=self.action,
                pointer=pointer,
                kind=kind,
                message=message,
                sent=sent or self.sent,
                expected=expected,
                observed=observed or self.observed,
                exchange=self.exchange.id,
                registration=self.registration,
                unless=unless,
            ),
        )

    @cached_property
    def sent(self) -> str:
        """Describes in one line what is special about the request."""
        if self.exchange.sent is None:
            what = str(self.exchange.stimulus or "") or "content that is no message"
            text = self.exchange.request.content.decode("utf-8", "replace")
            known = self.known.registrations.get(self.exchange.about)
            for secret in filter(None, (known.token if known else "", self.config.signup_token)):
                # Masked before the text is cut: half a secret would not be recognised.
                text = text.replace(json.dumps(secret)[1:-1], "…").replace(secret, "…")
            return f"{self.action} with {what}: {printable(text[:60])}"
        parts = []
        for fault in self.diagnosis.faults[:4]:
            if fault.in_header:
                name = fault.pointer.partition(":")[2]
                if fault.kind == "missing":
                    parts.append(f"no {name}")
                elif name == "Token":
                    owner = {
                        "foreign": "another registration's token",
                        "unknown": "a token that no signup gave",
                    }
                    parts.append(owner.get(fault.kind, f"a Token that is {fault.kind}"))
                else:
                    parts.append(f"{name} = {shown(self.exchange.sent.header.get(name))} ({fault.kind})")
            elif fault.kind == "missing":
                parts.append(f"no {fault.pointer}")
            else:
                value = shown(member(self.exchange.sent.body, fault.pointer), 80)
                parts.append(f"{fault.pointer} = {value} ({fault.kind})")
        if parts:
            return f"{self.action} with {'; '.join(parts)}"
        for pointer in self.diagnosis.symbols or self._foreign_scripts:
            parts.append(f"{pointer} = {shown(member(self.exchange.sent.body, pointer), 80)}")
        parts += [f"no {pointer}" for pointer in self.left_out[:4] if self.diagnosis.valid]
        for doubt in self.diagnosis.doubts[:2]:
            parts.append(f"{doubt.pointer or 'the body'}: {doubt.why}")
        where = f" at the peer {self.exchange.peer}" if self.exchange.peer else ""
        return f"{self.action}{where}, {'valid' if self.diagnosis.valid else 'unusual'}" + (
            f", with {'; '.join(parts)}" if parts else ""
        )

    @property
    def _foreign_scripts(self) -> list[str]:
        """Pointers of valid texts beyond ASCII, which a firewall or a codec may trip over."""
        assert self.exchange.sent is not None
        members = self.specification.members(self.action)
        found = (place for known in members if known.scalar for place in places(self.exchange.sent.body, known.pointer))
        return [pointer for pointer, value in found if isinstance(value, str) and not value.isascii()][:2]

    @cached_property
    def observed(self) -> str:
        """Describes the reply in one line."""
        exchange = self.exchange
        if exchange.reply is None or exchange.received is None:
            return str(exchange.trouble or "no reply")
        said = exchange.action_of_reply
        if said is None:
            kind = (exchange.reply.header("content-type") or "no media type").partition(";")[0]
            who = "; ".join(filter(None, (brief(kind, 80), signature(exchange.reply))))
            return f"status {exchange.reply.status} without ACK or NACK ({who})"
        message = exchange.received.header.get("message", MISSING)
        text = f"{said} {shown(message, 80)}" if message != MISSING else f"{said} without a message"
        if said == "NACK" and exchange.reply.status != 200:
            text += f" (status {exchange.reply.status})"
        if said == "ACK" and (id_ := member(exchange.body_of_reply, "/registration/id")) != MISSING:
            text += f" (registration {shown(id_, 60)})"
        return text

    # Kinds of replies, from the outside in.

    @cached_property
    def readable(self) -> bool:
        """True for an ACK or a NACK."""
        return self.exchange.action_of_reply is not None

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
        return not (300 <= reply.status < 400 or reply.status == 429 or self._conflicts or turned_away)

    @property
    def replaced(self) -> bool:
        """True if something in front of the gateway replaced its refusal."""
        reply = self.exchange.reply
        if reply is None or self.origin not in (Origin.UNLIKE, Origin.FRONT) or self._conflicts:
            return False
        return reply.status // 100 in (2, 4) and reply.status != 429 and reply.status not in INTERMEDIARY

    @property
    def _conflicts(self) -> bool:
        """True if a framework refuses a change because of another one that is under way."""
        reply = self.exchange.reply
        return self.contended and reply is not None and reply.status in (409, 423)

    @property
    def refused(self) -> bool:
        """True if the gateway refused the request, by a NACK or by the bare status of its framework."""
        status = self.exchange.reply.status if self.exchange.reply else 0
        # Frameworks often refuse what is no message, with a page of their own (T14).
        own = self.by_gateway or self._conflicts or (self.origin is Origin.UNLIKE and not self.message)
        return self.exchange.refused or (status // 100 == 4 and status != 429 and own)

    @property
    def crashed(self) -> bool:
        return self.exchange.reply is not None and self.exchange.reply.status >= 500 and not self.readable

    @property
    def absent(self) -> bool:
        """True if the path seems not to be served at all."""
        return self.exchange.reply is not None and self.exchange.reply.status in (404, 405, 501) and not self.readable

    @property
    def unsettled(self) -> bool:
        """True for a refusal that may mean that the registration is not visible yet (R19)."""
        faults = self.diagnosis.faults
        if not self.fresh or any(fault.in_header for fault in faults):
            return False
        if any(fault.of_registration for fault in faults) and (not body_is_judged(self) or self.blamed):
            # The refusal is right. That it blames nothing may be due to a token that is not visible yet.
            return False
        return looks_unsettled(self.exchange)

    @property
    def disguised(self) -> bool:
        """True for an ACK with the body of a refusal, to an unusual request: nobody knows what was done."""
        status = member(self.exchange.body_of_reply, "/registration/status")
        return self.exchange.acknowledged and not self.diagnosis.valid and status in (MISSING, self.statuses.failed)

    @cached_property
    def blamed(self) -> tuple[tuple[str, Any], ...]:
        """Pointers and values of everything that the body of the NACK says, except statuses."""
        return blamed(self.exchange)

    @property
    def due(self) -> str | None:
        """``ACK`` or ``NACK`` if the request surely deserved it."""
        return "NACK" if self.diagnosis.faulty else "ACK" if self.diagnosis.valid else None


@lru_cache(maxsize=4096)
def _met(requirement: str, obligation: Obligation) -> Judgement:
    return Judgement(requirement, obligation)


def blamed(exchange: Exchange) -> tuple[tuple[str, Any], ...]:
    """Returns pointers and values of everything that the body of a NACK says, except statuses."""
    leaves = itertools.islice(_leaves(exchange.body_of_reply, ""), MOST_ITEMS)
    return tuple((pointer, value) for pointer, value in leaves if pointer != "/registration/status")


def looks_unsettled(exchange: Exchange) -> bool:
    """True if a gateway may have given the reply because it does not see the registration yet (R19)."""
    if exchange.reply is None or exchange.acknowledged:
        return False
    if not exchange.refused:
        return exchange.reply.status == 404
    return all(pointer.startswith("/registration") for pointer, _ in blamed(exchange))


def _leaves(value: Any, pointer: str) -> Iterator[tuple[str, Any]]:
    """Yields all values but null, false, 0, blank texts and empty objects and lists."""
    if isinstance(value, dict):
        for key, child in value.items():
            yield from _leaves(child, below(pointer, key))
    elif isinstance(value, list):
        for index, child in enumerate(value):
            yield from _leaves(child, f"{pointer}/{index}")
    elif value not in (None, False, 0, MISSING) and str(value).strip():
        yield pointer, value


def body_is_judged(observation: Observation) -> bool:
    """True if the specification has a failure body for the faults of the request (H3, R16)."""
    faults = observation.diagnosis.body_faults
    if not faults or observation.diagnosis.header_faults:
        return False
    registration = [f for f in faults if f.of_registration]
    if registration and observation.action == ADD:
        return False
    return not registration or len(registration) == len(faults)


def is_judged(observation: Observation) -> bool:
    return observation.readable and observation.message and not observation.unsettled
