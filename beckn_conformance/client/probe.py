"""The first calls of a run find the binding that the gateway speaks, and whom it serves. They are not judged."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any

from ..config.gateway import GatewayConfig
from ..errors import Unmet, Unreachable
from ..judging.checks import JSON_MEDIA, blamed, may_be_too_early
from ..judging.origin import is_bare, is_intermediary, signature
from ..messages.binding import Binding, EnvelopeBinding, bindings
from ..messages.exchange import CONTROL, Exchange, TroubleKind
from ..messages.json_text import read_json
from ..messages.registration import registration_of
from ..messages.values import Values
from ..specification.actions import ADD, GET, SIGNUP, UPDATE
from ..specification.specification import Specification
from ..untrusted.text import brief
from . import clock
from .actor import Actor
from .client import Client
from .description import describe
from .poll import poll
from .verification import Verifier


@dataclass(frozen=True, slots=True)
class Shown:
    """The facts that the first calls show, read in the binding that was found."""

    served: frozenset[str]
    """Operations that answered with ACK or NACK."""
    signups_work: bool
    shows_fresh: bool
    """True if any call about a registration just made was acknowledged."""
    serves_fresh: bool
    """True if, besides, not every change of it was refused for no other reason than the registration (R4)."""


@dataclass(frozen=True, slots=True)
class ProbeResult:
    """The outcome of the first calls of a run."""

    binding: Binding
    shown: Shown
    notes: tuple[str, ...]


ANSWER = re.compile(r"""["']action["']\s*:\s*["'](ACK|NACK)["']""", re.IGNORECASE)
"""The action of an envelope, even of one that cannot be parsed."""
MOST_MEMBERS = 50
"""Members of an object that are looked at for a misplaced action."""
STARTING = 5.0
"""Seconds, within patience, for a gateway to start that nobody can connect to, or that a proxy answers for."""
MOST_ATTEMPTS = 10
"""Signups sent within this time, at most, as the pauses between them grow."""


async def probe(gateway: Client, specification: Specification, values: Values, verifier: Verifier) -> ProbeResult:
    """Finds out how to talk to a gateway; raises Unreachable if nothing answers like one."""
    config = gateway.config
    made: list[Exchange] = []

    def play(binding: Binding) -> Actor:
        actor = Actor(gateway, binding, specification, values, verifier)
        actor.exchanges = made
        return actor

    binding, exchange = await _find_binding(config, play, values)
    notes = []
    if config.binding == "auto":
        notes.append(f"the gateway speaks the binding {_name(binding)} (found by a signup in each)")
    if exchange.action == SIGNUP and exchange.refused and not verifier.has_stock:
        _check_refusal(exchange, config)
    registration = registration_of(exchange)
    if registration is not None:
        try:
            actor = play(binding)
            await actor.get(registration)
            await actor.update(registration, {**registration.body["info"], **values.info()})
            await actor.add(registration, [values.document()])
        except Unmet as error:
            notes.append(str(error))
    elif exchange.acknowledged:
        notes.append(f"the first signup got {describe(exchange)}")
    shown = shown_by([_read_again(exchange, binding) for exchange in made])
    if not shown.serves_fresh:
        notes.append(_whom_it_serves(shown, verifier, [one for one in made if not one.acknowledged][-1]))
    return ProbeResult(binding, shown, tuple(notes))


async def _find_binding(
    config: GatewayConfig, play: Callable[[Binding], Actor], values: Values
) -> tuple[Binding, Exchange]:
    """The binding that the gateway speaks, and a call that shows it: the signup, if that was answered."""
    seen: list[tuple[Binding, Exchange]] = []
    until = clock.now() + min(STARTING, config.patience)
    for binding in bindings(config.binding, config.envelope):
        exchange = await _sign_up(play(binding), until)
        seen.append((binding, exchange))
        if seen[-1][1].acknowledged:
            break
        if trouble := seen[-1][1].trouble:
            raise Unreachable(f"tried {_target(config)}: {trouble}")
    readable = [pair for pair in seen if _speaks(pair[1])]
    if not readable:
        # If only signups go unanswered, the rest can still be judged.
        for binding, _ in seen:
            body = {"registration": {"id": values.realistic.word()}}
            exchange = await play(binding).call(GET, body, token=values.realistic.word())
            if _speaks(exchange):
                readable.append((binding, exchange))
                break
    if not readable:
        # Replies that are meant to be JSON and are not can be judged for that.
        readable = [pair for pair in seen if _garbles(*pair)]
    acknowledged = next((pair for pair in readable if pair[1].acknowledged), None)
    if not readable or (acknowledged is None and any(_elsewhere(exchange, "ACK") for _, exchange in seen)):
        raise Unreachable(
            f"tried {_target(config)} in the binding {' and '.join(_name(b) for b, _ in seen)}: "
            f"saw {'; '.join(dict.fromkeys(_what_came(e) for _, e in seen))}, and {_advice([e for _, e in seen])}"
        )
    return acknowledged or readable[0]


