"""Checks of single exchanges: pure functions from what was seen to judgements, each under its requirements.

A check never asks what the sender meant; it goes by the diagnosis. Where one fault of a gateway keeps the rest
of a reply from being read, only that fault is judged.
"""

from __future__ import annotations

import datetime
import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from .config import GatewayConfig
from .diagnosis import Acquaintance, Diagnosis, Fault
from .exchange import MISSING, Exchange, member, places, printable, shown
from .finding import Finding, Judgement
from .specification import Requirement, Specification

JSON_MEDIA = re.compile(r"\s*application/([\w.!#$&^-]+\+)?json\s*(;.*)?", re.IGNORECASE)
UNUSUAL = 1 << 20
"""Added to the weight of a request about which readers can differ: a plain one tells more."""

VERIFICATION = ("PENDING-VERIFICATION", "VERIFIED")

Check = Callable[["Sight"], Iterable[Judgement]]
CHECKS: list[tuple[Callable[[Requirement], bool], Check]] = []


def check(*ids: str, when: Callable[[Requirement], bool] | None = None) -> Callable[[Check], Check]:
    """Registers a check under the requirements that it judges: by id, by ending (``*-BODY``) or by a predicate."""

    def covers(requirement: Requirement) -> bool:
        return (
            requirement.id in ids
            or any(i.startswith("*") and requirement.id.endswith(i[1:]) for i in ids)
            or (when is not None and when(requirement))
        )

    def register(function: Check) -> Check:
        CHECKS.append((covers, function))
        return function

    return register


@dataclass(frozen=True)
class Sight:
    """Everything a check may look at: an exchange, its diagnosis, and what was known before it."""

    exchange: Exchange
    diagnosis: Diagnosis
    specification: Specification
    config: GatewayConfig
    known: Acquaintance
    served: bool
    """Whether this operation was ever answered with ACK or NACK."""
    signups_work: bool
    """Whether any signup was ever acknowledged."""
    fresh: bool
    """Whether the registration may not be visible yet (R19)."""

    @property
    def action(self) -> str:
        return self.exchange.action

    @cached_property
    def registration(self) -> str:
        """Id of the registration that the exchange is about or made; empty where there is none."""
        found = self.diagnosis.registration or member(self.exchange.body_of_reply, "/registration/id")
        return str(found) if isinstance(found, str | int) and found != MISSING else ""

    @cached_property
    def prefix(self) -> str:
        return self.specification.prefix(self.action)

    def ok(self, requirement: str, obligation: str | None = None) -> Judgement:
        return Judgement(requirement, self.action if obligation is None else obligation)

    def bad(
        self,
        requirement: str,
        pointer: str,
        message: str,
        expected: str,
        observed: str | None = None,
        obligation: str | None = None,
    ) -> Judgement:
        return Judgement(
            requirement,
            self.action if obligation is None else obligation,
            Finding(
                requirement=requirement,
                operation=self.action,
                pointer=pointer,
                message=message,
                sent=self.sent,
                expected=expected,
                observed=observed or self.observed,
                exchange=self.exchange.id,
                registration=self.registration,
                weight=len(self.exchange.request.content) + (UNUSUAL if self.diagnosis.doubts else 0),
            ),
        )

    @cached_property
    def sent(self) -> str:
        """The request in one line: what was special about it."""
        if self.exchange.sent is None:
            what = ", ".join(self.exchange.tags) or "content that is no message"
            return f"{self.action} with {what}: {printable(self.exchange.request.content[:60].decode('utf-8', 'replace'))}"
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
        for pointer in self.diagnosis.symbols:
            parts.append(f"{pointer} = {shown(member(self.exchange.sent.body, pointer), 80)}")
        for doubt in self.diagnosis.doubts[:2]:
            parts.append(f"{doubt.pointer or 'the body'}: {doubt.why}")
        return f"{self.action}, {'valid' if self.diagnosis.valid else 'unusual'}" + (
            f", with {'; '.join(parts)}" if parts else ""
        )

    @cached_property
    def observed(self) -> str:
        """The reply in one line."""
        exchange = self.exchange
        if exchange.reply is None or exchange.received is None:
            return exchange.trouble or "no reply"
        said = exchange.action_of_reply
        if said is None:
            kind = (exchange.reply.header("content-type") or "no media type").partition(";")[0]
            return f"status {exchange.reply.status} without ACK or NACK ({printable(kind)})"
        message = exchange.received.header.get("message", MISSING)
        text = f"{said} {shown(message, 80)}" if message != MISSING else f"{said} without a message"
        if said == "NACK" and exchange.reply.status != 200:
            text += f" (status {exchange.reply.status})"
        if said == "ACK" and (id_ := member(exchange.body_of_reply, "/registration/id")) != MISSING:
            text += f" (registration {shown(id_, 60)})"
        return text

    # What kind of reply it is, from the outside in; each question supposes that the ones before were answered.

    @property
    def readable(self) -> bool:
        """There is an ACK or a NACK."""
        return self.exchange.action_of_reply is not None

    @property
    def message(self) -> bool:
        """The request was a message, so that the reply is held to the page's form."""
        return self.exchange.purpose == "" and self.exchange.sent is not None

    @cached_property
    def by_gateway(self) -> bool:
        """The reply is the gateway's own and not of something in front of it (T6, T13)."""
        reply, received = self.exchange.reply, self.exchange.received
        if reply is None or received is None:
            return False
        if self.readable:
            return True
        if 300 <= reply.status < 400 or reply.status in (429, 502, 503, 504):
            return False
        return not (reply.status == 403 and received.unreadable)

    @property
    def crashed(self) -> bool:
        return self.exchange.reply is not None and self.exchange.reply.status >= 500 and not self.readable

    @property
    def absent(self) -> bool:
        """The path seems not to be served at all."""
        return (
            self.exchange.reply is not None
            and self.exchange.reply.status in (404, 405, 501)
            and not self.readable
        )

    @property
    def unsettled(self) -> bool:
        """A refusal that a registration not yet visible explains (R19)."""
        if not self.fresh or any(f.in_header or f.of_registration for f in self.diagnosis.faults):
            return False
        return looks_unsettled(self.exchange)

    @cached_property
    def blamed(self) -> tuple[tuple[str, Any], ...]:
        """Every place of the NACK's body that says something, with what it says; statuses are no messages."""
        return blamed(self.exchange)

    @property
    def due(self) -> str | None:
        """``ACK`` or ``NACK`` where the request surely deserved it."""
        return "NACK" if self.diagnosis.faulty else "ACK" if self.diagnosis.valid else None


