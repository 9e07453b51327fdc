"""Turns recorded traffic into a record that is judged like that of a run."""

from __future__ import annotations

import datetime
import secrets
import uuid
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from urllib.parse import parse_qsl

from ..config.credentials import SENSITIVE, of_field
from ..config.gateway import SIGNUP_TOKEN, GatewayConfig
from ..config.keys import load_config
from ..config.urls import check_url
from ..errors import UsageError
from ..judging.recogniser import LARGEST_CALL
from ..messages.binding import HEADER, Binding, EnvelopeBinding, HttpBinding, bindings
from ..messages.exchange import Exchange
from ..messages.registration import registration_of
from ..specification.actions import SIGNUP
from ..specification.pointer import MISSING, member
from ..specification.specification import Specification
from ..untrusted import reading
from ..untrusted.text import brief
from . import reader as rows
from .events import Event, Probe, ProcessEnd, RunEnd, RunStart, ScenarioEnd, Transcript
from .foreign import forms
from .foreign.doubles import single
from .foreign.edited import edited
from .foreign.har import Recorded
from .foreign.marks import is_mark
from .foreign.moments import FINE, Moment, started, tick
from .foreign.payload import GATEWAY, is_pair
from .foreign.placing import newest_first, placed
from .foreign.replaced import is_whole, tokens_are_evidence, tokens_are_missing, without_replaced
from .journal import Journal, prepare
from .masking import Masker
from .rows import Row, exchange_of
from .run import Run
from .stand_ins import StandIns

CREDENTIALS = ("authorization", "cookie", "proxy-authorization", "x-api-key")
"""Header fields of a request whose value is a secret wherever it stands."""
EDITED = "limit: the recording holds a message of another length than was sent"
ODD = "unusual"
LARGE = "large"
OFTEN = 3
"""Requests without a header member from which the recording may have lost it."""
MOST_NOTES = 12
"""Most notes on single calls in a report."""

Calls = list[tuple[str, Recorded]]
"""Operation and call."""


def read(source: Path) -> list[Recorded]:
    """Returns the calls of a recording of any known form; raises UsageError for anything else."""
    if source.suffix != ".jsonl":
        return forms.read(source)
    with reading.opened(source) as file:
        found: list[Recorded] = []
        try:
            for line in reading.lines(file):
                if not found and _is_payload(line):
                    return forms.read(source)
                row = rows.row(line, "exchange")
                found.append(Recorded(row, Moment(row["started"], row["seconds"]), ours=True))
        except ValueError as error:
            what = "record" if found else f"recording that can be read ({forms.KNOWN})"
            raise UsageError(f"{source} is not a {what}: line {len(found) + 1}: {brief(str(error))}") from error
    return found


def _is_payload(line: bytes) -> bool:
    try:
        return is_pair(reading.json_value(line, unique=False, numbers=False))
    except ValueError:
        return False


