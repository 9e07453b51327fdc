"""Makes shell commands that send recorded requests again, with variables for what differs each time."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator, Mapping, Sequence

from ..config.gateway import SIGNUP_TOKEN, GatewayConfig
from ..config.proxies import has_user
from ..messages.binding import Binding, EnvelopeBinding
from ..messages.exchange import Exchange
from ..messages.json_text import write_json
from ..messages.registration import Registration, registration_of
from ..messages.shell import LONGEST, PYTHON, Expansion, Part, command, is_plain, printing, variable, word
from ..messages.tokens import DISGUISES
from ..untrusted.text import printable

SHARED_LETTERS = 6
"""At most so many letters with which all words of a run begin are replaced; the last six tell words apart."""
ADDRESS = re.compile(r"(?<![a-z])([a-z]{4,6})[a-z]{6,8}(?:24)?(?:\+gateway)?(?:@|-transit\.)(?=[a-z.-]{0,40}example\.)")
"""An e-mail address of a run, and the letters with which its word begins."""
CIN = re.compile(r"([LU])\d{5}([A-Z]{2}\d{4}[A-Z]{3})\d{6}")
PLAIN_TIME = re.compile(r"\d{4}-(0\d|1[0-2])-\d\dT\d\d:\d\d:\d\d")
NOW = re.compile(rb"\nTimestamp: (\S+)")
PATH = re.compile(r"/[A-Za-z0-9._~%!$&'()*+,;=:/?-]*")
DOTS = re.compile(r"(?:^|[/\\])(?:\.|%2e){1,2}(?=[/\\?]|$)", re.IGNORECASE)
TOKEN = re.compile(r"[A-Za-z0-9!#$%&'*+.^_`|~-]+")
"""An HTTP method, or the name of a header field."""
BASE, PEER = variable("U"), variable("U2")
"""Base URLs of the gateway and of a peer."""
PROXY = variable("PROXY")
"""The URL of a proxy that has a user and a password."""
SERIAL = variable("N")
"""Digits that make a company id unused."""
LETTERS = variable("W")
"""Letters that make names, addresses and URLs unused."""
TIMESTAMP = "timestamp"
"""Outside a shell, the variable for the present time."""
SHORT = 6
"""Ids and tokens with fewer characters are replaced only if they are a whole value."""

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


def path_below(url: str, base: str) -> str:
    """The path of a recorded URL below the base URL of its gateway. Raises ValueError if it leads anywhere else."""
    path = url.removeprefix(base)
    if not url.startswith(f"{base}/") or PATH.fullmatch(path) is None or DOTS.search(path.partition("?")[0]):
        raise ValueError(f"{printable(url)} is not a URL below {printable(base)}")
    return path


class Substitutions:
    """Replaces what differs each time by variables: ids, tokens, secrets, times and company ids."""

    def __init__(self, binding: Binding, config: GatewayConfig) -> None:
        self.need_serial = self.need_letters = False
        """True if a company id has SERIAL in it, or a word LETTERS."""
        self._word = ""
        """Letters with which the words of the run begin, once an address shows them."""
        self._company_ids: dict[str, int] = {}
        self.config = config
        self._member = binding.body if isinstance(binding, EnvelopeBinding) else ""
        self._ids: dict[str, Expansion] = {}
        self._secrets: dict[str, Expansion] = {}
        self._fields: dict[str, tuple[str, Expansion]] = {}
        """By name, the declared header fields with their values."""
        if config.signup_token and config.signup_token != SIGNUP_TOKEN:
            self._secrets[self._as_sent(config.signup_token)] = variable("SIGNUP_TOKEN")
        for number, (_, token) in enumerate(config.registrations, 1):
            self._secrets.setdefault(self._as_sent(token), variable(f"REGISTRATION_TOKEN_{number}"))
        used: set[str] = set()
        for field, value in config.headers.items():
            # A prefix of its own keeps a header field that is called Path from overriding PATH.
            name = f"HEADER_{re.sub('[^A-Z0-9]', '_', field.upper())}"
            while name in used:
                name += "_"
            used.add(name)
            self._fields[field.casefold()] = value, variable(name)
            if len(value) >= SHORT:
                self._secrets.setdefault(value, variable(name))

    def _as_sent(self, token: str) -> str:
        return in_json(token) if self._member else token

    def learn(self, signup: Exchange, number: int) -> Registration | None:
        """Returns the registration that a signup made. Later texts have variables instead of its id and token."""
        made = registration_of(signup)
        if made is not None:
            id_, token = in_json(made.id), self._as_sent(made.token)
            self._ids[id_], self._secrets[token] = variable(f"ID{number}"), variable(f"T{number}")
            for one in DISGUISES:
                for name, known, text in ("T", self._secrets, token + one.mark), ("ID", self._ids, one.make(id_)):
                    made_of_it = f'$(printf %s "${name}{number}" | {one.shell})'
                    known.setdefault(text, Expansion(made_of_it, f"{name}{number}{one.ending}"))
        return made

    def take(self, made: Registration, number: int) -> Iterator[str]:
        """Commands that take id and token of a registration from the reply to its signup."""
        yield self._take(f"ID{number}", number, ("registration", "id"), in_json=in_json(made.id) != made.id)
        yield self._take(f"T{number}", number, ("auth", "token"), in_json=bool(self._member))

    def _take(self, name: str, number: int, path: Sequence[str], *, in_json: bool) -> str:
        keys = (self._member, *path) if self._member else path
        found = "json.load(sys.stdin)" + "".join(f"[{_literal(key)}]" for key in keys)
        script = f"import json,sys; print({f'json.dumps({found})[1:-1]' if in_json else found})"
        return f'{name}=$(printf %s "$R{number}" | {command([*PYTHON, script])})'

    def of(self, exchange: Exchange) -> Callable[[str], list[Part]]:
        """A function that splits texts of a request into literal parts and variables."""
        others = dict(self._ids)
        if now := _time_of(exchange):
            zone = self.config.timestamp_zone
            date = "date -u" if zone == "UTC" else f"TZ={word(zone)} date"
            others[now] = Expansion(f"$({date} +%Y-%m-%dT%H:%M:%S)", TIMESTAMP)

        def parts(text: str) -> Iterator[Part]:
            # Secrets go first, since an id may be a part of one.
            for known in _put(self._secrets, text):
                if isinstance(known, Expansion):
                    yield known
                    continue
                for part in _put(others, known):
                    yield from [part] if isinstance(part, Expansion) else self._renamed(part)

        return lambda text: list(parts(text))

    def _renamed(self, text: str) -> Iterator[Part]:
        """A text with unused company ids and words; the same for the same."""
        position = 0
        self._word = self._word or word_of(text)
        for found in re.finditer(f"{CIN.pattern}|{begins_with(self._word)}" if self._word else CIN, text):
            yield text[position : found.start()]
            position = found.end()
            if found[1] is None:
                self.need_letters = True
                yield found[0][0]
                yield LETTERS
            elif "/info/company_id" in self.config.values:
                yield found[0]
            else:
                self.need_serial = True
                number = self._company_ids.setdefault(found[0], len(self._company_ids) + 1)
                yield f"{found[1]}{number:05d}{found[2]}"
                yield SERIAL
        yield text[position:]

    def field(self, name: str, value: str) -> Expansion | None:
        """The variable for a declared header field."""
        declared, expansion = self._fields.get(name.casefold(), ("", None))
        return expansion if value == declared else None


def word_of(text: str) -> str:
    """The letters with which all words of a run begin, in small letters; empty if a text does not show them."""
    found = ADDRESS.search(text)
    return found[1] if found else ""


def begins_with(word: str) -> str:
    """A regular expression that finds these letters at the beginning of a word."""
    return f"(?<![A-Za-z])(?:{word}|{word.capitalize()})(?=[a-z])"


def in_json(text: str) -> str:
    """A text as it is written in a JSON string of the kit."""
    return write_json(text).decode()[1:-1]


def _literal(text: str) -> str:
    """A string literal of Python. For ASCII, the one of JSON is the same, and needs no quoting in a shell."""
    return json.dumps(text) if text.isascii() else ascii(text)


def _pattern(value: str) -> str:
    """A regular expression that finds a value unless it is a part of a longer word or number."""
    if len(value) < SHORT:
        return f'(?<![^":]){re.escape(value)}(?![^",}}])'
    before = "(?<![A-Za-z0-9])" if value[0].isalnum() else ""
    after = "(?![A-Za-z0-9])" if value[-1].isalnum() else ""
    return before + re.escape(value) + after


def _put(known: Mapping[str, Expansion], text: str) -> Iterator[Part]:
    """A text with variables instead of known values; of several at one place, the longest."""
    pattern = "|".join(_pattern(value) for value in sorted(known, key=len, reverse=True))
    position = 0
    for found in re.finditer(pattern, text) if pattern else ():
        yield text[position : found.start()]
        yield known[found[0]]
        position = found.end()
    yield text[position:]


def _time_of(exchange: Exchange) -> str:
    """The time in a request; empty if it must not be replaced by the current one."""
    sent = exchange.sent
    now = dict(exchange.request.headers).get("Timestamp", "") if sent is None else sent.header.get("Timestamp", "")
    if exchange.request.raw is not None and (found := NOW.search(exchange.request.content)):
        now = found[1].decode("latin-1")
    return now if is_plain_time(now) else ""


def send(exchange: Exchange, substitutions: Substitutions, *, with_head: bool) -> str:
    """The command that sends a request again. Raises ValueError if none can."""
    request = exchange.request
    parts = substitutions.of(exchange)
    try:
        content, encoding = request.content.decode(), "utf-8"
    except UnicodeDecodeError:
        content, encoding = request.content.decode("latin-1"), "latin-1"
    body = parts(content)
    if (raw := request.raw) is not None:
        if substitutions.config.proxies.get(substitutions.config.url):
            raise ValueError("raw bytes are sent through no proxy")
        sizes = " ".join(str(len(piece)) for piece in raw.pieces)
        speak = [*PYTHON, word(SPEAK), word(BASE), word(sizes), word(f"{raw.pause:g}"), word(raw.ending)]
        return f"{printing(body, encoding)} | {' '.join(speak)} 2>/dev/null"
    proxy = substitutions.config.proxies.get(exchange.peer or substitutions.config.url)
    words = ["curl", "-sS", *(["-i"] if with_head else []), *_way(proxy), "-X", word(_token(request.method))]
    path = path_below(request.url, exchange.peer or substitutions.config.url)
    if path != f"/{exchange.action}":
        words += ["-g", "--path-as-is"]
    words.append(word(PEER if exchange.peer else BASE, path))
    if request.method == "HEAD":
        # With -X HEAD, curl waits for a body that never comes; with --head, it would send none.
        words += ["-m", "5"]
    if "Content-Type" not in dict(request.headers):
        words += ["-H", "Content-Type:"]
    for name, value in request.headers:
        words += ["-H", _field(name, value, [found] if (found := substitutions.field(name, value)) else parts(value))]
    if len(content) <= LONGEST and encoding == "utf-8" and is_plain(body):
        return " ".join([*words, "--data-raw", word(*body)])
    return " ".join([printing(body, encoding), "|", *words, "--data-binary", "@-"])


def _way(proxy: str | None) -> list[str]:
    """Options for the proxy that the kit used, whatever proxies the environment names."""
    if proxy is None:
        return ["--noproxy", word("*")]
    return ["--noproxy", word(), "-x", word(PROXY) if has_user(proxy) else word(proxy)]


def _field(name: str, value: str, parts: Sequence[Part]) -> str:
    """A header field for curl. Raises ValueError if HTTP cannot have it."""
    if any(c != "\t" and not c.isprintable() for c in value):
        raise ValueError(f"{name!a} has a value that no header field can have")
    return word(f"{_token(name)}: ", *parts) if value.strip() else word(f"{_token(name)};")


def _token(text: str) -> str:
    if TOKEN.fullmatch(text) is None:
        raise ValueError(f"{text!a} is not an HTTP token")
    return text


def is_plain_time(text: str) -> bool:
    """Returns True if a text is a time of a valid request (H1), which another may replace."""
    return PLAIN_TIME.fullmatch(text) is not None and "-02-30" not in text