def blamed(exchange: Exchange) -> tuple[tuple[str, Any], ...]:
    """Every place of a NACK's body that says something, with what it says; statuses are no messages."""
    return tuple(
        (pointer, value)
        for pointer, value in _leaves(exchange.body_of_reply, "")
        if pointer != "/registration/status"
    )


def looks_unsettled(exchange: Exchange) -> bool:
    """Whether a reply is what a gateway gives for a registration that it does not see yet (R19)."""
    if exchange.reply is None or exchange.acknowledged:
        return False
    if not exchange.refused:
        return exchange.reply.status == 404
    return all(pointer.startswith("/registration") for pointer, _ in blamed(exchange))


def _leaves(value: Any, pointer: str) -> Iterator[tuple[str, Any]]:
    """Places of a NACK's body that say something: no null, no blank text, no false, nothing empty."""
    if isinstance(value, dict):
        for key, child in value.items():
            yield from _leaves(child, f"{pointer}/{key}")
    elif isinstance(value, list):
        for index, child in enumerate(value):
            yield from _leaves(child, f"{pointer}/{index}")
    elif value not in (None, False, 0, MISSING) and str(value).strip():
        yield pointer, value


# The reply as such.


@check("REPLY-TIME")
def answered_in_time(sight: Sight) -> Iterable[Judgement]:
    if sight.exchange.purpose == "large":
        return
    if sight.exchange.trouble.startswith("timeout"):
        yield sight.bad(
            "REPLY-TIME",
            "",
            "no reply in time",
            f"a reply within {sight.config.timeout:g} s",
            sight.exchange.trouble,
        )
    elif sight.exchange.reply is not None and not sight.exchange.trouble:
        yield sight.ok("REPLY-TIME")


@check("REPLY-NO-CRASH")
def no_server_error(sight: Sight) -> Iterable[Judgement]:
    if not sight.by_gateway or not sight.message:
        return
    if sight.crashed and not (sight.absent and not sight.served):
        yield sight.bad("REPLY-NO-CRASH", "", "a server error in place of an answer", "ACK or NACK")
    elif sight.readable:
        yield sight.ok("REPLY-NO-CRASH")


@check("*-ENDPOINT")
def path_is_served(sight: Sight) -> Iterable[Judgement]:
    if sight.readable:
        yield sight.ok(f"{sight.prefix}-ENDPOINT")
    elif sight.absent and sight.diagnosis.valid and not sight.served:
        yield sight.bad(
            f"{sight.prefix}-ENDPOINT", "", "the operation is not served", f"ACK or NACK at /{sight.action}"
        )


def _held_to_form(sight: Sight) -> bool:
    return (
        sight.by_gateway and sight.message and not sight.crashed and not (sight.absent and not sight.served)
    )


