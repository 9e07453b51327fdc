"""Shell lines and scripts that send what an exchange sent once more, with registrations of their own."""

from __future__ import annotations

import re
import shlex
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from .binding import Binding, EnvelopeBinding
from .config import SIGNUP_TOKEN, GatewayConfig
from .exchange import MISSING, Exchange, member, printable

CIN = re.compile(r"([LU])\d{5}([A-Z]{2}\d{4}[A-Z]{3})\d{6}")
MARK = re.compile("\x02(.*?)\x03")
LONGEST = 60
"""Calls of a history that are told one by one."""


@dataclass(frozen=True, slots=True)
class Told:
    """How a finding can be seen again."""

    curl: str
    """One line for a POSIX shell."""
    steps: tuple[str, ...] = ()
    """What happened, call by call, where it takes a history to see it."""
    script: str = ""
    """The same as a shell script."""


def tell(
    exchange: Exchange,
    before: Sequence[Exchange],
    binding: Binding,
    config: GatewayConfig,
    *,
    history: bool = False,
    title: str = "",
    describe: Callable[[Exchange], str] = lambda exchange: exchange.action,
) -> Told:
    """How to see again what an exchange shows; ``before`` is what its test had exchanged until then.

    The line and the script need curl and python3. They make the registrations they need first, take ids and tokens
    from the replies, the time from ``date`` and company ids that were not used before; a secret of the configuration
    stands in an environment variable. With ``history`` every call counts, not only the changes to the registration.
    """
    needed = list(before) if history and len(before) <= LONGEST else _needed(exchange, before)
    parts = _parts(exchange, needed, binding, config)
    line = "; ".join(text for step in parts for text in step)
    if not history or len(needed) < 2:
        return Told(line)
    names = _letters([*needed, exchange])
    steps = tuple(
        f"{number}. {describe(step)}{_about(step, names)}: {_answer(step, names)}{_beside(number, step, needed)}"
        for number, step in enumerate((*needed, exchange), 1)
    )
    script = [f"#!/bin/sh\n# {printable(title)}\n# Needs curl and python3.", *parts[0]]
    for text, commands in zip(steps, parts[1:], strict=True):
        script.append(f"\n# {printable(text)}\necho; echo {shlex.quote(printable(text))}")
        script += [command.removesuffix(" >/dev/null") for command in commands]
        if kept := re.match(r"R\d+(?==)", commands[0]):
            script.append(f'printf "%s\\n" "${kept[0]}"')
    return Told(line, steps, "\n".join(script) + "\n")


def _parts(exchange: Exchange, needed: Sequence[Exchange], binding: Binding, config: GatewayConfig) -> list[list[str]]:
    """Shell commands: first the variables, then those of each step, those of the exchange last."""
    names: dict[str, str] = {}
    head = [f"U={shlex.quote(config.url)}"]
    if any(step.sent is not None and "company_id" in str(step.sent.body) for step in (*needed, exchange)):
        head.append("N=$(date +%s | tail -c 7)")
    parts = [head]
    for number, step in enumerate(needed, 1):
        line = _call(step, binding, config, names, number)
        if step.action != "Provider/signup" or not step.acknowledged:
            parts.append([f"{line} >/dev/null"])
            continue
        commands = [f"R{number}=$({line})"]
        for variable, pointer in ((f"ID{number}", "/registration/id"), (f"T{number}", "/auth/token")):
            value = member(step.body_of_reply, pointer)
            if value == MISSING or not str(value):
                continue
            names[str(value)] = variable
            keys = ([binding.body] if isinstance(binding, EnvelopeBinding) else []) + pointer.split("/")[1:]
            path = "".join(f"[{key!r}]" for key in keys)
            script = f"import json,sys; print(json.load(sys.stdin){path})".replace("'", '"')
            commands.append(f"{variable}=$(printf %s \"$R{number}\" | python3 -c '{script}')")
        parts.append(commands)
    parts.append([_call(exchange, binding, config, names, len(needed) + 1, show_header=True)])
    return parts


def _letters(steps: Sequence[Exchange]) -> dict[str, str]:
    """A, B, C … for the registrations of a history, by their ids."""
    ids = [
        str(id_)
        for step in steps
        if step.action == "Provider/signup" and step.acknowledged
        if (id_ := member(step.body_of_reply, "/registration/id")) != MISSING
    ]
    return {id_: chr(ord("A") + n) if n < 26 else f"no. {n + 1}" for n, id_ in enumerate(dict.fromkeys(ids))}


