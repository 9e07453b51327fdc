"""Fair times at which changes are seen, verified and served."""

from __future__ import annotations

import asyncio
import time
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any

from reference_server.gateway import Gateway
from reference_server.message import GET, UPDATE, Answer, Call, Faults, Json, Reply, Request
from reference_server.planting import Install, wrap
from reference_server.registration import (
    UPDATE_FAIL,
    UPDATE_PENDING,
    VERIFIED,
    Document,
    Registration,
    digest,
)
from reference_server.variations.variation import Variation

_LAG = 0.3
"""Seconds until a change is seen by other calls; the kit asks again for two (reading R19)."""

_DEFERRED: Mapping[str, Any] = {"updates": "deferred"}
_IMMEDIATE: Mapping[str, Any] = {"verification": "immediate"}
_HOOK: Mapping[str, Any] = {"verification_hook": "{origin}/operator/registrations/{id}/verify"}


def variations() -> Iterator[Variation]:
    """Make the variations of this family."""
    for name, reading, summary, install, configuration in (
        (
            "updates-after-approval",
            "R12",
            "an update is shown after an operator approved it",
            _deferred(),
            _DEFERRED,
        ),
        (
            "updates-after-approval-but-in-reply",
            "R12",
            "an update is shown in its reply, and then after an operator approved it",
            _deferred(in_reply=True),
            _DEFERRED,
        ),
        (
            "updates-after-two-gets",
            "R12",
            "an update is shown from the third look on",
            _deferred(gets=2),
            _DEFERRED,
        ),
        (
            "registration-seen-later",
            "R19",
            "other calls see a registration a moment later",
            _hidden_at_first,
            {},
        ),
        ("replica-reads", "R19", "Provider/get reads a replica that is a moment behind", _replicated, {}),
        ("verification-immediate", "R4", "documents and api are verified at once", _verified(), _IMMEDIATE),
        (
            "verification-immediate-after-all",
            "R5",
            "every change is verified once its reply is sent",
            _verified(changes=True),
            _IMMEDIATE,
        ),
        (
            "serves-verified-only",
            "R4",
            "nobody is served before a person has verified them",
            _verified_only,
            _HOOK,
        ),
        ("update-fail-stays", "R17", "the status is UPDATE-FAIL after a refused update", _failed, {}),
        ("busy-now-and-then", "T13", "one call in forty is answered by 503 with Retry-After", _busy(503), {}),
        ("rate-limited", "T13", "one call in forty is answered by 429 with Retry-After", _busy(429), {}),
        ("slow", "T15", "every reply takes a twentieth of a second", _slow, {}),
        (
            "four-at-a-time",
            "T13",
            "more than four calls at once are answered by 429",
            _crowded,
            {"concurrency": 4},
        ),
    ):
        yield Variation(name, reading, summary, install, configuration)


def _deferred(*, in_reply: bool = False, gets: int | None = None) -> Install:
    """Hold updates back until an operator approves them, or until they were asked for some times."""

    def install(gateway: Gateway) -> None:
        held: dict[str, Mapping[str, Json]] = {}
        asked: Counter[str] = Counter()

        def update(inner: Any, request: Request, registration: Registration) -> Registration:
            sent = gateway.content(request)["info"]
            held[registration.id] = {**registration.info, **held.get(registration.id, {}), **sent}
            asked[registration.id] = 0
            return replace(registration, status=UPDATE_PENDING)

        def render_info(inner: Any, request: Request, registration: Registration) -> Json:
            if in_reply and request.action == UPDATE:
                return dict(held[registration.id])
            return inner(request, registration)

        def release(identity: str) -> None:
            if identity in held:
                info = held.pop(identity)
                gateway.store.change(identity, lambda kept: replace(kept, info=info))

        def judge(inner: Any, identity: str, status: str, number: int | None = None) -> Registration:
            if number is None and status == VERIFIED:
                release(identity)
            judged: Registration = inner(identity, status, number)
            return judged

        def find(inner: Any, request: Request) -> Registration | None:
            found: Registration | None = inner(request)
            if found is None or gets is None or request.action != GET:
                return found
            asked[found.id] += 1
            if asked[found.id] > gets:
                release(found.id)
            again: Registration | None = inner(request)
            return again

        for step, around in (
            ("update", update),
            ("render_info", render_info),
            ("judge", judge),
            ("find", find),
        ):
            wrap(gateway, step, around)

    return install