@check("REPLY-ACTION")
def says_ack_or_nack(sight: Sight) -> Iterable[Judgement]:
    if not _held_to_form(sight) or sight.exchange.received is None:
        return
    if sight.readable:
        yield sight.ok("REPLY-ACTION", f"{sight.action} {sight.exchange.action_of_reply}")
    elif _envelope_unreadable(sight) or sight.unsettled:
        return
    else:
        value = sight.exchange.received.header.get("action", MISSING)
        yield sight.bad(
            "REPLY-ACTION",
            "header:action",
            "the reply says neither ACK nor NACK",
            f"action {sight.due or 'ACK or NACK'} in the header of the reply",
            f"{sight.observed}; action is {shown(value)}",
            obligation=f"{sight.action} {sight.due}",
        )


def _envelope_unreadable(sight: Sight) -> bool:
    """In an envelope, nothing at all can be read where the JSON cannot."""
    received = sight.exchange.received
    return received is not None and bool(received.unreadable) and not _header_fields(sight)


def _header_fields(sight: Sight) -> bool:
    names = {name.casefold() for name, _ in sight.exchange.request.headers}
    return "action" in names or "timestamp" in names


@check("REPLY-JSON")
def body_is_json(sight: Sight) -> Iterable[Judgement]:
    received, reply = sight.exchange.received, sight.exchange.reply
    if not _held_to_form(sight) or received is None or reply is None or sight.unsettled:
        return
    if not received.unreadable:
        yield sight.ok("REPLY-JSON", f"{sight.action} {sight.exchange.action_of_reply or sight.due}")
    elif sight.readable or _envelope_unreadable(sight):
        if sight.exchange.refused and not reply.content.strip() and not _body_judged(sight):
            return
        yield sight.bad(
            "REPLY-JSON",
            "",
            "the body is no JSON",
            "a body that is one JSON text",
            f"{sight.observed}; {received.unreadable}: {shown(reply.content[:60].decode('utf-8', 'replace'))}",
            obligation=f"{sight.action} {sight.exchange.action_of_reply or sight.due}",
        )


def _body_judged(sight: Sight) -> bool:
    """Whether the page has a failure body for the faults of the request (H3, R16)."""
    faults = sight.diagnosis.body_faults
    if not faults or sight.diagnosis.header_faults:
        return False
    registration = [f for f in faults if f.of_registration]
    if registration and sight.action == "Provider/documents/add":
        return False
    return not registration or len(registration) == len(faults)


@check("REPLY-MESSAGE", "REPLY-MESSAGE-BLANK")
def has_a_message(sight: Sight) -> Iterable[Judgement]:
    if not sight.readable or not sight.message or sight.exchange.received is None:
        return
    value = sight.exchange.received.header.get("message", MISSING)
    obligation = f"{sight.action} {sight.exchange.action_of_reply}"
    if value == MISSING or not isinstance(value, str):
        yield sight.bad(
            "REPLY-MESSAGE",
            "header:message",
            "the reply has no message" if value == MISSING else "the message is no string",
            "a string as message in the header of the reply",
            f"{sight.observed}; message is {shown(value)}",
            obligation=obligation,
        )
        return
    yield sight.ok("REPLY-MESSAGE", obligation)
    if value.strip():
        yield sight.ok("REPLY-MESSAGE-BLANK", obligation)
    else:
        yield sight.bad(
            "REPLY-MESSAGE-BLANK",
            "header:message",
            "the message is blank",
            "a message for a person",
            obligation=obligation,
        )


@check("REPLY-MEDIA-TYPE")
def declared_as_json(sight: Sight) -> Iterable[Judgement]:
    reply, received = sight.exchange.reply, sight.exchange.received
    if not sight.readable or not sight.message or reply is None or received is None or received.unreadable:
        return
    media = reply.header("content-type")
    if media is not None and JSON_MEDIA.fullmatch(media):
        yield sight.ok("REPLY-MEDIA-TYPE", f"{sight.action} {sight.exchange.action_of_reply}")
    else:
        yield sight.bad(
            "REPLY-MEDIA-TYPE",
            "",
            "the reply is not labelled as JSON",
            "Content-Type: application/json",
            f"Content-Type: {shown(media) if media else 'none'}",
            obligation=f"{sight.action} {sight.exchange.action_of_reply}",
        )


@check("REPLY-STATUS-ACK", "REPLY-STATUS-NACK")
def status_fits(sight: Sight) -> Iterable[Judgement]:
    reply = sight.exchange.reply
    if not sight.readable or not sight.message or reply is None:
        return
    kind = sight.exchange.action_of_reply
    allowed = (2,) if kind == "ACK" else (2, 4)
    if reply.status // 100 in allowed:
        yield sight.ok(f"REPLY-STATUS-{kind}")
    else:
        yield sight.bad(
            f"REPLY-STATUS-{kind}",
            "",
            f"{kind} with a status of another class",
            f"a status of class {' or '.join(f'{n}xx' for n in allowed)}",
            f"{kind} with status {reply.status}",
        )