def record(
    source: Path, folder: Path, specification: Specification, *, url: str | None, file: Path | None, strict: bool
) -> None:
    """Writes the calls of a recording to a report folder, as a run would.

    ``url`` selects the gateway if there are calls to several, and several answer with a status of 2xx or none does, and
    none has nine in ten of these calls.
    Raises UsageError for a file without calls, or with calls to several gateways.
    """
    found = read(source)
    payload = all(one.payload for one in found)
    if payload:
        found = [_moved(one, check_url(url or GATEWAY)) for one in found]
    called = [(_called(one.row["request"]["url"], specification), one) for one in found]
    calls = [(*where, one) for where, one in called if where is not None]
    gateways = Counter(base for base, _, one in calls if not one.row.get("peer"))
    served = Counter(base for base, _, one in calls if base in gateways and _is_served(one))
    base = _gateway(source, gateways if url is not None else served or gateways, url)
    config = load_config(base, file, specification, {})
    of = {base: "", **{peer: peer for peer in config.peers}}
    made = [
        (action, replace(one, row={**one.row, "peer": of[where]} if of[where] else one.row))
        for where, action, one in calls
        if where in of and (payload or _is_call(one.row, config))
    ]
    if not made:
        raise UsageError(f"{source}: no {config.method} is made to any operation under {base}")
    own = all(one.ours for _, one in made)
    chosen = made if own else single(made)
    notes = [f"judged from {len(chosen)} recorded calls; others may have been made that are not on record"]
    if len(found) > len(made):
        notes.append(f"{len(found) - len(made)} recorded requests are not calls of this specification to {base}")
    if len(made) > len(chosen):
        notes.append(f"{len(made) - len(chosen)} calls are on record twice, and are judged once")
    try:
        binding = EnvelopeBinding() if payload else _binding(config, [one.row for _, one in chosen])
        exchanges = [*_exchanges(chosen, binding, specification)]
    except ValueError as error:
        # Rows may have the form of this kit's, and contents that are not packed as they say.
        raise UsageError(f"{source} is not a record: {brief(str(error))}") from error
    if not own and newest_first(exchanges):
        chosen = chosen[::-1]
        exchanges = [*_exchanges(chosen, binding, specification)]
    unheld: list[str] = []
    if not own:
        unheld = _unheld(exchanges)
        notes += _notes([one for _, one in chosen], unheld)
        exchanges = placed(exchanges, [one.moment for _, one in chosen], notes)
        exchanges = without_replaced(exchanges, specification, config)
    # Of calls that are told to have begun at once, a signup gives the id that the others use.
    exchanges.sort(key=lambda exchange: (exchange.started, exchange.action != SIGNUP))
    begun = datetime.datetime.fromtimestamp(exchanges[0].started, datetime.UTC)
    run = Run(specification, config, uuid.uuid4().hex[:12], 0, begun, strict=strict, recorded=True, payload=payload)
    test = "".join(filter(str.isprintable, source.name)) or "recording"
    _write(folder, run, test, _probe(binding, exchanges, unheld, notes), exchanges)


def _write(folder: Path, run: Run, test: str, probe: Probe, exchanges: Sequence[Exchange]) -> None:
    """Writes the events of a run that would have made these exchanges."""
    config = run.config
    masker = Masker(config.secrets)
    for secret in _secrets(exchanges):
        masker.learn(secret)
    prepare(folder)
    private = StandIns(run.specification, config, secrets.token_bytes(16)) if config.mask else None
    fields = {name.casefold() for exchange in exchanges for name, _ in exchange.request.headers}
    sensitive = filter(SENSITIVE.search, fields - {"token"})
    journal = Journal(folder, masker, secret_fields=[*config.headers, *sensitive], private=private)
    seconds = max(exchange.ended for exchange in exchanges) - exchanges[0].started
    scenarios = [ScenarioEnd(test, Transcript(group)) for group in _groups(exchanges)]
    end = (ProcessEnd(exchanges=len(exchanges)), RunEnd(narrowed=True, seconds=seconds))
    events: Sequence[Event] = (RunStart(run), probe, *exchanges, *scenarios, *end)
    try:
        for event in events:
            journal.write(event)
    finally:
        journal.close()


def _moved(one: Recorded, base: str) -> Recorded:
    """Puts a call of a payload log to the gateway that the user names."""
    request = one.row["request"]
    return replace(one, row={**one.row, "request": {**request, "url": base + request["url"].removeprefix(GATEWAY)}})


def _called(url: str, specification: Specification) -> tuple[str, str] | None:
    """Returns the gateway and the operation of a URL; None for any other URL."""
    plain = url.partition("#")[0].partition("?")[0]
    for operation in specification.operations:
        base = plain.removesuffix(f"/{operation.action}")
        if base != plain and base.isprintable() and base.startswith(("http://", "https://")):
            return base, operation.action
    return None


def _gateway(source: Path, seen: Counter[str], url: str | None) -> str:
    """Returns the base URL of the gateway to judge."""
    if url is not None:
        base = check_url(url)
        if base not in seen:
            raise UsageError(f"{source}: nothing is called under {base}; there are {_listed(seen) or 'no calls'}")
        return base
    if not seen:
        raise UsageError(f"{source}: no request is a call of this specification, such as POST …/{SIGNUP}")
    ((most, count),) = seen.most_common(1)
    if count * 10 < seen.total() * 9:
        raise UsageError(f"{source}: several gateways are called; name one with --gateway-url: {_listed(seen)}")
    return most


def _is_served(one: Recorded) -> bool:
    reply = one.row["reply"]
    return reply is not None and 200 <= reply["status"] < 300


