"""Shell lines and scripts that send what an exchange sent once more, with registrations of their own."""

from __future__ import annotations

import base64
import itertools
import re
import shlex
import zlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from .binding import Binding, EnvelopeBinding
from .config import SIGNUP_TOKEN, GatewayConfig
from .exchange import MISSING, Exchange, member, printable

CIN = re.compile(r"([LU])\d{5}([A-Z]{2}\d{4}[A-Z]{3})\d{6}")
MARK = re.compile("\x02(.*?)\x03")
LONGEST_HISTORY = 60
"""Calls of a history that are told one by one."""
PLAIN_TIME = re.compile(r"\d{4}-(0\d|1[0-2])-\d\dT\d\d:\d\d:\d\d")
NOW = re.compile(rb"\nTimestamp: (\S+)")
PEER = "U2"
"""Shell variable of the base URL of another gateway."""
LONGEST = 8 * 1024
"""Bytes of a content that are written out; a shell takes no more than 128 KB as one word."""

INFLATE = "import base64,sys,zlib;sys.stdout.buffer.write(zlib.decompress(base64.b64decode(sys.argv[1])))"
SPEAK = (
    "import socket,ssl,struct,sys,time,urllib.parse;u,z,w,e=sys.argv[1:];u=urllib.parse.urlsplit(u);"
    't=u.scheme=="https";s=socket.create_connection((u.hostname,u.port or (443 if t else 80)),10);'
    "s=ssl.create_default_context().wrap_socket(s,server_hostname=u.hostname) if t else s;"
    "[(s.sendall(sys.stdin.buffer.read(int(n))),time.sleep(float(w))) for n in z.split()];"
    'e=="half-close" and s.shutdown(1);'
    'e=="reset" and (s.setsockopt(1,13,struct.pack("ii",1,0)),s.close(),sys.exit());'
    's.settimeout(2);[sys.stdout.buffer.write(b) for b in iter(lambda:s.recv(65536),b"")]'
)
"""Sends its input in pieces over a connection of its own: URL, sizes of the pieces, seconds between them, ending."""


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
    exchanges: Sequence[Exchange],
    binding: Binding,
    config: GatewayConfig,
    *,
    history: bool = False,
    title: str = "",
    describe: Callable[[Exchange], str] = lambda exchange: exchange.action,
) -> Told:
    """How to see again what one of the exchanges of a test shows.

    The line and the script need curl and python3. They make the registrations they need first, take ids and tokens
    from the replies, the time from ``date`` and company ids that were not used before; a secret of the configuration
    stands in an environment variable. With ``history`` every call counts, not only the changes to the registration,
    and what was under way at the same time is sent so again.
    """
    steps_before = needed(exchange, exchanges, history=history)
    parts = _parts(exchange, steps_before, binding, config)
    line = _line([command for commands in parts for command in commands])
    if not history or len(steps_before) < 2:
        return Told(line)
    names = _letters([*steps_before, exchange])
    steps = tuple(
        f"{number}. {describe(step)}{_about(step, names)}: {_answer(step, names)}{_beside(number, step, steps_before)}"
        for number, step in enumerate((*steps_before, exchange), 1)
    )
    script = [f"#!/bin/sh\n# {printable(title)}\n# Needs curl and python3.", *parts[0]]
    for text, commands in zip(steps, parts[1:], strict=True):
        script.append(f"\n# {printable(text)}\necho; echo {shlex.quote(printable(text))}")
        script += [re.sub(r" >/dev/null( &)?$", r"\1", command) for command in commands]
        if kept := re.match(r"R\d+(?==)", commands[0]):
            script.append(f'printf "%s\\n" "${kept[0]}"')
    return Told(line, steps, "\n".join(script) + "\n")


def _parts(exchange: Exchange, needed: Sequence[Exchange], binding: Binding, config: GatewayConfig) -> list[list[str]]:
    """Shell commands: first the variables, then those of each step, those of the exchange last."""
    names: dict[str, str] = {}
    head = [f"U={shlex.quote(config.url)}"]
    if exchange.peer:
        head.append(f"{PEER}={shlex.quote(exchange.peer)}")
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
    wait = [f"sleep {config.clone_within:g}"] if exchange.peer else []
    parts.append([*wait, _call(exchange, binding, config, names, len(needed) + 1, show_header=True)])
    _send_abreast([*needed, exchange], parts[1:])
    if any("$N" in command for commands in parts for command in commands):
        head.append("N=$(date +%s | tail -c 7)")
    return parts


def _line(commands: Sequence[str]) -> str:
    line = commands[0]
    for before, command in itertools.pairwise(commands):
        line += (" " if before.endswith(" &") else "; ") + command
    return line


def _send_abreast(steps: Sequence[Exchange], parts: list[list[str]]) -> None:
    """Has a shell not wait for a call that was under way together with the next one; what a signup gives is needed."""
    waiting = False
    for number, (step, commands) in enumerate(zip(steps, parts, strict=True)):
        following = steps[number + 1] if number + 1 < len(steps) else None
        together = following is not None and under_way(step, following)
        if step.action != "Provider/signup" and together:
            commands[-1] += " &"
            waiting = True
        elif waiting:
            commands.append("wait")
            waiting = False


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


