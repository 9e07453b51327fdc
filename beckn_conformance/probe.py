"""The first calls of a run: which binding the gateway speaks, and whom it serves. They are judged by nobody."""

from __future__ import annotations

from dataclasses import dataclass

from .actor import GET, SIGNUP, Actor, Verifier, describe, registration_of
from .binding import Binding, EnvelopeBinding, bindings
from .checks import blamed
from .config import GatewayConfig
from .errors import Unmet, Unreachable
from .exchange import Exchange, brief
from .gateway import Gateway
from .specification import Specification
from .values import Values


@dataclass(frozen=True, slots=True)
class Probed:
    """What the first calls showed."""

    binding: Binding
    served: frozenset[str]
    """Operations that answered with ACK or NACK."""
    signups_work: bool
    serves_fresh: bool
    """Whether any call about a registration just made was acknowledged."""
    notes: tuple[str, ...]


async def probe(gateway: Gateway, specification: Specification, values: Values, verifier: Verifier) -> Probed:
    """Finds out how to talk to a gateway; raises Unreachable where nothing answers like one."""
    config = gateway.config
    seen: list[tuple[Binding, Exchange]] = []
    for binding in bindings(config.binding, config.envelope):
        actor = Actor(gateway, binding, specification, values, verifier)
        exchange = await actor.signup()
        seen.append((binding, exchange))
        if exchange.acknowledged:
            break
        if exchange.trouble:
            raise Unreachable(f"tried {_target(config)}: {exchange.trouble}")
    readable = [pair for pair in seen if _speaks(pair[1])]
    if not readable:
        # Where only signups go unanswered, the rest can still be judged.
        for binding in dict.fromkeys(binding for binding, _ in seen):
            actor = Actor(gateway, binding, specification, values, verifier)
            exchange = await actor.call(GET, {"registration": {"id": values.word()}}, token=values.word())
            if _speaks(exchange):
                readable.append((binding, exchange))
                break
    if not readable:
        raise Unreachable(
            f"tried {_target(config)} in the binding {' and '.join(_name(b) for b, _ in seen)}: "
            f"saw {'; '.join(dict.fromkeys(_sight(e) for _, e in seen))}, and nowhere ACK or NACK"
        )
    binding, exchange = next((pair for pair in readable if pair[1].acknowledged), readable[0])
    notes = []
    if config.binding == "auto":
        notes.append(f"the gateway speaks the binding {_name(binding)} (found by a signup in each)")
    actor = Actor(gateway, binding, specification, values, verifier)
    if exchange.action == SIGNUP and exchange.refused and not verifier.has_stock:
        status = exchange.reply.status if exchange.reply else 0
        if config.signup_token is None and (status in (401, 403) or not blamed(exchange)):
            raise Unreachable(
                f"tried {_target(config)}: a valid signup was refused with {describe(exchange)}, blaming no member; "
                "if a token is agreed with providers beforehand, declare it as signup_token"
            )
    served = {exchange.action}
    acknowledged: set[str] = set()
    registration = registration_of(exchange)
    if registration is None and exchange.acknowledged:
        notes.append(f"the first signup brought {describe(exchange)}")
    if registration is not None:
        try:
            info = {**registration.body["info"], **values.info()}
            for call in (
                actor.get(registration),
                actor.update(registration, info),
                actor.add(registration, [values.document()]),
            ):
                later = await call
                if later.action_of_reply is not None:
                    served.add(later.action)
                if later.acknowledged:
                    acknowledged.add(later.action)
        except Unmet as error:
            notes.append(str(error))
    serves_fresh = bool(acknowledged) or registration is None
    if not serves_fresh:
        if verifier.can_verify:
            notes.append("registrations are served only after verification_hook has verified them")
        elif verifier.has_stock:
            notes.append("registrations just made are not served; those declared beforehand are used")
        else:
            notes.append(
                "no call about a registration just made was acknowledged; if a person has to verify it first, declare "
                "verification_hook or registrations"
            )
    return Probed(binding, frozenset(served), exchange.acknowledged, serves_fresh, tuple(notes))


def _speaks(exchange: Exchange) -> bool:
    """Whether a reply has the header of a gateway, whatever it says there."""
    return exchange.received is not None and "action" in exchange.received.header


def _target(config: GatewayConfig) -> str:
    return f"{config.method} {config.url}/Provider/signup"


def _name(binding: Binding) -> str:
    if isinstance(binding, EnvelopeBinding):
        return f"envelope ({binding.header}, {binding.body})"
    return binding.name


def _sight(exchange: Exchange) -> str:
    reply = exchange.reply
    if reply is None:
        return exchange.trouble
    kind = (reply.header("content-type") or "no media type").partition(";")[0]
    where = f" to {brief(reply.header('location') or '')}" if 300 <= reply.status < 400 else ""
    return f"status {reply.status}{where} with {brief(kind, 80)}"
