"""Traffic that others have recorded, made a record that can be judged as that of a run."""

from __future__ import annotations

import datetime
import json
import uuid
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from .binding import HEADER, Binding, bindings, to_json
from .config import SIGNUP_TOKEN, GatewayConfig, load_config
from .errors import UsageError
from .exchange import MISSING, Exchange, member
from .journal import Journal, prepare
from .masking import Masker
from .record import Row, exchange_of
from .report import har
from .run import Run
from .specification import Specification

CREDENTIALS = ("authorization", "cookie", "proxy-authorization", "x-api-key")
"""Header fields of a request whose value is a secret."""
ODD = "unusual"


def read(source: Path) -> list[Row]:
    """The rows of a HAR or of a record of this kit; raises UsageError for anything else."""
    if source.suffix != ".jsonl":
        return list(har.read(source))
    try:
        return [json.loads(line) for line in source.read_bytes().splitlines()]
    except OSError as error:
        raise UsageError(f"{source} cannot be read: {error.strerror}") from error
    except (ValueError, RecursionError) as error:
        raise UsageError(f"{source} is no record: {error}") from error


def record(
    source: Path, folder: Path, specification: Specification, *, url: str | None, file: Path | None, strict: bool
) -> None:
    """Writes the calls of a recording into a report folder, as if they were those of a run.

    ``url`` says which gateway is judged where there are calls of several. Raises UsageError for a file that holds no
    calls, or those of several gateways.
    """
    rows = read(source)
    called = [(_called(row["request"]["url"], specification), row) for row in rows]
    calls = [(*found, row) for found, row in called if found is not None]
    base = _gateway(source, Counter(base for base, _, row in calls if not row.get("peer")), url)
    config = load_config(base, file, specification, {})
    of = {base: "", **{peer: peer for peer in config.peers}}
    chosen = [(action, {**row, "peer": of[one]}) for one, action, row in calls if one in of and _is_call(row, config)]
    if not chosen:
        raise UsageError(f"{source}: no {config.method} is made to any operation under {base}")
    binding = _binding(config, [row for _, row in chosen])
    exchanges = sorted(_exchanges(chosen, binding), key=lambda exchange: exchange.started)
    masker = Masker([*config.secrets, *_secrets(exchanges)])
    started = datetime.datetime.fromtimestamp(exchanges[0].started, datetime.UTC)
    run = Run(specification, config, uuid.uuid4().hex[:12], 0, started, strict=strict, recorded=True)
    notes = [f"judged from {len(exchanges)} recorded calls; others may have been made that are not on record"]
    if len(rows) > len(exchanges):
        notes.append(f"{len(rows) - len(exchanges)} recorded requests are no calls of this specification to {base}")
    prepare(folder)
    journal = Journal(folder, masker, secret_fields=[*config.headers, *CREDENTIALS], private=config.mask)
    try:
        journal.tell("run", **run.to_json(masker))
        journal.tell("begun", probe=[], **_begun(binding, exchanges), notes=notes)
        for exchange in exchanges:
            journal.write(exchange)
        for group in _groups(exchanges):
            journal.tell("judged", test=source.name, exchanges=[exchange.id for exchange in group], unmet="")
        journal.tell("closed", notes=[], unreachable="", exchanges=len(exchanges), unjudged=[])
        seconds = max(exchange.ended for exchange in exchanges) - exchanges[0].started
        journal.end(narrowed=True, seconds=seconds)
    finally:
        journal.close()


def _called(url: str, specification: Specification) -> tuple[str, str] | None:
    """The gateway and the operation that a URL is of; None for any other URL."""
    plain = url.partition("#")[0].partition("?")[0]
    for operation in specification.operations:
        base = plain.removesuffix(f"/{operation.action}")
        if base != plain and urlsplit(base).scheme in ("http", "https"):
            return base, operation.action
    return None


def _gateway(source: Path, seen: Counter[str], url: str | None) -> str:
    """The one gateway that is judged."""
    if url is not None:
        if url.rstrip("/") not in seen:
            raise UsageError(f"{source}: nothing is called under {url}; there are {', '.join(seen) or 'no calls'}")
        return url.rstrip("/")
    if not seen:
        raise UsageError(f"{source}: no request is a call of this specification, such as POST …/Provider/signup")
    if len(seen) > 1:
        raise UsageError(
            f"{source}: several gateways are called; name one with --gateway-url: {', '.join(sorted(seen))}"
        )
    return next(iter(seen))


def _is_call(row: Row, config: GatewayConfig) -> bool:
    """Whether a request is a call and not, say, what a browser asks before one, or one that tests sent on purpose."""
    return bool(row["request"]["method"].upper() == config.method.upper() or row.get("purpose"))


def _binding(config: GatewayConfig, rows: Sequence[Row]) -> Binding:
    """The binding in which most of the messages can be read."""
    candidates = bindings(config.binding, config.envelope)

    def readable(binding: Binding) -> int:
        exchanges = (exchange_of({**row, "id": "", "operation": "", "message": True}, binding) for row in rows)
        return sum(bool(e.sent and {*e.sent.header} & {*HEADER}) + (e.action_of_reply is not None) for e in exchanges)

    return max(candidates, key=readable)


def _exchanges(chosen: Iterable[tuple[str, Row]], binding: Binding) -> Iterator[Exchange]:
    for number, (action, row) in enumerate(chosen, 1):
        whole = {"message": not row.get("purpose"), **row, "id": f"x{number}", "operation": action}
        exchange = exchange_of(whole, binding)
        if "message" in row:
            yield exchange
        elif exchange.sent is None or _is_odd(exchange):
            # How a gateway takes what is no plain message is for tests to find out that know what they send.
            yield exchange_of({**whole, "message": False, "purpose": ODD, "tags": ["no plain message"]}, binding)
        else:
            yield exchange


def _is_odd(exchange: Exchange) -> bool:
    """Whether readers can differ on what a request says: names given twice, or a media type that is not JSON's."""
    names = [name.casefold() for name, _ in exchange.request.headers]
    kind = next((v for k, v in exchange.request.headers if k.casefold() == "content-type"), "").partition(";")[0]
    if any(names.count(name.casefold()) > 1 for name in HEADER) or not kind.strip().casefold().endswith("json"):
        return True
    try:
        json.loads(exchange.request.content, object_pairs_hook=_without_repetition)
    except ValueError:
        return True
    return False


def _without_repetition(pairs: Sequence[tuple[str, Any]]) -> Mapping[str, Any]:
    found = dict(pairs)
    if len(found) < len(pairs):
        raise ValueError("a name is given twice")
    return found


def _begun(binding: Binding, exchanges: Sequence[Exchange]) -> dict[str, Any]:
    """What a probe would have found out before a run."""
    return {
        "binding": to_json(binding),
        "served": sorted({e.action for e in exchanges if e.action_of_reply is not None}),
        "signups_work": any(e.action == "Provider/signup" and e.acknowledged for e in exchanges),
        "serves_fresh": True,
    }


def _secrets(exchanges: Iterable[Exchange]) -> Iterator[str]:
    """Tokens and credentials that are seen anywhere."""
    for exchange in exchanges:
        sent = exchange.sent.header.get("Token") if exchange.sent is not None else None
        for token in (sent, member(exchange.body_of_reply, "/auth/token")):
            if isinstance(token, str) and token not in ("", SIGNUP_TOKEN, MISSING):
                yield token
        yield from (value for name, value in exchange.request.headers if name.casefold() in CREDENTIALS)


def _groups(exchanges: Sequence[Exchange]) -> Iterator[list[Exchange]]:
    """Calls that were under way at the same time are judged together."""
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