def _listed(seen: Iterable[str]) -> str:
    return ", ".join(sorted(brief(base, 200) for base in seen)[:20])


def _is_call(row: Row, config: GatewayConfig) -> bool:
    """Accepts calls, and requests that a run's tests sent on purpose, but not, for example, a browser's preflight
    requests."""
    return bool(row["request"]["method"].upper() == config.method.upper() or row.get("purpose"))


def _binding(config: GatewayConfig, rows: Sequence[Row]) -> Binding:
    """Returns the binding that can read most of the messages."""
    candidates = bindings(config.binding, config.envelope)

    def readable(binding: Binding) -> int:
        exchanges = (exchange_of({**row, "id": "", "operation": "", "message": True}, binding) for row in rows)
        return sum(bool(e.sent and {*e.sent.header} & {*HEADER}) + (e.action_of_reply is not None) for e in exchanges)

    return max(candidates, key=readable)


def _exchanges(chosen: Calls, binding: Binding, specification: Specification) -> Iterator[Exchange]:
    in_fields = isinstance(binding, HttpBinding)
    carried = any(_carries(one) for _, one in chosen)
    mute = all(is_mark(action) for _, one in chosen for action in _actions(one))
    changed = [edited([one.row[part] for _, one in chosen]) for part in ("request", "reply")]
    owners: dict[str, str] = {}
    for number, (action, one) in enumerate(chosen, 1):
        asked, told = (not one.ours and number - 1 in places for places in changed)
        whole = {"message": not one.row.get("purpose"), **one.row, "id": f"x{number}", "operation": action}
        hidden = one.headless or mute or any(map(is_mark, _actions(one)))
        if in_fields and hidden and not one.ours and one.row["reply"]:
            whole |= {"reply": None, "trouble": "limit: the recording does not hold the header of the reply"}
        elif asked or told:
            whole |= {"reply": None, "trouble": EDITED}
        exchange = exchange_of(whole, binding)
        if (made := registration_of(exchange)) is not None:
            owners[made.id] = made.token
        if one.ours:
            yield exchange
        elif asked or _is_odd(exchange, specification) or (in_fields and carried and not _carries(one)):
            # Only tests that know what they send can judge the reply to a request that is no plain message.
            odd = {"message": False, "purpose": ODD, "tags": ["no plain message"], "about": _about(exchange, owners)}
            yield exchange_of({**whole, **odd}, binding)
        elif len(exchange.request.content) > LARGEST_CALL and exchange.action_of_reply is None:
            yield exchange_of({**whole, "purpose": LARGE}, binding)
        else:
            yield exchange


def _about(exchange: Exchange, owners: Mapping[str, str]) -> str:
    """Returns the registration that such a request may have changed: its id is in the request, or else its token."""
    fields = {name.casefold(): value for name, value in exchange.request.headers}
    text, sent = exchange.request.content, fields.get("token", "")
    named = (id_ for id_ in owners if id_.encode("utf-8", "replace") in text)
    called = (id_ for id_, token in owners.items() if token == sent and not is_mark(sent))
    return next(named, "") or next(called, "")


def _carries(one: Recorded) -> bool:
    """Reports if any header member is among the HTTP header fields of a request."""
    return not {name.casefold() for name in HEADER}.isdisjoint(
        name.casefold() for name, _ in one.row["request"]["headers"]
    )


def _actions(one: Recorded) -> list[str]:
    """Lists the values of the header fields of a reply that hold its action, or a mark in the place of it."""
    fields = (one.row["reply"] or {}).get("headers", ())
    return [value for name, value in fields if name.casefold() == "action" and value]


def _is_odd(exchange: Exchange, specification: Specification) -> bool:
    """Reports if a request is no message, if readers can differ about it (duplicate names, or a media type other than
    JSON), or if it was acknowledged with none of its members on record, unless Content-Length confirms that."""
    if exchange.sent is None:
        return True
    body = exchange.sent.body
    named = isinstance(body, dict) and not body.keys().isdisjoint(specification.names("", exchange.action))
    if exchange.acknowledged and not named and not is_whole(exchange.request):
        return True
    names = [name.casefold() for name, _ in exchange.request.headers]
    kind = next((v for k, v in exchange.request.headers if k.casefold() == "content-type"), "").partition(";")[0]
    if any(names.count(name.casefold()) > 1 for name in HEADER) or not kind.strip().casefold().endswith("json"):
        return True
    try:
        reading.json_value(exchange.request.content)
    except ValueError:
        return True
    return False