# Requests that cannot be read, and large ones.


@check("MALFORMED-NACK", "MALFORMED-NO-CRASH")
def unreadable_request(sight: Sight) -> Iterable[Judgement]:
    reply = sight.exchange.reply
    if sight.exchange.purpose != "malformed" or reply is None or not sight.by_gateway:
        return
    obligation = f"{sight.action} {sight.exchange.tags[0] if sight.exchange.tags else ''}".strip()
    if sight.exchange.acknowledged:
        yield sight.bad(
            "MALFORMED-NACK",
            "",
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
            "an unreadable request causes a server error",
            "NACK, or a status 4xx",
            obligation=obligation,
        )
    else:
        yield sight.ok("MALFORMED-NO-CRASH", obligation)


@check("LARGE-ANSWERED")
def large_request(sight: Sight) -> Iterable[Judgement]:
    reply = sight.exchange.reply
    if sight.exchange.purpose != "large":
        return
    if sight.exchange.trouble.startswith("timeout"):
        yield sight.bad(
            "LARGE-ANSWERED",
            "/documents/0/data",
            "a large document is not answered in time",
            "an answer in time",
        )
    elif reply is not None and reply.status >= 500 and sight.by_gateway:
        yield sight.bad(
            "LARGE-ANSWERED",
            "/documents/0/data",
            "a large document causes a server error",
            "ACK, NACK or a status 4xx",
        )
    elif sight.readable or (reply is not None and 400 <= reply.status < 500):
        yield sight.ok("LARGE-ANSWERED")


# What was due.


def _judged_as_message(sight: Sight) -> bool:
    return sight.readable and sight.message and not sight.unsettled


@check("*-ACK", "TOKEN-ACCEPTED", when=lambda requirement: requirement.accepts is not None)
def valid_request_is_acknowledged(sight: Sight) -> Iterable[Judgement]:
    if not sight.diagnosis.valid or not sight.message or sight.exchange.sent is None or sight.unsettled:
        return
    later = sight.action != "Provider/signup"
    if sight.exchange.acknowledged:
        yield sight.ok(f"{sight.prefix}-ACK")
        if later:
            yield sight.ok("TOKEN-ACCEPTED")
        yield from _accepted_variants(sight)
    elif sight.exchange.refused:
        yield _refused_though_valid(sight)


def _accepted_variants(sight: Sight) -> Iterator[Judgement]:
    assert sight.exchange.sent is not None
    for known in sight.specification.members(sight.action):
        for strength in ("must", "should"):
            requirement = sight.specification.requirement_for_acceptance(
                sight.action, known.pointer, strength
            )
            if requirement is None:
                continue
            for _, value in places(sight.exchange.sent.body, known.pointer):
                for name, pattern in known.variants(strength).items():
                    if isinstance(value, str) and value != MISSING and re.search(pattern, value):
                        yield sight.ok(requirement.id, f"{sight.action} {known.pointer} {name}")


def _refused_though_valid(sight: Sight) -> Judgement:
    status = sight.exchange.reply.status if sight.exchange.reply else 0
    named = [pointer for pointer, _ in sight.blamed]
    if sight.action != "Provider/signup" and (status in (401, 403)):
        return sight.bad(
            "TOKEN-ACCEPTED",
            "header:Token",
            "the token that the signup gave is refused",
            "ACK to a valid request with it",
        )
    if sight.action == "Provider/signup" and not sight.signups_work and sight.config.signup_token is None:
        if status in (401, 403) or not named:
            # Without a declared token nothing tells a wrong refusal from a missing agreement (H2).
            return Judgement("", "")
    observed = (
        f"{sight.observed}, blaming {', '.join(named[:4])}" if named else f"{sight.observed}, blaming nothing"
    )
    if sight.diagnosis.symbols:
        pointer = sight.diagnosis.symbols[0]
        requirement = sight.specification.requirement_for_acceptance(
            sight.action, _pattern(pointer), "should"
        )
        return sight.bad(
            requirement.id if requirement else f"{sight.prefix}-ACK",
            pointer,
            "a valid value is refused",
            "ACK",
            observed,
        )
    for pointer in named:
        requirement = sight.specification.requirement_for_acceptance(sight.action, _pattern(pointer), "must")
        if requirement is not None:
            value = member(sight.exchange.sent.body if sight.exchange.sent else None, pointer)
            note = f" to {shown(value, 80)} at {pointer}" if value != MISSING else ""
            return sight.bad(requirement.id, pointer, "a valid value is refused", f"ACK{note}", observed)
    return sight.bad(
        f"{sight.prefix}-ACK", named[0] if named else "", "a valid request is refused", "ACK", observed
    )


