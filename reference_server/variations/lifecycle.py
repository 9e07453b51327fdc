"""Fair times at which changes are seen, verified and served."""

from __future__ import annotations

import asyncio
import itertools
import math
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from typing import Any

from reference_server.gateway import Gateway
from reference_server.message import ADD, GET, UPDATE, Answer, Call, Faults, Json, Reply, Request
from reference_server.planting import Install, Variation, installing, replaces, steps
from reference_server.planting.defect import VERIFICATION
from reference_server.registration import REJECTED, UPDATE_PENDING, VERIFIED, Document, Registration

_LAG = 0.3
"""Seconds until a change is seen by other calls (the kit asks again for two, reading R19), or until it is judged."""

_FAILED = steps.on_refusal(UPDATE, lambda gateway, _, kept: replace(kept, status=gateway.update_fail))
_DEFERRED: Mapping[str, Any] = {"updates": "deferred"}
_IMMEDIATE: Mapping[str, Any] = {"verification": "immediate"}


def variations() -> Iterator[Variation]:
    rows: tuple[tuple[str, str, str, Install, Mapping[str, Any]], ...] = (
        ("updates-after-approval", "R12", "an update is shown after an operator approved it", _deferred(), _DEFERRED),
        ("updates-after-approval-but-in-reply", "R12", "updates show in the reply", _deferred(at_once=True), _DEFERRED),
        ("updates-after-two-gets", "R12", "an update is shown from the third look on", _deferred(gets=2), _DEFERRED),
        ("registration-seen-later", "R19", "other calls see a registration a moment later", _hidden_at_first, {}),
        ("replica-reads", "R19", "Provider/get reads a replica that is a moment behind", _replicated, {}),
        ("parts-seen-apart", "R19", "info, documents and status are served by copies, each a while behind", _apart, {}),
        ("token-known-later", "R19", "a token is refused for the first moment", _token_later, {}),
        ("documents-stored-later", "R19", "Provider/get lists a document a moment after it came", _stored_later, {}),
        ("verification-immediate", "R4", "documents and api are verified at once", _verified(), _IMMEDIATE),
        ("verification-immediate-after-all", "R5", "every change is verified", _verified(changes=True), _IMMEDIATE),
        ("serves-verified-only", "R4", "nobody is served before being verified", _verified_only, VERIFICATION),
        ("one-change-at-a-time", "R5", "a change is refused until the one before was looked at", _one_at_a_time, {}),
        ("officer-rejects", "R7", "documents are rejected a moment after they came", _judged_later(_rejected), {}),
        ("officer-approves", "R17", "a registration is active a moment after it came", _judged_later(_active), {}),
        ("update-fail-stays", "R17", "the status is UPDATE-FAIL after a refused update", _FAILED, {}),
        ("busy-now-and-then", "T13", "one call in forty is answered by 503 with Retry-After", _busy(503), {}),
        ("rate-limited", "T13", "one call in forty is answered by 429 with Retry-After", _busy(429), {}),
        ("refused-while-busy", "T13", "one call in forty is refused with a NACK that blames nothing", _refused, {}),
        ("same-call-refused", "T13", "a call is refused if the same one came a moment ago", _once, {}),
        ("slow", "T15", "every reply takes a twentieth of a second", _slow, {}),
        ("four-at-a-time", "T13", "more than four calls at once are answered by 429", _crowded, {"concurrency": 4}),
    )
    for name, reading, words, install, configuration in rows:
        yield Variation(name, reading, words, install, configuration)