def needed(exchange: Exchange, exchanges: Sequence[Exchange], *, history: bool) -> list[Exchange]:
    """What of a test has to be sent with an exchange for that to show again what it shows: of a history all that was
    sent before its answer, if that can be told; last what was under way together with it."""
    # How often other gateways were asked is a matter of time, and changes nothing (X1).
    before = [other for other in exchanges if other.ended <= exchange.started and not other.peer]
    if not history:
        return _needed(exchange, before)
    abreast = [other for other in exchanges if under_way(other, exchange) and not other.peer]
    return [*(before if len(before) <= LONGEST_HISTORY else _needed(exchange, before)), *abreast]


def under_way(one: Exchange, other: Exchange) -> bool:
    """Whether two exchanges took place at the same time."""
    return one is not other and one.started < other.ended and other.started < one.ended


def is_plain_time(text: str) -> bool:
    """Whether a text is a time as valid requests give it (H1), for which another may stand."""
    return PLAIN_TIME.fullmatch(text) is not None and "-02-30" not in text


def _needed(exchange: Exchange, before: Sequence[Exchange]) -> list[Exchange]:
    """What goes before an exchange: the acknowledged signups whose ids or tokens it uses, changes to those
    registrations, and what else was sent that names one or comes right before it."""
    text = exchange.request.content.decode("utf-8", "replace") + str(exchange.request.headers)
    signups = {}
    for step in before:
        id_, token = (member(step.body_of_reply, pointer) for pointer in ("/registration/id", "/auth/token"))
        used = str(id_) in text or (token != MISSING and str(token) in text)
        if step.action == "Provider/signup" and step.acknowledged and id_ != MISSING and used:
            signups[step.id] = str(id_)
    ids = set(signups.values())
    odd = {tag.partition("after ")[2] for tag in exchange.tags}
    return [
        step
        for step in before
        if step.id in signups
        or (step.purpose and (step.about in ids or odd & set(step.tags)))
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
    now = dict(exchange.request.headers).get("Timestamp", "") if sent is None else sent.header.get("Timestamp", "")
    if exchange.request.raw is not None and (found := NOW.search(exchange.request.content)):
        now = found[1].decode("latin-1")
    if not is_plain_time(now):
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

    content = exchange.request.content
    if (raw := exchange.request.raw) is not None:
        sizes = " ".join(str(len(piece)) for piece in raw.pieces)
        return (
            f'{_printed(live(content.decode("latin-1")))} | python3 -c {shlex.quote(SPEAK)} "$U" {shlex.quote(sizes)} '
            f"{raw.pause:g} {shlex.quote(raw.ending)} 2>/dev/null"
        )
    words = ["curl", "-sS"]
    if show_header:
        words.append("-i")
    path = exchange.request.url.removeprefix(exchange.peer or config.url)
    base = PEER if exchange.peer else "U"
    where = f'"${base}{path}"' if path == f"/{exchange.action}" else f'--path-as-is "${base}"{shlex.quote(path)}'
    words += ["-X", exchange.request.method, where]
    if exchange.request.method == "HEAD":
        # curl waits for a body where it is not told that none follows, and then it would send none.
        words += ["-m", "5"]
    if "Content-Type" not in dict(exchange.request.headers):
        words += ["-H", "Content-Type:"]
    for name, value in exchange.request.headers:
        words += ["-H", _quoted(f"{name}: {live(value)}" if value else f"{name};")]
    if len(content) > LONGEST or not _is_plain(content):
        return " ".join([_printed(live(content.decode("latin-1"))), "|", *words, "--data-binary", "@-"])
    words += ["--data-binary", _quoted(live(content.decode()))]
    return " ".join(words)


def _is_plain(content: bytes) -> bool:
    """Whether a shell can take a content as a word, and curl as an option: UTF-8 that begins with no @."""
    try:
        return not content.startswith(b"@") and "\0" not in content.decode()
    except UnicodeDecodeError:
        return False


def _printed(text: str) -> str:
    """A group of shell commands that print bytes, given as Latin-1, in which marked parts are expanded."""
    commands = []
    position = 0
    for mark in MARK.finditer(text):
        commands += [_printing(text[position : mark.start()]), f'printf %s "{mark[1]}"']
        position = mark.end()
    commands.append(_printing(text[position:]))
    return "{ " + "; ".join(filter(None, commands)) + "; }" if any(commands) else "printf ''"


def _printing(text: str) -> str:
    if len(text) > LONGEST:
        packed = base64.b64encode(zlib.compress(text.encode("latin-1"), 9)).decode()
        return f"python3 -c {shlex.quote(INFLATE)} {packed}"
    if text.isascii() and text.isprintable():
        return f"printf %s {shlex.quote(text)}" if text else ""
    escaped = {"%": "%%", "\\": "\\\\", "\r": "\\r", "\n": "\\n"}
    plain = "".join(escaped.get(c) or (c if c.isascii() and c.isprintable() else f"\\{ord(c):03o}") for c in text)
    return f"printf -- {shlex.quote(plain)}"


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