def _pattern(pointer: str) -> str:
    return re.sub(r"/\d+(?=/|$)", "/*", pointer)


HEADER_REQUIREMENTS = {
    "header:Action": "HEADER-NACK-ACTION",
    "header:Timestamp": "HEADER-NACK-TIMESTAMP",
}
TOKEN_REQUIREMENTS = {
    "missing": "TOKEN-NACK-ABSENT",
    "empty": "TOKEN-NACK-ABSENT",
    "unknown": "TOKEN-NACK-UNKNOWN",
    "foreign": "TOKEN-NACK-FOREIGN",
    "shared": "TOKEN-NACK-FOREIGN",
}


def header_requirement(fault: Fault) -> str:
    return HEADER_REQUIREMENTS.get(fault.pointer) or TOKEN_REQUIREMENTS[fault.kind]


@check(
    "HEADER-NACK-ACTION",
    "HEADER-NACK-TIMESTAMP",
    "TOKEN-NACK-ABSENT",
    "TOKEN-NACK-UNKNOWN",
    "TOKEN-NACK-FOREIGN",
)
def faulty_header_is_refused(sight: Sight) -> Iterable[Judgement]:
    faults = sight.diagnosis.header_faults
    if not _judged_as_message(sight) or len(faults) != 1 or sight.diagnosis.body_faults:
        return
    (fault,) = faults
    obligation = f"{sight.action} {fault.kind}"
    if sight.exchange.acknowledged:
        name = fault.pointer.partition(":")[2]
        message = f"a request with a faulty {name} is acknowledged"
        if fault.kind == "shared":
            message = "the same token was given to two registrations and is acknowledged"
        yield sight.bad(header_requirement(fault), fault.pointer, message, "NACK", obligation=obligation)
    elif fault.kind != "shared" and sight.exchange.refused:
        yield sight.ok(header_requirement(fault), obligation)


def _requirement(sight: Sight, fault: Fault) -> str | None:
    requirement = sight.specification.requirement_for_fault(
        sight.action, fault.member, fault.kind, fault.strength
    )
    return requirement.id if requirement else None


@check(when=lambda requirement: requirement.refuses is not None)
def faulty_body_is_refused_and_blamed(sight: Sight) -> Iterable[Judgement]:
    faults = sight.diagnosis.body_faults
    if not _judged_as_message(sight) or not faults:
        return
    first = min(faults, key=lambda f: f.strength)
    requirement = _requirement(sight, first)
    if requirement is None:
        return
    if sight.exchange.acknowledged:
        yield sight.bad(
            requirement,
            first.pointer,
            "a faulty value is acknowledged",
            _expected(sight, first),
            obligation=first.obligation,
        )
        return
    if not _body_judged(sight):
        if not sight.diagnosis.header_faults and len(faults) == 1:
            yield sight.ok(requirement, first.obligation)
        return
    if sight.exchange.received is not None and sight.exchange.received.unreadable:
        return
    if _refused_for_its_token(sight):
        return
    missed = [f for f in faults if not _blame(sight, f)]
    if len(missed) == len(faults):
        others = [pointer for pointer, _ in sight.blamed]
        yield sight.bad(
            requirement,
            first.pointer,
            "the faulty member is not blamed",
            _expected(sight, first),
            f"{sight.observed}, " + (f"blaming {', '.join(others[:4])}" if others else "blaming nothing"),
            obligation=first.obligation,
        )
    elif len(faults) == 1:
        yield sight.ok(requirement, first.obligation)


def _refused_for_its_token(sight: Sight) -> bool:
    """Whether the gateway never looked at the body, so that nothing is known of its faults."""
    status = sight.exchange.reply.status if sight.exchange.reply else 0
    return sight.action != "Provider/signup" and status in (401, 403) and not sight.blamed


def _expected(sight: Sight, fault: Fault) -> str:
    if sight.action == "Provider/documents/add" and fault.of_registration:
        return "NACK"
    return f"NACK, with a message at {fault.pointer}"


def _is_leaf(sight: Sight, fault: Fault) -> bool:
    return (
        next(m.type for m in sight.specification.members(sight.action) if m.pointer == fault.member)
        == "string"
    )


def _blame(sight: Sight, fault: Fault) -> list[tuple[str, Any]]:
    """Where the NACK says something about a fault (R14, R15)."""
    if _is_leaf(sight, fault):
        return [
            (p, v)
            for p, v in sight.blamed
            if _pattern(p) == fault.member or _pattern(p).startswith(fault.member + "/")
        ]
    top = "/" + fault.member.split("/")[1]
    return [(p, v) for p, v in sight.blamed if p == top or p.startswith(top + "/")]