def _unheld(exchanges: Sequence[Exchange]) -> list[str]:
    """Lists header members of requests, and members of replies, that are not on record as they were sent."""
    sent = [(exchange.action, exchange.sent.header) for exchange in exchanges if exchange.sent is not None]
    absent = []
    if not any(header.get("Action") == action for action, header in sent) or _is_often_missing("Action", sent):
        absent.append("Action")
    if all(started(header.get("Timestamp")) is None for _, header in sent) or _is_often_missing("Timestamp", sent):
        absent.append("Timestamp")
    if not tokens_are_evidence(exchanges) or _is_often_missing("Token", [one for one in sent if one[0] != SIGNUP]):
        absent.append("Token")
    if tokens_are_missing(exchanges):
        absent.append("auth")
    answered = [(exchange.reply, exchange.received) for exchange in exchanges if exchange.reply and exchange.received]
    if len({exchange.action for exchange in exchanges if exchange.received}) > 1:
        if not any(str(received.header.get("message", "")).strip() for _, received in answered):
            absent.append("message")
        if not any(reply.header("content-type") for reply, _ in answered):
            absent.append("Content-Type")
    return absent


def _is_often_missing(name: str, sent: Sequence[tuple[str, Mapping[str, str]]]) -> bool:
    """Reports if so many requests lack a header member that a part of the recording may have lost it."""
    missing = sum(not header.get(name) for _, header in sent)
    return missing >= OFTEN and missing * 3 >= len(sent)


def _notes(chosen: Sequence[Recorded], unheld: Sequence[str]) -> Iterator[str]:
    """Lists shortcomings of a recording, with what is not judged because of them."""
    for part in ("requests", "replies"):
        if names := [name for name in unheld if (name in HEADER) is (part == "requests")]:
            yield f"nothing is judged by {' and '.join(names)} of {part}: the recording does not hold what was sent"
    moments = [one.moment for one in chosen]
    unknown = sum(moment.start is None for moment in moments)
    if unknown:
        which = "no call has" if unknown == len(moments) else f"{unknown} calls have not"
        yield f"{which} a time that can be read: what depends on whether they overlapped with others is not judged"
    if unknown < len(moments) and (size := tick(moments)) >= FINE and len(moments) > 1:
        yield (
            f"times are told to {size:g} s: calls that are no further apart are taken for simultaneous, and answers "
            "for that much slower"
        )
    for note, times in Counter(note for one in chosen for note in one.notes).most_common(MOST_NOTES):
        yield f"{note} ({times} times)" if times > 1 else note


def _probe(binding: Binding, exchanges: Sequence[Exchange], unheld: Sequence[str], notes: Sequence[str]) -> Probe:
    """Returns what the probe of a run would have found."""
    return Probe(
        probe=(),
        binding=binding,
        served=sorted({e.action for e in exchanges if e.action_of_reply is not None}),
        signups_work=any(e.action == SIGNUP and e.acknowledged for e in exchanges),
        serves_fresh=True,
        notes=notes,
        unheld=unheld,
    )


def _secrets(exchanges: Iterable[Exchange]) -> Iterator[str]:
    """Yields tokens and credentials found anywhere."""
    for exchange in exchanges:
        for token in (exchange.token_sent, member(exchange.body_of_reply, "/auth/token")):
            if isinstance(token, str) and token not in ("", SIGNUP_TOKEN, MISSING) and not is_mark(token):
                yield token
        for name, value in exchange.request.headers:
            if name.casefold() in CREDENTIALS:
                yield from of_field(name, value)
        for name, value in parse_qsl(exchange.request.url.partition("?")[2]):
            if SENSITIVE.search(name):
                yield value


def _groups(exchanges: Sequence[Exchange]) -> Iterator[list[Exchange]]:
    """Groups calls that were under way at the same time; they are judged together."""
    group: list[Exchange] = []
    until = 0.0
    for exchange in exchanges:
        if group and exchange.started >= until:
            yield group
            group = []
        group.append(exchange)
        until = max(until, exchange.ended)
    if group:
        yield group
