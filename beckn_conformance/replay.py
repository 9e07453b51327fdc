"""Shell lines that send what an exchange sent once more, with registrations of their own."""

from __future__ import annotations

import base64
import re
import shlex
import zlib
from collections.abc import Sequence

from .binding import Binding, EnvelopeBinding
from .config import SIGNUP_TOKEN, GatewayConfig
from .exchange import MISSING, Exchange, member

CIN = re.compile(r"([LU])\d{5}([A-Z]{2}\d{4}[A-Z]{3})\d{6}")
MARK = re.compile("\x02(.*?)\x03")
NOW = re.compile(rb"\nTimestamp: (\S+)")
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


def curl(exchange: Exchange, before: Sequence[Exchange], binding: Binding, config: GatewayConfig) -> str:
    """One line for a POSIX shell with curl and python3 that repeats an exchange.

    It makes the registrations it needs first, takes ids and tokens from their replies, the time from ``date`` and
    company ids that were not used before. A secret of the configuration stands in an environment variable.
    """
    steps = _needed(exchange, before)
    names: dict[str, str] = {}
    parts = [f"U={shlex.quote(config.url)}"]
    for number, step in enumerate(steps, 1):
        line = _call(step, binding, config, names, number)
        if step.action != "Provider/signup":
            parts.append(f"{line} >/dev/null")
            continue
        parts.append(f"R{number}=$({line})")
        for variable, pointer in ((f"ID{number}", "/registration/id"), (f"T{number}", "/auth/token")):
            value = member(step.body_of_reply, pointer)
            if value == MISSING or not str(value):
                continue
            names[str(value)] = variable
            keys = ([binding.body] if isinstance(binding, EnvelopeBinding) else []) + pointer.split("/")[1:]
            path = "".join(f"[{key!r}]" for key in keys)
            script = f"import json,sys; print(json.load(sys.stdin){path})".replace("'", '"')
            parts.append(f"{variable}=$(printf %s \"$R{number}\" | python3 -c '{script}')")
    parts.append(_call(exchange, binding, config, names, len(steps) + 1, show_header=True))
    if any("$N" in part for part in parts):
        parts.insert(1, "N=$(date +%s | tail -c 7)")
    return "; ".join(parts)


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
    path = exchange.request.url.removeprefix(config.url)
    where = f'"$U{path}"' if path == f"/{exchange.action}" else f'--path-as-is "$U"{shlex.quote(path)}'
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
