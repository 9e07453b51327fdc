"""Sends the calls of a finding again, with fresh registrations, and judges whether it still holds."""

from __future__ import annotations

import asyncio
import re
import secrets
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from ..client.actor import Actor
from ..config.gateway import GatewayConfig
from ..config.urls import check_url
from ..errors import Unmet, Unreachable, UsageError
from ..messages.binding import HEADER
from ..messages.exchange import PLAIN, Exchange
from ..messages.hostile import FOREIGN, MALFORMED, MALFORMED_HTTP, SLOW, UNUSUAL, foreign, trickled
from ..messages.registration import Registration, registration_of
from ..messages.text import shown
from ..messages.tokens import DISGUISES
from ..record.masking import Masker
from ..record.rows import row_of
from ..record.secret_index import SHORTEST
from ..run import embedded
from ..run.assessment import ScenarioResult
from ..run.curl import CIN, SHARED_LETTERS, begins_with, is_plain_time, word_of
from ..run.session import Session
from ..specification.actions import SIGNUP
from ..specification.pointer import MISSING
from ..specification.specification import Specification
from ..untrusted.patterns import pattern
from ..untrusted.text import brief
from .finding_steps import Finding, steps_of

TRIES = 5
"""Attempts at concurrent calls, whose order is a matter of luck."""
OF_LUCK = ("REPLY-TIME", "ROBUST-LIVES-ON")
"""Requirements whose findings depend on what else a gateway is doing."""
LONGEST_PAUSE = 1.0
"""Longest pause between two calls in seconds, beyond ``settle`` or the time to clone."""

TAKEN = (
    *("binding", "envelope", "method", "timestamp_zone", "verification", "updates", "documents_echo", "status_names"),
    *("optional", "values", "settle", "timeout", "patience", "concurrency", "rate", "policy_update_frequency"),
)
"""Keys of a configuration that are taken from a report. None is a secret, a target, a file or a command."""
NEEDLESS = ("gateway", "mask", "waivers")
"""Keys that do not change what is sent."""
TEXTS = {"malformed": MALFORMED, "unusual": UNUSUAL}
TALKS = {SLOW: trickled, **{kind: talk for kinds in MALFORMED_HTTP.values() for kind, talk in kinds.items()}}


@dataclass(frozen=True, slots=True)
class ReplayResult:
    """Result of a replay."""

    holds: bool | None
    """None if that cannot be said."""
    text: str
    exchanges: tuple[Exchange, ...]
    masker: Masker

    def lines(self) -> Iterator[str]:
        """Yields the calls with their replies, and the result."""
        for exchange in self.exchanges:
            sent = shown(exchange.sent.body) if exchange.sent else str(exchange.stimulus or "")
            yield self.masker.text(f"{exchange.action}  {sent}")
            yield self.masker.text(f"  {exchange.action_of_reply or exchange.trouble or 'no ACK or NACK'}")
        yield self.masker.text(self.text)

    def to_json(self) -> dict[str, Any]:
        rows = [row_of(exchange, self.masker.text) for exchange in self.exchanges]
        return {"holds": self.holds, "text": self.masker.text(self.text), "exchanges": rows}


def again(
    folder: Path,
    name: str,
    url: str | None,
    file: Path | None,
    specification: Specification,
    confirm: Callable[[str], None],
) -> ReplayResult:
    """Replays a finding of a report at the gateway ``url``, or at that of the report once ``confirm`` has returned.

    The report may be a stranger's: secrets, peers, hooks and files are those of ``file``, which this user has named.
    Raises UsageError for a finding or a record that is not there, or where the run needed such a file.
    """
    found = steps_of(folder, name, specification)
    finding, steps = found.finding, found.steps
    recorded = found.scenario.run.config
    enough = found.scenario.shows(finding["id"], steps)
    declared = {} if file is not None else _taken(found.report["configuration"], embedded.wanted(url or ""))
    if url is None:
        url = check_url(recorded.url, "the URL of the run")
        confirm(url)
    config, server = embedded.begin(url, file, specification, declared)
    if server is not None:
        config = server.configured(config)
    session = Session(specification, config, secrets.randbits(31))
    try:
        session.start()
        resent = resend(session, found.requirement, finding, steps, recorded)
        if resent.holds is False and not enough:
            text = f"{finding['id']} takes more calls than these to be seen; {finding['replay']}"
            return replace(resent, holds=None, text=text)
        return resent
    except Unreachable as error:
        return ReplayResult(None, f"{finding['id']} could not be judged: {error}", (), session.masker)
    finally:
        session.end()
        if server is not None:
            server.stop()