async def _sign_up(actor: Actor, until: float) -> Exchange:
    """The answer to a signup, made again with other data while the gateway may still be starting."""

    async def ask() -> Exchange:
        return await actor.call(SIGNUP, actor.values.signup())

    signup = await poll(ask, lambda one, began: not _is_starting(one) or began >= until, until=lambda: until)
    if is_bare(signup) and not is_intermediary(signup) and signup.reply is not None and signup.reply.status >= 500:
        # It may pass, and another binding would be taken for the gateway's.
        return await actor.signup()
    return signup


def _is_starting(signup: Exchange) -> bool:
    """Returns True if there is no server, or if something in front of it found none."""
    refused = signup.trouble is not None and signup.trouble.kind in (TroubleKind.CONNECTION, TroubleKind.NO_CONNECTION)
    return refused or (is_bare(signup) and is_intermediary(signup))


def _elsewhere(exchange: Exchange, *words: str) -> str:
    """The place of ACK or NACK in a reply whose binding has no action, or an empty text."""
    if exchange.reply is None or exchange.received is None or _speaks(exchange):
        return ""
    for name, value in exchange.reply.headers:
        if value in words:
            return f"{value} in the field {brief(name, 40)}"
    body, _, _ = read_json(exchange.reply.content)
    outer = list(body.items())[:MOST_MEMBERS] if isinstance(body, dict) else []
    inner = [(f"{k}/{name}", v) for k, o in outer if isinstance(o, dict) for name, v in list(o.items())[:MOST_MEMBERS]]
    found = (f"{value} at /{brief(name, 80)}" for name, value in (*outer, *inner) if value in words)
    return next(found, "")


def _advice(exchanges: Sequence[Exchange]) -> str:
    """Says what is missing in replies that no binding can read, and what may help."""
    if any(_elsewhere(exchange, "ACK", "NACK") for exchange in exchanges):
        return (
            "no action where the binding of the request has it: in the field action of HTTP, or as action in the "
            "header of an envelope; if the envelope has other names, declare envelope"
        )
    if any(exchange.reply is not None and 300 <= exchange.reply.status < 400 for exchange in exchanges):
        return (
            "nowhere ACK or NACK; redirects are not followed, so give the URL under which the gateway itself serves "
            f"/{SIGNUP}, without a slash at its end"
        )
    if all(exchange.reply is not None and exchange.reply.status == 404 for exchange in exchanges):
        return f"nowhere ACK or NACK; give the URL that /{SIGNUP} is added to, without any operation at its end"
    if all(map(_is_starting, exchanges)):
        return "nowhere ACK or NACK; something in front of the gateway answers for it, as while it does not run"
    return (
        "nowhere ACK or NACK; if something in front of it asks for a key or a certificate, declare headers or "
        "tls.client_cert"
    )


def _check_refusal(signup: Exchange, config: GatewayConfig) -> None:
    """Raises Unreachable if a valid signup is refused as one of a provider whom the gateway does not know."""
    status = signup.reply.status if signup.reply else 0
    path = f"if nothing is served under that path, give the URL that /{SIGNUP} is added to; " if status == 404 else ""
    if config.signup_token is None and (status in (401, 403) or not blamed(signup)):
        raise Unreachable(
            f"tried {_target(config)}: a valid signup was refused with {describe(signup)}, blaming no member; "
            f"{path}if a token is agreed with providers beforehand, declare it as signup_token; if the time is wrong, "
            "compare the clocks, or declare timestamp_zone; if it says that Action, Token or Timestamp is missing, a "
            f"proxy may drop fields it does not know{_other_binding(config)}"
        )


def _whom_it_serves(shown: Shown, verifier: Verifier, last: Exchange) -> str:
    """A note on a gateway that does not serve registrations just made."""
    if verifier.can_verify:
        return "registrations are served only after verification_hook has verified them"
    if verifier.has_stock:
        return "registrations just made are not served; those declared beforehand are used"
    return (
        f"no {'change of' if shown.shows_fresh else 'call about'} a registration just made was acknowledged, the last "
        f"one with {describe(last)}; if a person has to verify it first, declare verification_hook or registrations; "
        "if it is seen later, a longer settle; if it says that a field is missing, a proxy may drop those it does not "
        "know"
    )