@installing
def _deferred(gateway: Gateway, *, at_once: bool = False, gets: int | None = None) -> None:
    """Hold updates back until an operator approves them, or until they were asked for some times."""
    held: dict[str, Mapping[str, Json]] = {}
    asked: Counter[str] = Counter()

    def release(identity: str) -> None:
        if identity in held:
            info = held.pop(identity)
            gateway.store.change(identity, lambda kept: replace(kept, info=info))

    @replaces(gateway)
    def update(inner: steps.Changing, request: Request, registration: Registration) -> Registration:
        sent = gateway.content(request)["info"]
        held[registration.id] = {**registration.info, **held.get(registration.id, {}), **sent}
        asked[registration.id] = 0
        return replace(registration, status=UPDATE_PENDING)

    @replaces(gateway)
    def render_info(inner: steps.Rendering, request: Request, registration: Registration) -> Json:
        if at_once and request.action == UPDATE:
            return dict(held[registration.id])
        return inner(request, registration)

    @replaces(gateway)
    def judge(inner: steps.Registering, identity: str, status: str, number: int | None = None) -> Registration:
        if number is None and status == VERIFIED:
            release(identity)
        return inner(identity, status, number)

    @replaces(gateway)
    def find(inner: steps.Finding, request: Request) -> Registration | None:
        found = inner(request)
        if found is None or gets is None or request.action != GET:
            return found
        asked[found.id] += 1
        if asked[found.id] > gets:
            release(found.id)
        return inner(request)


def _hidden_at_first(gateway: Gateway) -> None:
    made = steps.at_signup(gateway, steps.now)
    steps.giving("find", lambda found, request: found if steps.now() - made.get(request.id, 0) > _LAG else None)(
        gateway
    )


def _replicated(gateway: Gateway) -> None:
    versions: dict[str, list[tuple[float, Registration]]] = {}

    def record(registration: Registration) -> Registration:
        versions.setdefault(registration.id, []).append((steps.now(), registration))
        return registration

    @replaces(gateway.store)
    def add(inner: Callable[[Registration], None], registration: Registration) -> None:
        inner(record(registration))

    @replaces(gateway.store)
    def change(inner: steps.Registering, *arguments: Any) -> Registration:
        return record(inner(*arguments))

    @replaces(gateway)
    def find(inner: steps.Finding, request: Request) -> Registration | None:
        if request.action != GET or request.id not in versions:
            return inner(request)
        seen = [registration for moment, registration in versions[request.id] if moment <= steps.now() - _LAG]
        return seen[-1] if seen else None


def _apart(gateway: Gateway) -> None:
    versions: dict[str, list[tuple[float, Registration]]] = {}

    def record(registration: Registration, *_: object) -> Registration:
        versions.setdefault(registration.id, []).append((steps.now(), registration))
        return registration

    steps.giving("register", record)(gateway)

    @replaces(gateway.store)
    def change(inner: steps.Registering, *arguments: Any) -> Registration:
        return record(inner(*arguments))

    def behind(identity: str, seconds: float) -> Registration:
        seen = [version for moment, version in versions[identity] if moment <= steps.now() - seconds]
        return seen[-1] if seen else versions[identity][0][1]

    def assembled(found: Registration | None, request: Request) -> Registration | None:
        if found is None or request.action != GET:
            return found
        documents, status = behind(found.id, _LAG).documents, behind(found.id, _LAG / 2).status
        return replace(found, info=behind(found.id, _LAG / 3).info, documents=documents, status=status)

    steps.giving("find", assembled)(gateway)


def _token_later(gateway: Gateway) -> None:
    made = steps.at_signup(gateway, steps.now)

    def authorised(refusal: Reply | None, request: Request, registration: Registration | None) -> Reply | None:
        if refusal is None and registration is not None and steps.now() - made[registration.id] < _LAG:
            return replace(gateway.refuse(request, "token", "the token is unknown"), status=401)
        return refusal

    steps.giving("authorise", authorised)(gateway)


def _stored_later(gateway: Gateway) -> None:
    received: dict[str, float] = {}

    def noted(documents: tuple[Document, ...], request: Request) -> tuple[Document, ...]:
        received.update((document.id, steps.now()) for document in documents)
        return documents

    def stored(found: Registration | None, request: Request) -> Registration | None:
        if found is None or request.action != GET:
            return found
        return replace(found, documents=tuple(one for one in found.documents if received[one.id] <= steps.now() - _LAG))

    steps.both(steps.giving("new_documents", noted), steps.giving("find", stored))(gateway)