def _taken(configuration: Mapping[str, Any], at_reference: bool) -> dict[str, Any]:
    """The keys of a configuration that a report may set. Raises UsageError if the run depended on others."""
    left = [key for key in configuration if key not in (*TAKEN, *NEEDLESS)]
    if left and not at_reference:
        raise UsageError(
            f"the run declared {brief(', '.join(sorted(left)))}, which is not taken from a report; "
            "name the configuration with --gateway-config"
        )
    return {key: configuration[key] for key in TAKEN if key in configuration}


def resend(
    session: Session, requirement: str, finding: Finding, steps: Sequence[Exchange], recorded: GatewayConfig
) -> ReplayResult:
    """Sends recorded calls to a gateway that the session has started on, and judges the replies."""
    abreast = any(a.overlaps(b) for a in steps for b in steps)
    exchanges: tuple[Exchange, ...] = ()
    masker = session.masker
    judged = ScenarioResult()
    assert session.assessment.judge is not None
    # The calls alone do not show what the run has shown beside them.
    session.assessment.judge.assume_whole_run()
    for _ in range(TRIES if abreast else 1):
        played = session.player.tried(lambda actor: _send(actor, steps, recorded), hurried=False)
        judged = session.judge(played, "replay")
        exchanges += tuple(played.exchanges)
        if finding["id"] in judged.findings:
            return ReplayResult(
                True, f"{finding['id']} still holds: {judged.findings[finding['id']].observed}", exchanges, masker
            )
    if requirement not in judged.exercised:
        why = judged.reason or "nothing that it needs happened"
        return ReplayResult(None, f"{finding['id']} could not be judged: {why}", exchanges, masker)
    if abreast or requirement in OF_LUCK:
        text = f"{finding['id']} depends on timing and did not show this time; try again, or {finding['replay']}"
        return ReplayResult(None, text, exchanges, masker)
    return ReplayResult(False, f"{finding['id']} no longer shows", exchanges, masker)


async def _send(actor: Actor, steps: Sequence[Exchange], recorded: GatewayConfig) -> None:
    """Sends each call after the calls that preceded it have been answered, with the same pauses as in the run."""
    answered = {step.id: asyncio.Event() for step in steps}
    moments: dict[str, float] = {}
    live = _Live(actor, recorded, steps)
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

    unmet: list[str] = []
    try:
        async with asyncio.TaskGroup() as group:
            for step in steps:
                group.create_task(send(step))
    except* Unmet as failed:
        unmet += map(str, failed.exceptions)
    if unmet:
        raise Unmet(unmet[0])


async def _call(actor: Actor, step: Exchange, live: _Live) -> Exchange:
    """Makes a recorded call again. Of a message, header members and body come from the record.

    Of hostile input only its name does.
    """
    if step.action not in {operation.action for operation in actor.specification.operations}:
        raise Unmet(f"the record calls {brief(step.action)!r}, which is not an operation of the specification")
    if step.sent is None:
        return await _odd(actor, step, live)
    header: dict[str, str | None] = {
        name: live.text(value) if isinstance(value := step.sent.header.get(name), str) else None for name in HEADER
    }
    if is_plain_time(header["Timestamp"] or ""):
        del header["Timestamp"]
    body = live.value(step.sent.body)
    peer = live.peer(step.peer) if step.peer else ""
    plain = PLAIN in step.request.headers
    return await actor.call(
        step.action, body, header=header, purpose=step.purpose, stimulus=step.stimulus, plain=plain, peer=peer
    )