def _hidden_at_first(gateway: Gateway) -> None:
    made: dict[str, float] = {}

    def register(inner: Any, *arguments: Any) -> Registration:
        registration: Registration = inner(*arguments)
        made[registration.id] = time.monotonic()
        return registration

    def find(inner: Any, request: Request) -> Registration | None:
        found: Registration | None = inner(request)
        return found if time.monotonic() - made.get(request.id, 0) > _LAG else None

    wrap(gateway, "register", register)
    wrap(gateway, "find", find)


def _replicated(gateway: Gateway) -> None:
    versions: dict[str, list[tuple[float, Registration]]] = {}

    def record(registration: Registration) -> None:
        versions.setdefault(registration.id, []).append((time.monotonic(), registration))

    def add(inner: Any, registration: Registration) -> None:
        inner(registration)
        record(registration)

    def change(inner: Any, *arguments: Any) -> Registration:
        registration: Registration = inner(*arguments)
        record(registration)
        return registration

    def find(inner: Any, request: Request) -> Registration | None:
        if request.action != GET or request.id not in versions:
            found: Registration | None = inner(request)
            return found
        horizon = time.monotonic() - _LAG
        seen = [registration for moment, registration in versions[request.id] if moment <= horizon]
        return seen[-1] if seen else None

    wrap(gateway.store, "add", add)
    wrap(gateway.store, "change", change)
    wrap(gateway, "find", find)


def _verified(*, changes: bool = False) -> Install:
    """Verify at once what a call brings; with `changes` the whole registration after every change."""

    def install(gateway: Gateway) -> None:
        def new_documents(inner: Any, request: Request) -> tuple[Document, ...]:
            return tuple(replace(document, status=VERIFIED) for document in inner(request))

        def register(inner: Any, *arguments: Any) -> Registration:
            registration: Registration = inner(*arguments)
            return replace(registration, api_status=VERIFIED, status=VERIFIED)

        def finish(inner: Any, request: Request, reply: Reply) -> Reply:
            given: Reply = inner(request, reply)
            if changes and given.action == "ACK" and request.action != GET:
                gateway.judge(given.body["registration"]["id"], VERIFIED)
            return given

        wrap(gateway, "new_documents", new_documents)
        wrap(gateway, "register", register)
        wrap(gateway, "finish", finish)

    return install


def _verified_only(gateway: Gateway) -> None:
    def authorise(inner: Any, request: Request, registration: Registration | None) -> Reply | None:
        refusal: Reply | None = inner(request, registration)
        if refusal is None and registration is not None and registration.api_status != VERIFIED:
            faults: Faults = {("registration", "id"): "is not verified yet"}
            return gateway.refuse(request, "unverified", "verification takes a person", faults)
        return refusal

    wrap(gateway, "authorise", authorise)


def _failed(gateway: Gateway) -> None:
    def refuse(inner: Any, request: Request, reason: str, message: str, faults: Faults | None = None) -> Reply:
        registration = gateway.find(request) if request.action == UPDATE and reason == "body" else None
        owner = gateway.store.owner(digest(request.token))
        if registration is not None and owner is not None and owner.id == registration.id:
            gateway.store.change(registration.id, lambda kept: replace(kept, status=UPDATE_FAIL))
        refusal: Reply = inner(request, reason, message, faults)
        return refusal

    wrap(gateway, "refuse", refuse)


def _unavailable(status: int) -> Answer:
    return Answer(status, (("content-type", "text/html"), ("retry-after", "1")), b"<html>later</html>")


def _busy(status: int) -> Install:
    def install(gateway: Gateway) -> None:
        count = 0

        async def answer(inner: Any, call: Call) -> Answer:
            nonlocal count
            count += 1
            if count % 40 == 0:
                return _unavailable(status)
            given: Answer = await inner(call)
            return given

        wrap(gateway, "answer", answer)

    return install


def _slow(gateway: Gateway) -> None:
    async def answer(inner: Any, call: Call) -> Answer:
        await asyncio.sleep(0.05)
        given: Answer = await inner(call)
        return given

    wrap(gateway, "answer", answer)


def _crowded(gateway: Gateway) -> None:
    inside = 0

    async def answer(inner: Any, call: Call) -> Answer:
        nonlocal inside
        if inside >= 4:
            return _unavailable(429)
        inside += 1
        try:
            await asyncio.sleep(0.005)
            given: Answer = await inner(call)
        finally:
            inside -= 1
        return given

    wrap(gateway, "answer", answer)