def _verified(*, changes: bool = False) -> Install:
    """Verify at once what a call brings; with `changes` the whole registration after every change."""

    def install(gateway: Gateway) -> None:
        def finished(request: Request, reply: Reply) -> Reply:
            if changes and reply.action == "ACK" and request.action != GET:
                gateway.judge(reply.body["registration"]["id"], VERIFIED)
            return reply

        steps.finishing(finished)(gateway)

    return steps.both(
        steps.giving("new_documents", _all_verified), steps.giving("register", _verified_at_once), install
    )


def _all_verified(documents: tuple[Document, ...], request: Request) -> tuple[Document, ...]:
    return tuple(replace(document, status=VERIFIED) for document in documents)


def _verified_at_once(registration: Registration, *_: object) -> Registration:
    return replace(registration, api_status=VERIFIED, status=VERIFIED)


@installing
def _judged_later(gateway: Gateway, judged: Callable[[Registration], Registration]) -> None:
    waiting = steps.at_signup(gateway, steps.now)

    @replaces(gateway)
    def find(inner: steps.Finding, request: Request) -> Registration | None:
        if steps.now() - waiting.get(request.id, steps.now()) > _LAG:
            del waiting[request.id]
            gateway.store.change(request.id, judged)
        return inner(request)


def _rejected(registration: Registration) -> Registration:
    return registration.judged(REJECTED)


def _active(registration: Registration) -> Registration:
    return replace(registration, status="ACTIVE")


def _verified_only(gateway: Gateway) -> None:
    @replaces(gateway)
    def authorise(inner: steps.Authorising, request: Request, registration: Registration | None) -> Reply | None:
        refusal = inner(request, registration)
        if refusal is None and registration is not None and registration.api_status != VERIFIED:
            faults: Faults = {("registration", "id"): "is not verified yet"}
            return gateway.refuse(request, "unverified", "verification takes a person", faults)
        return refusal


def _one_at_a_time(gateway: Gateway) -> None:
    """Refuse a change while another one waits. An operator carries out what waits once it was shown to wait."""
    for action in (UPDATE, ADD):
        steps.denying(action, lambda _, registration: registration.status == UPDATE_PENDING, _waiting)(gateway)

    def carried_out(request: Request, reply: Reply) -> Reply:
        gateway.judge(request.id, VERIFIED)
        return reply

    steps.in_reply("ACK", GET, carried_out)(gateway)


def _waiting(gateway: Gateway, request: Request) -> Reply:
    return replace(gateway.refuse(request, "waiting", "a change of this registration waits"), status=409)


def _unavailable(status: int) -> Answer:
    return Answer(status, (("content-type", "text/html"), ("retry-after", "1")), b"<html>later</html>")


@installing
def _busy(gateway: Gateway, status: int) -> None:
    numbers = itertools.count(1)
    steps.fronting(lambda call: None if next(numbers) % 40 else _unavailable(status))(gateway)


def _refused(gateway: Gateway) -> None:
    numbers = itertools.count(1)

    @replaces(gateway)
    async def reply(inner: steps.Replying, request: Request) -> Reply:
        return await inner(request) if next(numbers) % 40 else gateway.refuse(request, "busy", "please come again")


def _once(gateway: Gateway) -> None:
    """Take a call for the same one, sent twice, if less time has passed than the kit waits for a change to be seen."""
    received: dict[str, float] = {}

    @replaces(gateway)
    async def reply(inner: steps.Replying, request: Request) -> Reply:
        call, moment = repr((request.action, request.token, request.body)), steps.now()
        if not request.malformed and moment - received.get(call, -math.inf) < 0.3:
            return replace(gateway.refuse(request, "repeated", "this call came a moment ago"), status=409)
        received[call] = moment
        return await inner(request)


def _slow(gateway: Gateway) -> None:
    @replaces(gateway)
    async def answer(inner: steps.Answering, call: Call) -> Answer:
        await asyncio.sleep(0.05)
        return await inner(call)


def _crowded(gateway: Gateway) -> None:
    inside = 0

    @replaces(gateway)
    async def answer(inner: steps.Answering, call: Call) -> Answer:
        nonlocal inside
        if inside >= 4:
            return _unavailable(429)
        inside += 1
        try:
            await asyncio.sleep(0.005)
            return await inner(call)
        finally:
            inside -= 1