@check("NACK-ALL")
def every_fault_is_blamed(sight: Sight) -> Iterable[Judgement]:
    faults = [f for f in sight.diagnosis.body_faults if not f.of_registration]
    if not _judged_as_message(sight) or not sight.exchange.refused or len(faults) < 2:
        return
    if len(faults) != len(sight.diagnosis.faults) or any(f.strength != "must" for f in faults):
        return
    missed = [f for f in faults if not _blame(sight, f)]
    if not missed:
        yield sight.ok("NACK-ALL")
    elif len(missed) < len(faults):
        yield sight.bad(
            "NACK-ALL",
            missed[0].pointer,
            "not every faulty member is blamed",
            f"messages at {', '.join(f.pointer for f in faults)}",
            f"{sight.observed}, blaming {', '.join(p for p, _ in sight.blamed[:4])}",
        )


@check("NACK-SOUND", "NACK-ECHO", "NACK-TEXT", "NACK-INDEX")
def messages_stand_where_they_belong(sight: Sight) -> Iterable[Judgement]:
    if not _judged_as_message(sight) or not sight.exchange.refused or not _body_judged(sight):
        return
    sent = sight.exchange.sent
    assert sent is not None
    faults = sight.diagnosis.body_faults
    echoed = sound = text = False
    for pointer, value in sight.blamed:
        own = member(sent.body, pointer)
        at_fault = any(
            pointer == p or pointer.startswith(p + "/") for f in faults for p, _ in _blame(sight, f)
        )
        # The page shows a registration beside the status of a refused update, so an id there is no blame.
        same = own != MISSING and own == value and not isinstance(value, bool)
        if same and (at_fault or pointer == "/registration/id"):
            echoed = True
            yield sight.bad(
                "NACK-ECHO",
                pointer,
                "the message is the value that was sent",
                f"a message about {pointer}",
                f"{sight.observed}, with {shown(value, 80)} at {pointer}",
            )
        elif at_fault:
            leaf = _leaf_of(sight, pointer)
            if not isinstance(value, str) or (leaf is not None and leaf != _pattern(pointer)):
                text = True
                place = leaf or pointer
                yield sight.bad(
                    "NACK-TEXT",
                    place,
                    "the message is no string",
                    f"a string at {place}",
                    f"{sight.observed}, with {shown(value, 80)} at {pointer}",
                )
        elif _known_place(sight, pointer) and not _clouded(sight, pointer):
            sound = True
            yield sight.bad(
                "NACK-SOUND",
                pointer,
                "a sound member is blamed",
                f"a message at {', '.join(f.pointer for f in faults[:4])} only",
                f"{sight.observed}, with {shown(value, 80)} at {pointer}",
            )
    if any(_blame(sight, f) for f in faults):
        if not echoed:
            yield sight.ok("NACK-ECHO")
        if not text:
            yield sight.ok("NACK-TEXT")
    if not sound and sight.action != "Provider/get":
        yield sight.ok("NACK-SOUND")
    yield from _index(sight)


def _leaf_of(sight: Sight, pointer: str) -> str | None:
    """The text member of the request in whose place a pointer lies, as a pattern."""
    pattern = _pattern(pointer)
    for known in sight.specification.members(sight.action):
        if known.type == "string" and (pattern == known.pointer or pattern.startswith(known.pointer + "/")):
            return known.pointer
    return None


def _known_place(sight: Sight, pointer: str) -> bool:
    """Whether a place is one of the request's members, or stands for one as a whole; others are extra (T11)."""
    pattern = _pattern(pointer)
    return any(
        pattern == known.pointer or (known.type == "string" and pattern.startswith(known.pointer + "/"))
        for known in sight.specification.members(sight.action)
    )


def _clouded(sight: Sight, pointer: str) -> bool:
    """Whether a member is in doubt or at fault in any document, or holds something that is."""
    pattern = _pattern(pointer)
    return any(
        _pattern(p) == pattern
        or _pattern(p).startswith(pattern + "/")
        or pattern.startswith(_pattern(p) + "/")
        for p in (
            *(f.pointer for f in sight.diagnosis.faults),
            *(d.pointer for d in sight.diagnosis.doubts),
        )
    )


