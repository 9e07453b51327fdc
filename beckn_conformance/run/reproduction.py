"""Shell lines and scripts that show a finding again, made from the record of its scenario."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from ..config.gateway import GatewayConfig
from ..config.urls import check_url
from ..errors import UsageError
from ..messages.binding import Binding
from ..messages.exchange import Exchange, Role
from ..messages.registration import registration_of
from ..messages.shell import NOTHING, Command, command, word
from ..record.journal import SHORT
from ..record.rows import TOO_LONG
from ..specification.actions import GET, SIGNUP
from ..untrusted.text import printable
from .curl import Substitutions, in_json, send

PACKAGE = Path(__file__).parents[1]
SUITE = f"{PACKAGE.name}.suite"
LONGEST_LINE = 500
"""Characters of a line that a report shows; a longer one becomes a script."""
WIDTH, LAST_WIDTH = 1000, 20_000
"""Characters that a script prints of each line of a reply, and of the last one, which shows the finding."""
TAMED = r" | LC_ALL=C tr '\1-\10\13\14\16-\37\177' '[?*]'"
"""Shows control characters of a reply as question marks, because a terminal would obey them."""
HEADINGS = "Each heading says what the run sent and what it got back. The answer below it is today's."
"""Printed by a script first, as a gateway that was mended since answers otherwise."""
LONGEST_HISTORY = 60
"""Calls of a history that are listed one by one."""


@dataclass(frozen=True, slots=True)
class Reproduction:
    """The ways in which a finding can be seen again."""

    curl: Command
    """One line for a POSIX shell; empty if no shell command can send the same."""
    steps: tuple[str, ...] = ()
    """What happened, call by call, if it takes more than a registration and a call, or is a history."""
    script: Command = NOTHING
    """The same as a shell script."""


def tell(
    exchange: Exchange,
    exchanges: Sequence[Exchange],
    binding: Binding,
    config: GatewayConfig,
    *,
    history: bool = False,
    title: str = "",
    expected: str = "",
    describe: Callable[[Exchange], str] = lambda exchange: exchange.action,
    sendable: bool = True,
) -> Reproduction:
    """Returns the commands that show again what one of the exchanges of a scenario shows.

    The line and the script need curl and python3. They first make the registrations they need, take ids and tokens
    from the replies, the time from ``date`` and company ids that were not used before; a secret of the configuration
    stands in an environment variable. With ``history``, every call counts and not only changes to the registration,
    and calls that overlapped are sent so again. Both end by printing what is ``expected``. All texts come from a
    record, in which secrets are masked. Unless the calls are ``sendable``, there are no commands.
    """
    chosen = [*needed(exchange, exchanges, history=history), exchange]
    names = _letters(chosen)
    captions = tuple(
        printable(f"{number}. {describe(step)}{_about(step, names)}: {_answer(step, names)}")
        + _when(number, step, chosen)
        for number, step in enumerate(chosen, 1)
    )
    steps = captions if len(chosen) > (1 if history else 2) else ()
    if not sendable:
        return Reproduction(NOTHING, steps)
    try:
        substitutions = Substitutions(binding, config)
        variables, calls = _commands(chosen, substitutions, history=history)
    except ValueError:
        return Reproduction(NOTHING, steps)
    told = word(*substitutions.of(exchange)(printable(expected)))
    ending = [command(["printf", "\\nexpected: %s\\n"]) + f" {told}"] if expected else []
    line = Command(_line([*variables, *(part for call in calls for part in call.commands(shown=False)), *ending]))
    if not steps and len(line) <= LONGEST_LINE:
        return Reproduction(line, steps)
    return Reproduction(line, steps, Command(_script(printable(title), captions, variables, calls, ending)))


@dataclass(slots=True)
class _Call:
    """A call as shell commands."""

    send: str
    last: bool
    pause: str = ""
    """Command that waits before the call."""
    reply: str = ""
    """Variable for the reply, if something is taken from it."""
    taken: tuple[str, ...] = ()
    beside: bool = False
    """True if the next call is made before this one is answered."""
    waits: bool = False
    """True if all calls in the background are waited for after this one."""

    def commands(self, *, shown: bool) -> Iterator[str]:
        """Yields the commands; unless all are ``shown``, only the last call prints its reply."""
        cut = f"{TAMED} | cut -c 1-{LAST_WIDTH if self.last else WIDTH}"
        if self.pause:
            yield self.pause
        if self.reply:
            yield f"{self.reply}=$({self.send})"
            yield from self.taken
        else:
            printed = cut if shown else TAMED if self.last else " >/dev/null"
            yield self.send + printed + (" &" if self.beside else "")
        if self.waits:
            yield "wait"
        if self.reply and shown:
            yield f'printf "%s\\n" "${self.reply}"{cut}'


def _line(commands: Sequence[str]) -> str:
    return "".join(part + (" " if part.endswith(" &") else "; ") for part in commands[:-1]) + commands[-1]


def _script(
    title: str, steps: Sequence[str], variables: Sequence[str], calls: Sequence[_Call], ending: Sequence[str]
) -> str:
    # The gateway may have moved; what a failed call leaves unset helps nobody.
    base, *others = variables
    lines = [f"#!/bin/sh\n# {title}\n# Needs curl and python3.\nset -e", f'[ -n "${{U-}}" ] || {base}', *others]
    lines.append(command(["printf", "%s\\n", HEADINGS]))
    for text, call in zip(steps, calls, strict=True):
        lines += [f"\n# {text}", command(["printf", "\\n%s\\n", text]), *call.commands(shown=True)]
    return "\n".join([*lines, *ending]) + "\n"


def _commands(
    steps: Sequence[Exchange], substitutions: Substitutions, *, history: bool
) -> tuple[list[str], list[_Call]]:
    """The variables that are set first, and the calls. Raises ValueError for what no shell command can send."""
    if any(step.trouble == TOO_LONG and len(step.request.content) >= SHORT for step in steps):
        raise ValueError("of a request only the beginning is on record")
    config = substitutions.config
    variables = [f"U={word(_base(config.url))}"]
    peer = steps[-1].peer
    if peer:
        variables.append(f"U2={word(_base(peer))}")
    calls = []
    answered = steps[0].ended
    for number, step in enumerate(steps, 1):
        last = number == len(steps)
        call = _Call(send(step, substitutions, with_head=last), last)
        if history and step.started - answered >= config.settle:
            # A read that comes sooner may show what was there before (R19).
            call.pause = f"sleep {config.settle:g}"
        answered = max(answered, step.ended)
        if not last and step.action == SIGNUP:
            made = substitutions.learn(step, number)
            call.taken = tuple(substitutions.take(made, number)) if made else ()
            call.reply = f"R{number}" if made else ""
        calls.append(call)
    _send_abreast(steps, calls)
    if peer:
        calls[-1].pause = f"sleep {config.clone_within or 0:g}"
    if substitutions.need_serial:
        variables.append("N=$(date +%s | tail -c 7)")
    if substitutions.need_letters:
        variables.append("W=$(date +%s | tail -c 6 | tr 0-9 a-j)")
    return variables, calls


def _base(url: str) -> str:
    try:
        return check_url(url)
    except UsageError as error:
        raise ValueError(str(error)) from error


def _send_abreast(steps: Sequence[Exchange], calls: Sequence[_Call]) -> None:
    """Marks calls that a shell does not wait for, since they overlapped the next one. Signups are waited for."""
    waiting = False
    for number, (step, call) in enumerate(zip(steps, calls, strict=True)):
        following = steps[number + 1] if number + 1 < len(steps) else None
        call.beside = step.action != SIGNUP and following is not None and step.overlaps(following)
        call.waits = waiting and not call.beside
        waiting = call.beside


def _letters(steps: Sequence[Exchange]) -> dict[str, str]:
    """Letters for the registrations of a history, by their ids."""
    ids = [
        step.id_received
        for step in steps
        if step.action == SIGNUP and step.acknowledged and step.id_received is not None
    ]
    return {id_: chr(ord("A") + n) if n < 26 else f"no. {n + 1}" for n, id_ in enumerate(dict.fromkeys(ids))}


def _about(step: Exchange, names: Mapping[str, str]) -> str:
    name = names.get(step.id_sent or "")
    return f" (registration {name})" if name else ""


def _answer(step: Exchange, names: Mapping[str, str]) -> str:
    if step.action_of_reply is None:
        return (
            str(step.trouble)
            if step.trouble
            else f"status {step.reply.status if step.reply else 0} without ACK or NACK"
        )
    name = names.get(step.id_received or "")
    if step.action == SIGNUP and name:
        return f"{step.action_of_reply}, registration {name}"
    return step.action_of_reply


def _when(number: int, step: Exchange, needed: Sequence[Exchange]) -> str:
    """When a step was sent, after the first one, and which answers were still to come."""
    if len(needed) == 1:
        return ""
    others = [str(n) for n, other in enumerate(needed[: number - 1], 1) if other.ended > step.started]
    beside = f", sent before the answer to {', '.join(others)}" if others else ""
    return f" [at {step.started - needed[0].started:.2f} s{beside}]"


def needed(exchange: Exchange, exchanges: Sequence[Exchange], *, history: bool) -> list[Exchange]:
    """The exchanges that have to be sent with one so that it shows the same again, those that overlapped it last.

    For a history, these are all of them, unless they are too many, but not the reads that only waited.
    """
    # Asking other gateways changes nothing (X1).
    before = [other for other in exchanges if other.ended <= exchange.started and not other.peer]
    if not history:
        return _needed(exchange, before)
    abreast = [other for other in exchanges if exchange.overlaps(other) and not other.peer]
    if len(abreast) > LONGEST_HISTORY:
        abreast = [other for other in abreast if other.id_sent and other.id_sent == exchange.id_sent]
    chosen = before if len(before) <= LONGEST_HISTORY else _needed(exchange, before)
    following = [*chosen[1:], exchange]
    waited = {step.id for step, later in zip(chosen, following, strict=False) if _is_asked_again(step, later)}
    return [*(step for step in chosen if step.id not in waited), *abreast]


def _is_asked_again(step: Exchange, later: Exchange) -> bool:
    """True for a Provider/get that the next call repeats, with the same reply (R19)."""
    if not (step.action == later.action == GET and step.sent and later.sent and step.reply and later.reply):
        return False
    asked = [(one.body, one.header.get("Token")) for one in (step.sent, later.sent)]
    answers = [(one.status, one.content) for one in (step.reply, later.reply)]
    return asked[0] == asked[1] and answers[0] == answers[1] and step.ended <= later.started


def _needed(exchange: Exchange, before: Sequence[Exchange]) -> list[Exchange]:
    """Earlier exchanges that one depends on: acknowledged signups whose ids or tokens it uses or is given, changes to
    those registrations, and hostile input about them or that the exchange follows."""
    given = {exchange.id_received, exchange.token_received} - {None} if exchange.action == SIGNUP else set()
    text = exchange.request.content.decode("utf-8", "replace") + str(exchange.request.headers)
    signups = {}
    for step in before:
        made = registration_of(step) if step.action == SIGNUP else None
        if made is not None and any(
            name in text or in_json(name) in text or name in given for name in (made.id, made.token)
        ):
            signups[step.id] = made.id
    ids = set(signups.values())
    mark = exchange.stimulus
    survived = mark.kind if mark and mark.role is not Role.INPUT else None
    return [
        step
        for step in before
        if step.id in signups
        or (
            step.purpose
            and (step.about in ids or (step.stimulus and survived in (step.stimulus.kind, step.stimulus.family)))
        )
        or (step.action not in (SIGNUP, GET) and step.id_sent in ids)
    ]


def replay(node_id: str, url: str) -> Command:
    """The command that runs one test again; empty for any other name, by which pytest would run what lies there.

    It works however the kit was installed; pytest itself may not be on the path.
    """
    package, _, name = node_id.partition("::")[0].rpartition(".")
    if package != SUITE or not (PACKAGE / "suite" / f"{name}.py").is_file():
        return NOTHING
    return command(["beckn-conformance", "run", url, "--pyargs", node_id])