def shown_by(exchanges: Sequence[Exchange]) -> Shown:
    """Reads the calls of a probe in the order in which they were made."""
    exchanges = [exchange for exchange in exchanges if exchange.purpose != CONTROL]
    signups_work = any(e.acknowledged for e in exchanges if e.action == SIGNUP)
    later = [e for e in exchanges if e.action != SIGNUP] if signups_work else []
    served = {e.action for e in later if e.action_of_reply is not None}
    if signups_work:
        served.add(SIGNUP)
    elif first := next(filter(_speaks, exchanges), None):
        served.add(first.action)
    shows_fresh = not later or any(e.acknowledged for e in later)
    changes = [exchange for exchange in later if exchange.action != GET]
    # Looks that are refused, too, have another reason, such as a second call in one second.
    looks_work = all(exchange.acknowledged for exchange in later if exchange.action == GET)
    refused = {e.action for e in changes} == {UPDATE, ADD} and all(map(_blames_registration_only, changes))
    waits = looks_work and refused
    return Shown(frozenset(served), signups_work, shows_fresh, shows_fresh and not waits)


def _blames_registration_only(exchange: Exchange) -> bool:
    """True for a NACK to a valid change that says no more than that the registration cannot be changed.

    Status 401 says that the token is wrong.
    """
    unauthorised = exchange.reply is not None and exchange.reply.status == 401
    return exchange.refused and may_be_too_early(exchange) and not unauthorised


def begun_by(shown: Shown, config: GatewayConfig) -> dict[str, Any]:
    """The facts that judging starts from, as recorded. A registration may be served once it is verified, or others may
    be declared."""
    return {
        "served": sorted(shown.served),
        "signups_work": shown.signups_work,
        "serves_fresh": shown.serves_fresh or config.verification_hook is not None or bool(config.registrations),
    }


def is_probe(exchanges: Sequence[Exchange], bindings: int) -> bool:
    """Returns True if calls are those of a probe with so many bindings to try, by their number, kind and answers."""
    exchanges = [exchange for exchange in exchanges if exchange.purpose != CONTROL]
    actions = [exchange.action for exchange in exchanges]
    signups = next((place for place, action in enumerate(actions) if action != SIGNUP), len(actions))
    later = actions[signups:]
    # A registration may become visible after it was made.
    if not 1 <= signups <= 2 * bindings + MOST_ATTEMPTS or any(e.acknowledged for e in exchanges[: signups - 1]):
        return False
    if exchanges[signups - 1].acknowledged:
        about = {exchange.id_sent for exchange in exchanges[signups:]}
        # A change that is refused is followed by a look at the status.
        changes = [action for action in later if action != GET]
        return about <= {exchanges[signups - 1].id_received} and changes == sorted(changes, key=(UPDATE, ADD).index)
    return later == [GET] * len(later) and len(later) <= bindings


def _read_again(exchange: Exchange, binding: Binding) -> Exchange:
    """An exchange, read in another binding than it was made in."""
    if exchange.reply is None or exchange.received is None:
        return exchange
    return replace(exchange, received=binding.decode(exchange.reply))


def _speaks(exchange: Exchange) -> bool:
    """Returns True if a reply has the header of a gateway, whatever its value."""
    return exchange.received is not None and "action" in exchange.received.header


def _garbles(binding: Binding, exchange: Exchange) -> bool:
    """Returns True if a reply is an envelope by the gateway itself that cannot be parsed (T8)."""
    reply, received = exchange.reply, exchange.received
    if not isinstance(binding, EnvelopeBinding) or reply is None or received is None or not received.unreadable:
        return False
    text = reply.content.decode("utf-8", "replace")
    named = re.search(rf"""["']{re.escape(binding.header)}["']""", text)
    return JSON_MEDIA.fullmatch(reply.header("content-type") or "") is not None and bool(named and ANSWER.search(text))


def _other_binding(config: GatewayConfig) -> str:
    return "" if config.binding == "envelope" else ", and the envelope binding does without them"


def _target(config: GatewayConfig) -> str:
    return f"{config.method} {config.url}/{SIGNUP}"


def _name(binding: Binding) -> str:
    if isinstance(binding, EnvelopeBinding):
        return f"envelope ({binding.header}, {binding.body})"
    return binding.name


def _what_came(exchange: Exchange) -> str:
    reply = exchange.reply
    if reply is None:
        return str(exchange.trouble)
    kind = (reply.header("content-type") or "no media type").partition(";")[0]
    where = f" to {brief(reply.header('location') or '')}" if 300 <= reply.status < 400 else ""
    who = signature(reply)
    said = _elsewhere(exchange, "ACK", "NACK")
    words = f"status {reply.status}{where} with {brief(kind, 80)}{f' ({who})' if who else ''}"
    return f"{words} and {said}" if said else words