def _index(sight: Sight) -> Iterator[Judgement]:
    """Where document errors are as many as documents, they stand at the index of the faulty one (R15)."""
    assert sight.exchange.sent is not None
    sent, errors = (
        member(sight.exchange.sent.body, "/documents"),
        member(sight.exchange.body_of_reply, "/documents"),
    )
    faults = [f for f in sight.diagnosis.body_faults if f.pointer.startswith("/documents/")]
    if not faults or not isinstance(sent, list) or not isinstance(errors, list):
        return
    if len(sent) != len(errors) or len(sent) < 2:
        return
    blames = [p for p, _ in sight.blamed if p.startswith("/documents/")]
    if not any(_blame(sight, fault) for fault in faults):
        return
    missed = [f for f in faults if not any(p == f.pointer or p.startswith(f.pointer + "/") for p in blames)]
    for pointer in blames if missed else ():
        index = pointer.split("/")[2]
        at_fault = any(fault.pointer.split("/")[2] == index for fault in faults)
        in_doubt = any(doubt.pointer.startswith(f"/documents/{index}") for doubt in sight.diagnosis.doubts)
        meant = any(_pattern(pointer).startswith(fault.member) for fault in faults)
        if meant and not at_fault and not in_doubt:
            yield sight.bad(
                "NACK-INDEX",
                next((f.pointer for f in faults if f.member == _pattern(pointer)), faults[0].pointer),
                "the message stands at the index of another document",
                f"a message at {faults[0].pointer}",
                f"{sight.observed}, blaming {', '.join(blames[:4])}",
            )
            return
    yield sight.ok("NACK-INDEX")


@check("UPDATE-FAIL-STATUS", "UPDATE-FAIL-STATUS-UNKNOWN")
def refused_update_says_so(sight: Sight) -> Iterable[Judgement]:
    if sight.action != "Provider/info/update" or not _judged_as_message(sight) or not sight.exchange.refused:
        return
    faults = sight.diagnosis.body_faults
    if not faults or sight.diagnosis.header_faults or _refused_for_its_token(sight):
        return
    unknown = any(f.kind == "unknown" for f in faults)
    requirement = "UPDATE-FAIL-STATUS-UNKNOWN" if unknown else "UPDATE-FAIL-STATUS"
    value = member(sight.exchange.body_of_reply, "/registration/status")
    if value == sight.config.status_name("UPDATE-FAIL"):
        yield sight.ok(requirement)
    else:
        yield sight.bad(
            requirement,
            "/registration/status",
            "a refused update does not say UPDATE-FAIL",
            f"{shown(sight.config.status_name('UPDATE-FAIL'))} at /registration/status",
            f"{sight.observed}, with {shown(value)} there",
        )


# The body of an ACK.


def _acknowledged_body(sight: Sight) -> bool:
    return (
        sight.exchange.acknowledged
        and sight.message
        and not sight.diagnosis.faulty
        and sight.exchange.received is not None
        and not sight.exchange.received.unreadable
    )


def _owner(sight: Sight, pointer: str) -> str:
    pattern = _pattern(pointer)
    for requirement in sight.specification.requirements.values():
        if sight.action in requirement.operations and pattern in requirement.owns:
            return requirement.id
    return f"{sight.prefix}-BODY"


@check("*-BODY", when=lambda requirement: bool(requirement.owns))
def body_has_its_members(sight: Sight) -> Iterable[Judgement]:
    if not _acknowledged_body(sight):
        return
    broken: set[str] = set()
    body = sight.exchange.body_of_reply
    for error in sight.specification.reply_schema(sight.action, "ack").iter_errors(
        None if body == MISSING else body
    ):
        keyword = str(error.schema_path[-1])
        if keyword not in ("type", "required", "pattern"):
            continue
        pointer = "".join(f"/{part}" for part in error.instance_path)
        if keyword == "required":
            pointer = f"{pointer}/{error.kind.property}"
        requirement = _owner(sight, pointer)
        if requirement in ("DOCUMENTS-OLD-STATUS",) or (
            sight.config.documents_echo == "redacted" and _pattern(pointer) == "/documents/*/data"
        ):
            continue
        broken.add(requirement)
        found = member(body, pointer)
        wrong = {"type": "has another type", "required": "is missing", "pattern": "is blank"}[keyword]
        yield sight.bad(
            requirement,
            pointer,
            f"{_pattern(pointer) or 'the body'} {wrong}",
            f"{pointer or 'the body'} as the page shows it",
            f"{sight.observed}, with {shown(found)} there",
        )
    for requirement in {
        f"{sight.prefix}-BODY",
        *(r.id for r in sight.specification.requirements.values() if sight.action in r.operations and r.owns),
    }:
        if requirement not in broken and not _statuses(sight, requirement) and requirement not in IDENTITY:
            yield sight.ok(requirement)


STATUS_PLACES = {
    "SIGNUP-DOCUMENT-STATUS": "/documents/*/status",
    "SIGNUP-API-STATUS": "/api/status",
    "UPDATE-STATUS": "/registration/status",
    "UPDATE-DOCUMENT-STATUS": "/documents/*/status",
    "DOCUMENTS-STATUS": "/registration/status",
}
IDENTITY = ("GET-ID", "UPDATE-ID", "DOCUMENTS-ID", "DOCUMENTS-OLD-STATUS", "DOCUMENTS-DOCUMENT-ID")


