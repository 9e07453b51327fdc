"""Fair ways to serve calls that come at the same time."""

from __future__ import annotations

import asyncio
import contextlib
import itertools
import math
from collections import defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any

from reference_server.gateway import Gateway
from reference_server.message import ADD, GET, UPDATE, Answer, Call, Faults, Json, Reply, Request
from reference_server.planting import Variation, replaces
from reference_server.planting.steps import Answering, Changing, Performing, Registering, Replying, now
from reference_server.registration import UPDATE_PENDING, Registration

_MOMENT = 0.004
"""Seconds between reading and writing."""

_LAG = 0.3
"""Seconds that a replica is behind; the kit allows for two (reading R19)."""


def variations() -> Iterator[Variation]:
    for name, reading, summary, install in (
        ("conflicting-changes-refused", "X3", "a change is refused if another one came first", _optimistic),
        ("conflicting-changes-refused-by-framework", "X3", "a change beside another one gets a bare 409", _locked),
        ("changes-in-turn", "X3", "changes of a registration wait for each other", _in_turn),
        ("updates-coalesced", "X3", "of updates that come within milliseconds the last one is made", _coalesced),
        ("replies-overtake", "X3", "calls take some milliseconds more or less", _overtaking),
        ("replies-show-later-state", "X3", "a reply shows what is kept when it is written", _shown_late),
        ("replicas-take-turns", "R19", "every second Provider/get is a moment behind", _taking_turns),
    ):
        yield Variation(name, reading, summary, install)
    words, declared = "updates are approved one by one, the latest first", {"updates": "deferred"}
    yield Variation("updates-approved-last-first", "R12", words, _approved_last_first, declared)


def _optimistic(gateway: Gateway) -> None:
    @replaces(gateway)
    async def reply(inner: Replying, request: Request) -> Reply:
        try:
            return await inner(request)
        except _ConflictError:
            faults: Faults = {("registration", "id"): "is being changed by another call"}
            return replace(gateway.refuse(request, "conflict", "another change came first", faults), status=409)

    @replaces(gateway)
    async def perform(inner: Performing, request: Request, registration: Registration) -> Registration:
        if request.action in (UPDATE, ADD):
            await asyncio.sleep(_MOMENT)
            if gateway.store.find(registration.id) != registration:
                raise _ConflictError
        return await inner(request, registration)


class _ConflictError(Exception):
    """A registration was changed since it was read."""


def _locked(gateway: Gateway) -> None:
    under_way: set[str] = set()

    @replaces(gateway)
    async def answer(inner: Answering, call: Call) -> Answer:
        request = gateway.read(call)
        if request.action in (UPDATE, ADD) and request.id in under_way:
            return Answer(409, (("content-type", "application/json"),), b'{"error": "Conflict"}')
        return await inner(call)

    @replaces(gateway)
    async def perform(inner: Performing, request: Request, registration: Registration) -> Registration:
        if request.action == GET:
            return await inner(request, registration)
        under_way.add(registration.id)
        try:
            await asyncio.sleep(_MOMENT)
            return await inner(request, registration)
        finally:
            under_way.discard(registration.id)


def _in_turn(gateway: Gateway) -> None:
    locks: defaultdict[str, asyncio.Lock] = defaultdict(asyncio.Lock)

    @replaces(gateway)
    async def perform(inner: Performing, request: Request, registration: Registration) -> Registration:
        async with locks[registration.id] if request.action != GET else contextlib.nullcontext():
            await asyncio.sleep(_MOMENT)
            return await inner(request, registration)


def _coalesced(gateway: Gateway) -> None:
    waiting: dict[str, Mapping[str, Json]] = {}

    @replaces(gateway)
    async def perform(inner: Performing, request: Request, registration: Registration) -> Registration:
        if request.action != UPDATE:
            return await inner(request, registration)
        waiting[registration.id] = {**waiting.get(registration.id, {}), **gateway.content(request)["info"]}
        await asyncio.sleep(_MOMENT)
        info = waiting.pop(registration.id, {})
        return gateway.store.change(
            registration.id, lambda kept: replace(kept, info={**kept.info, **info}, status=UPDATE_PENDING)
        )


def _overtaking(gateway: Gateway) -> None:
    numbers = itertools.count()

    async def pause() -> None:
        await asyncio.sleep(next(numbers) * 7 % 5 * _MOMENT / 2)

    @replaces(gateway)
    async def answer(inner: Answering, call: Call) -> Answer:
        await pause()
        given = await inner(call)
        await pause()
        return given


def _shown_late(gateway: Gateway) -> None:
    @replaces(gateway)
    async def perform(inner: Performing, request: Request, registration: Registration) -> Registration:
        done = await inner(request, registration)
        await asyncio.sleep(_MOMENT)
        return gateway.store.find(registration.id) or done


def _taking_turns(gateway: Gateway) -> None:
    versions: defaultdict[str, list[tuple[float, Registration]]] = defaultdict(list)
    gets = itertools.count()

    @replaces(gateway.store)
    def change(inner: Registering, identity: str, *arguments: Any) -> Registration:
        before = gateway.store.find(identity)
        if before is not None and not versions[identity]:
            versions[identity].append((-math.inf, before))
        changed = inner(identity, *arguments)
        versions[identity].append((now(), changed))
        return changed

    @replaces(gateway)
    async def perform(inner: Performing, request: Request, registration: Registration) -> Registration:
        done = await inner(request, registration)
        if request.action != GET or next(gets) % 2:
            return done
        horizon = now() - _LAG
        return next((each for moment, each in reversed(versions[done.id]) if moment <= horizon), done)


def _approved_last_first(gateway: Gateway) -> None:
    held: defaultdict[str, list[Mapping[str, Json]]] = defaultdict(list)
    asked = itertools.count(1)

    @replaces(gateway)
    def update(inner: Changing, request: Request, registration: Registration) -> Registration:
        held[registration.id].append(gateway.content(request)["info"])
        return replace(registration, status=UPDATE_PENDING)

    @replaces(gateway)
    async def perform(inner: Performing, request: Request, registration: Registration) -> Registration:
        done = await inner(request, registration)
        if request.action == GET and held[done.id] and next(asked) % 2 == 0:
            info = held[done.id].pop()
            gateway.store.change(done.id, lambda kept: replace(kept, info={**kept.info, **info}))
        return done
