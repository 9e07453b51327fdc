"""Sends what a finding rests on once more, with registrations of its own, and sees whether it still holds."""

from __future__ import annotations

import asyncio
import re
import secrets
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from . import embedded
from .actor import SIGNUP, Actor
from .assessment import Judged
from .binding import HEADER
from .config import GatewayConfig
from .curl import CIN, is_plain_time
from .errors import Unmet, Unreachable, UsageError
from .exchange import Exchange, Request, shown
from .masking import SHORTEST, Masker
from .model import REQUIREMENTS
from .record import row_of
from .recording import run_of, scenario_of
from .registration import registration_of
from .replay import needed, under_way
from .report import files
from .session import Session
from .specification import Specification

TRIES = 5
"""Times that calls are made again which were under way at the same time, since their order is a matter of luck."""
OF_LUCK = ("REPLY-TIME", "ROBUST-LIVES-ON")
"""Requirements whose findings depend on what else a gateway was doing."""
LONGEST_PAUSE = 1.0
"""Seconds beyond ``settle``, or the time to clone, that are waited between two calls, as the run did."""

SECRET_KEYS = ("signup_token", "headers", "registrations")

Finding = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Resent:
    """What became of a finding."""

    holds: bool | None
    """None where it cannot be told."""
    text: str
    exchanges: tuple[Exchange, ...]

    def lines(self) -> Iterator[str]:
        """What was sent and said, and what became of the finding."""
        for exchange in self.exchanges:
            sent = shown(exchange.sent.body) if exchange.sent else ", ".join(exchange.tags)
            yield f"{exchange.action}  {sent}"
            yield f"  {exchange.action_of_reply or exchange.trouble or 'no ACK or NACK'}"
        yield self.text

    def to_json(self) -> dict[str, Any]:
        masker = Masker()
        masker.add(*(r.token for e in self.exchanges if (r := registration_of(e)) is not None))
        rows = [row_of(exchange, masker.text) for exchange in self.exchanges]
        return {"holds": self.holds, "text": self.text, "exchanges": rows}


def again(folder: Path, name: str, url: str | None, file: Path | None, specification: Specification) -> Resent:
    """Replays a finding of a report at its gateway, or at another.

    Raises UsageError for a finding or a record that is not there, or a secret that has to be given once more.
    """
    report = files.read(folder)
    requirement, finding = find(report, name)
    run = run_of(folder, specification)
    recorded = run.config
    scenario = next(filter(None, (scenario_of(folder, id_) for id_ in finding["exchanges"])), None)
    if scenario is None:
        raise UsageError(f"{folder}: the exchanges of {finding['id']} are not on record")
    last = next(exchange for exchange in scenario.exchanges if exchange.id in finding["exchanges"])
    steps = [*needed(last, scenario.exchanges, history=requirement in REQUIREMENTS), last]
    enough = scenario.shows(run, steps, finding["id"])
    declared = {} if file is not None else {k: v for k, v in report["configuration"].items() if k != "waivers"}
    for key in SECRET_KEYS:
        if "<secret>" in str(declared.get(key)):
            raise UsageError(f"{key} is not in the report; give the configuration with --gateway-config")
    config, server = embedded.reach(url or recorded.url, file, specification, declared)
    session = Session(specification, config, secrets.randbits(31))
    try:
        session.start()
        resent = resend(session, requirement, finding, steps, recorded)
        if resent.holds is False and not enough:
            text = f"{finding['id']} takes more calls than these to be seen; {finding['replay']}"
            return Resent(None, text, resent.exchanges)
        return resent
    except Unreachable as error:
        return Resent(None, f"{finding['id']} could not be judged: {error}", ())
    finally:
        session.end()
        if server is not None:
            server.stop()


def find(report: Mapping[str, Any], name: str) -> tuple[str, Finding]:
    """The requirement and the finding of an id, or of the beginning of one; raises UsageError for none or several."""
    rows = [(row["id"], finding) for row in report["requirements"] for finding in row["findings"]]
    hits = [(id_, finding) for id_, finding in rows if name in (finding["id"], id_)]
    hits = hits or [(id_, finding) for id_, finding in rows if finding["id"].startswith(name)]
    if len(hits) == 1:
        return hits[0]
    known = [finding["id"] for _, finding in (hits or rows)]
    some = ", ".join(known[:8]) + (" …" if len(known) > 8 else "")
    if not rows:
        raise UsageError("the report has no findings")
    raise UsageError(f"{'more than one finding is' if hits else 'no finding is'} named {name!r}; there are {some}")


def resend(
    session: Session, requirement: str, finding: Finding, steps: Sequence[Exchange], recorded: GatewayConfig
) -> Resent:
    """Sends recorded calls to a gateway that the session has started on, and judges the replies."""
    abreast = any(under_way(a, b) for a in steps for b in steps)
    exchanges: tuple[Exchange, ...] = ()
    judged = Judged({}, set())
    for _ in range(TRIES if abreast else 1):
        played = session.tried(lambda actor: _send(actor, steps, recorded), hurried=False)
        judged = session.judge(played, "replay")
        exchanges += tuple(played.exchanges)
        if finding["id"] in judged.findings:
            return Resent(True, f"{finding['id']} still holds: {judged.findings[finding['id']].observed}", exchanges)
    if requirement not in judged.exercised:
        why = judged.reason or "nothing that it needs happened"
        return Resent(None, f"{finding['id']} could not be judged: {why}", exchanges)
    if abreast or requirement in OF_LUCK:
        return Resent(None, f"{finding['id']} did not show this time; it takes luck, {finding['replay']}", exchanges)
    return Resent(False, f"{finding['id']} does not show any more", exchanges)