def _statuses(sight: Sight, requirement: str) -> bool:
    return requirement in STATUS_PLACES


@check(*STATUS_PLACES)
def statuses_are_those_of_the_page(sight: Sight) -> Iterable[Judgement]:
    if not _acknowledged_body(sight):
        return
    for requirement, place in STATUS_PLACES.items():
        if sight.action not in sight.specification.requirements[requirement].operations:
            continue
        if place == "/registration/status":
            allowed: tuple[str, ...] = (sight.config.status_name("UPDATE-PENDING"),)
        elif requirement.startswith("SIGNUP") and sight.config.verification == "deferred":
            allowed = VERIFICATION[:1]
        else:
            allowed = VERIFICATION
        seen = False
        wrong = None
        for pointer, value in places(sight.exchange.body_of_reply, place):
            if value == MISSING or not isinstance(value, str):
                wrong = wrong or ""
                continue
            seen = True
            if value not in allowed:
                wrong = pointer
                yield sight.bad(
                    requirement,
                    pointer,
                    "another status than the page asks for",
                    f"{' or '.join(map(shown, allowed))} at {pointer}",
                    f"{sight.observed}, with {shown(value)} there",
                )
                break
        if seen and wrong is None:
            yield sight.ok(requirement)


@check("GET-ID", "UPDATE-ID", "DOCUMENTS-ID")
def id_is_the_one_asked_for(sight: Sight) -> Iterable[Judgement]:
    if (
        sight.action == "Provider/signup"
        or not _acknowledged_body(sight)
        or sight.diagnosis.registration is None
    ):
        return
    value = member(sight.exchange.body_of_reply, "/registration/id")
    if isinstance(value, str | int) and value != MISSING:
        if str(value) == sight.diagnosis.registration:
            yield sight.ok(f"{sight.prefix}-ID")
        else:
            yield sight.bad(
                f"{sight.prefix}-ID",
                "/registration/id",
                "another registration's id",
                f"{shown(sight.diagnosis.registration, 60)} at /registration/id",
                f"{shown(value, 60)} there",
            )


@check("TOKEN-NOT-REPEATED")
def credential_is_given_once(sight: Sight) -> Iterable[Judgement]:
    if sight.action == "Provider/signup" or not sight.exchange.acknowledged or not sight.message:
        return
    token = member(sight.exchange.body_of_reply, "/auth/token")
    if token in (None, "", MISSING):
        yield sight.ok("TOKEN-NOT-REPEATED")
    else:
        yield sight.bad(
            "TOKEN-NOT-REPEATED", "/auth", "the credential is given again", "no auth in this reply"
        )


@check("SIGNUP-EXP-AHEAD")
def expiry_lies_ahead(sight: Sight) -> Iterable[Judgement]:
    if sight.action != "Provider/signup" or not _acknowledged_body(sight):
        return
    value = member(sight.exchange.body_of_reply, "/auth/exp")
    if not isinstance(value, str) or value == MISSING or not value.strip():
        return
    moment = read_time(value)
    if moment is None or moment.timestamp() > sight.exchange.started:
        yield sight.ok("SIGNUP-EXP-AHEAD")
    else:
        yield sight.bad(
            "SIGNUP-EXP-AHEAD",
            "/auth/exp",
            "the token has expired when it is given",
            "a time that lies ahead",
            f"{shown(value)} in a reply of {datetime.datetime.fromtimestamp(sight.exchange.started, datetime.UTC):%Y-%m-%dT%H:%M:%SZ}",
        )


def read_time(text: str) -> datetime.datetime | None:
    """The latest moment that a text can mean as a time, or None where it is none (H4)."""
    text = text.strip()
    if re.fullmatch(r"\d{9,16}(\.\d+)?", text, re.ASCII):
        number = float(text)
        if number < 10**9:
            return None
        number = number / 1000 if number >= 10**11 else number
        try:
            return datetime.datetime.fromtimestamp(number, datetime.UTC)
        except (OverflowError, OSError, ValueError):
            return None
    if not re.match(r"\d{4}-?\d\d-?\d\d", text, re.ASCII):
        return None
    try:
        moment = datetime.datetime.fromisoformat(text)
    except ValueError:
        return None
    if moment.tzinfo is None:
        # A day without a time ends with the day; a time without a zone may be anywhere on earth.
        if re.fullmatch(r"\d{4}-?\d\d-?\d\d", text, re.ASCII):
            moment += datetime.timedelta(days=1)
        return moment.replace(tzinfo=datetime.UTC) + datetime.timedelta(hours=14)
    return moment