async def _odd(actor: Actor, step: Exchange, live: _Live) -> Exchange:
    """Sends hostile input, made from a valid message as its name says (T14, T16)."""
    of, action = live.registration(step) or await actor.registered(), step.action
    about = {"registration": {"id": of.id}}
    body = actor.values.signup() if action == SIGNUP else {**about, **actor.values.parts(action)}
    if stimulus := step.stimulus:
        kind, family = stimulus.kind, stimulus.family
        if step.purpose in TEXTS and kind in TEXTS[step.purpose]:
            text = TEXTS[step.purpose][kind]
            return await actor.hostile.text(action, body, text, of=of, purpose=step.purpose, stimulus=stimulus)
        if step.purpose == "foreign" and kind in FOREIGN.get(family, ()):
            return await actor.hostile.foreign(action, body, of=of, stimulus=stimulus, **foreign(family, kind, action))
        if step.purpose == "broken" and kind in TALKS:
            actor.hostile.need_socket()
            harmed = of.id if step.about else ""
            return await actor.hostile.wire(action, body, TALKS[kind], of=of, about=harmed, stimulus=stimulus)
    raise Unmet(f"what was sent as {brief(str(step.stimulus or ''))!r} cannot be made again")


class _Live:
    """Maps recorded ids, tokens, company ids and made-up words to those of this replay."""

    def __init__(self, actor: Actor, recorded: GatewayConfig, steps: Sequence[Exchange]) -> None:
        self._recorded_peers = recorded.peers
        self._actor = actor
        declared = actor.config.values.get("/info/company_id")
        self._company_id = pattern(declared) if declared else None
        words = (word_of(step.request.content.decode("utf-8", "replace")) for step in steps)
        self._word, self._new_word = next(filter(None, words), ""), actor.values.realistic.word()[:SHARED_LETTERS]
        self._names: dict[str, str] = {}
        self._made: dict[str, Registration] = {}
        """By recorded id, the registrations of this replay."""
        if recorded.signup_token and actor.config.signup_token:
            self._names[recorded.signup_token] = actor.config.signup_token
        for (old_id, old_token), (id_, token) in zip(recorded.registrations, actor.config.registrations, strict=False):
            self._take(Registration(old_id, old_token, 0.0, MISSING), Registration(id_, token, 0.0, MISSING))

    def peer(self, url: str) -> str:
        """The peer that replaces a recorded one; raises Unmet if none is declared."""
        place = self._recorded_peers.index(url) if url in self._recorded_peers else len(self._recorded_peers)
        if place >= len(self._actor.config.peers):
            raise Unmet(f"{url} was asked, and {place + 1} peers are not declared")
        return self._actor.config.peers[place]

    def learn(self, step: Exchange, exchange: Exchange) -> None:
        """Notes the registration that replaces a recorded one."""
        old, new = registration_of(step), registration_of(exchange)
        if step.action == SIGNUP and old is not None and new is not None:
            self._take(old, new)

    def _take(self, old: Registration, new: Registration) -> None:
        self._names |= {one.make(old.id): one.make(new.id) for one in DISGUISES}
        self._names |= {old.token + one.mark: one.make(new.token) for one in DISGUISES}
        self._names |= {old.id: new.id, old.token: new.token}
        self._made[old.id] = new

    def registration(self, step: Exchange) -> Registration | None:
        """The registration that hostile input is about, else the last that was made; None if there is none."""
        return self._made.get(step.about) or next(reversed(self._made.values()), None)

    def text(self, text: str) -> str:
        """Replaces every recorded name in a text. A short name is replaced only if it is the whole text."""
        if text in self._names:
            return self._names[text]
        for old, new in sorted(self._names.items(), key=lambda pair: -len(pair[0])):
            if len(old) >= SHORTEST:
                text = text.replace(old, new)
        if self._company_id is None:
            return self._renamed(CIN.sub(lambda found: self._fresh(found[0]), text))
        return self._fresh(text) if self._company_id.fullmatch(text) else self._renamed(text)

    def _renamed(self, text: str) -> str:
        """A text with words that no gateway has seen."""
        if not self._word:
            return text
        new = self._new_word
        return re.sub(begins_with(self._word), lambda found: new if found[0][0].isupper() else new.lower(), text)

    def _fresh(self, company_id: str) -> str:
        return self._names.setdefault(company_id, self._actor.values.info()["company_id"])

    def value(self, value: Any, name: str = "") -> Any:
        """Replaces recorded names in a JSON value; company ids of a declared pattern only in their own members."""
        if isinstance(value, dict):
            return {key: self.value(child, key) for key, child in value.items()}
        if isinstance(value, list):
            return [self.value(child) for child in value]
        if isinstance(value, str) and (self._company_id is None or name in ("id", "company_id")):
            return self.text(value)
        return self._renamed(value) if isinstance(value, str) else value