async def _send(actor: Actor, steps: Sequence[Exchange], recorded: GatewayConfig) -> None:
    """Sends each call once those have been answered that were answered before it, and no sooner after them."""
    answered = {step.id: asyncio.Event() for step in steps}
    moments: dict[str, float] = {}
    live = _Live(actor, recorded)
    longest = max(actor.config.settle, actor.config.clone_within or 0.0) + LONGEST_PAUSE

    async def send(step: Exchange) -> None:
        before = [other for other in steps if other.ended <= step.started]
        for other in before:
            await answered[other.id].wait()
        due = [moments[other.id] + min(step.started - other.ended, longest) for other in before]
        await asyncio.sleep(max(due, default=0.0) - time.monotonic())
        exchange = await _call(actor, step, live)
        live.learn(step, exchange)
        moments[step.id] = time.monotonic()
        answered[step.id].set()

    async with asyncio.TaskGroup() as group:
        for step in steps:
            group.create_task(send(step))


async def _call(actor: Actor, step: Exchange, live: _Live) -> Exchange:
    if step.sent is not None:
        header: dict[str, str | None] = dict.fromkeys(HEADER)
        for name, value in step.sent.header.items():
            header[name] = live.text(value)
        if is_plain_time(step.sent.header.get("Timestamp", "")):
            del header["Timestamp"]
        body = live.value(step.sent.body)
        peer = live.peer(step.peer) if step.peer else ""
        return await actor.call(step.action, body, header=header, purpose=step.purpose, tags=step.tags, peer=peer)
    request = step.request

    def again() -> Request:
        content = live.bytes(request.content)
        raw = request.raw
        if raw is not None:
            raw = replace(raw, pieces=tuple(live.bytes(piece) for piece in raw.pieces))
            content = b"".join(raw.pieces)
        fields = tuple((name, live.field(name, value)) for name, value in request.headers)
        path = request.url.removeprefix(live.recorded_url)
        return Request(request.method, f"{actor.config.url}{path}", fields, content, raw)

    about = live.text(step.about)
    return await actor.send(step.action, again, purpose=step.purpose, tags=step.tags, about=about)


class _Live:
    """What stands in the place of recorded ids, tokens and company ids this time."""

    def __init__(self, actor: Actor, recorded: GatewayConfig) -> None:
        self.recorded_url = recorded.url
        self._recorded_peers = recorded.peers
        self._actor = actor
        self._company_id = re.compile(recorded.company_id) if recorded.company_id else CIN
        self._names: dict[str, str] = {}
        if recorded.signup_token and actor.config.signup_token:
            self._names[recorded.signup_token] = actor.config.signup_token
        for (old_id, old_token), (id_, token) in zip(recorded.registrations, actor.config.registrations, strict=False):
            self._names |= {old_id: id_, old_token: token}

    def peer(self, url: str) -> str:
        """The other gateway that is asked in the place of a recorded one; raises Unmet where none is declared."""
        place = self._recorded_peers.index(url)
        if place >= len(self._actor.config.peers):
            raise Unmet(f"{url} was asked, and {place + 1} peers are not declared")
        return self._actor.config.peers[place]

    def learn(self, step: Exchange, exchange: Exchange) -> None:
        """Notes the registration that a call made in the place of the recorded one."""
        old, new = registration_of(step), registration_of(exchange)
        if step.action == SIGNUP and old is not None and new is not None:
            self._names |= {old.id: new.id, old.token: new.token}

    def text(self, text: str) -> str:
        """A text with every recorded name in it replaced; short names only where they are all of it."""
        if text in self._names:
            return self._names[text]
        for old, new in sorted(self._names.items(), key=lambda pair: -len(pair[0])):
            if len(old) >= SHORTEST:
                text = text.replace(old, new)
        return self._company_id.sub(lambda found: self._fresh(found[0]), text) if self._may_name(text) else text

    def _may_name(self, text: str) -> bool:
        """Whether a company id is looked for in a text: a declared pattern could be found in any."""
        return self._company_id is CIN or self._company_id.fullmatch(text) is not None

    def _fresh(self, company_id: str) -> str:
        return self._names.setdefault(company_id, self._actor.values.info()["company_id"])

    def value(self, value: Any, name: str = "") -> Any:
        """A JSON value with all its texts replaced; company ids of a declared pattern only where they belong."""
        if isinstance(value, dict):
            return {key: self.value(child, key) for key, child in value.items()}
        if isinstance(value, list):
            return [self.value(child) for child in value]
        if isinstance(value, str) and (self._company_id is CIN or name in ("id", "company_id")):
            return self.text(value)
        return value

    def bytes(self, content: bytes) -> bytes:
        """The same for bytes that need be no text."""
        try:
            return self.text(content.decode()).encode()
        except UnicodeDecodeError:
            return self.text(content.decode("latin-1")).encode("latin-1", "replace")

    def field(self, name: str, value: str) -> str:
        """A header field of a request that is sent as it was: declared ones as they are declared now."""
        declared = {key.casefold(): given for key, given in self._actor.config.headers.items()}
        if name == "Timestamp" and is_plain_time(value):
            return self._actor.header("")["Timestamp"]
        return declared.get(name.casefold(), self.text(value))