def _about(step: Exchange, names: Mapping[str, str]) -> str:
    id_ = member(step.sent.body, "/registration/id") if step.sent is not None else MISSING
    return f" (registration {names[str(id_)]})" if str(id_) in names else ""


def _answer(step: Exchange, names: Mapping[str, str]) -> str:
    if step.action_of_reply is None:
        return step.trouble or f"status {step.reply.status if step.reply else 0} without ACK or NACK"
    made = str(member(step.body_of_reply, "/registration/id"))
    if step.action == "Provider/signup" and made in names:
        return f"{step.action_of_reply}, registration {names[made]}"
    return step.action_of_reply


def _beside(number: int, step: Exchange, needed: Sequence[Exchange]) -> str:
    others = [str(n) for n, other in enumerate(needed[: number - 1], 1) if other.ended > step.started]
    return f" [sent before the answer to {', '.join(others)}]" if others else ""


def _needed(exchange: Exchange, before: Sequence[Exchange]) -> list[Exchange]:
    """The acknowledged signups whose ids or tokens an exchange uses, and the changes to those registrations."""
    text = exchange.request.content.decode("utf-8", "replace") + str(exchange.request.headers)
    signups = {}
    for step in before:
        id_, token = (member(step.body_of_reply, pointer) for pointer in ("/registration/id", "/auth/token"))
        used = str(id_) in text or (token != MISSING and str(token) in text)
        if step.action == "Provider/signup" and step.acknowledged and id_ != MISSING and used:
            signups[step.id] = str(id_)
    ids = set(signups.values())
    return [
        step
        for step in before
        if step.id in signups
        or (
            step.action in ("Provider/info/update", "Provider/documents/add")
            and step.sent is not None
            and str(member(step.sent.body, "/registration/id")) in ids
        )
    ]


def _call(
    exchange: Exchange,
    binding: Binding,
    config: GatewayConfig,
    names: dict[str, str],
    number: int,
    *,
    show_header: bool = False,
) -> str:
    timestamp = "date -u +%Y-%m-%dT%H:%M:%S"
    if config.timestamp_zone != "UTC":
        timestamp = f"TZ={config.timestamp_zone} date +%Y-%m-%dT%H:%M:%S"
    sent = exchange.sent
    now = "" if sent is None else sent.header.get("Timestamp", "")
    if not re.fullmatch(r"\d{4}-(0\d|1[0-2])-\d\dT\d\d:\d\d:\d\d", now) or "-02-30" in now:
        now = ""

    def live(text: str) -> str:
        for value, variable in sorted(names.items(), key=lambda pair: -len(pair[0])):
            text = text.replace(value, f"\x02${variable}\x03")
        if now:
            text = text.replace(now, f"\x02$({timestamp})\x03")
        if config.signup_token and config.signup_token != SIGNUP_TOKEN:
            text = text.replace(config.signup_token, "\x02$SIGNUP_TOKEN\x03")
        for name, value in config.headers.items():
            if len(value) >= 4:
                text = text.replace(value, f"\x02${re.sub(r'[^A-Z0-9]', '_', name.upper())}\x03")
        if config.company_id is None:
            text = CIN.sub(lambda m: f"{m[1]}{number:05d}{m[2]}\x02$N\x03", text)
        return text

    words = ["curl", "-sS"]
    if show_header:
        words.append("-i")
    words += ["-X", exchange.request.method, f'"$U/{exchange.action}"']
    for name, value in exchange.request.headers:
        words += ["-H", _quoted(f"{name}: {live(value)}" if value else f"{name};")]
    content = exchange.request.content.decode("utf-8", "backslashreplace")
    words += ["--data-binary", _quoted(live(content))]
    return " ".join(words)


def _quoted(text: str) -> str:
    """A shell word in which marked parts are expanded and the rest is literal."""
    out = ""
    position = 0
    for mark in MARK.finditer(text):
        literal = text[position : mark.start()]
        out += (shlex.quote(literal) if literal else "") + f'"{mark[1]}"'
        position = mark.end()
    rest = text[position:]
    return out + (shlex.quote(rest) if rest or not out else "")


def replay(node_id: str, url: str) -> str:
    """The command that runs the one test again that found something."""
    return f"pytest --pyargs {shlex.quote(node_id)} --gateway-url {shlex.quote(url)}"
