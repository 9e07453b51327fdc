"""Finds the secrets in a configuration, and replaces them for reports."""

from __future__ import annotations

import base64
import re
import shlex
from collections.abc import Iterator
from urllib.parse import parse_qsl, unquote, urlsplit

from .urls import is_url

HIDDEN = "<secret>"
"""Replaces a literal secret in a report."""

PLAIN_FIELDS = (
    *("accept", "accept-charset", "accept-encoding", "accept-language", "cache-control", "connection"),
    *("content-language", "content-type", "pragma", "prefer", "user-agent"),
)
"""Header fields without secrets. Declared values of them are still masked where the field stands."""

PARAMETER = re.compile(r"""(?<![\w.-])[\w.-]++=(?:"([^"]*)"|([^\s",;]+))""")
"""``name=value`` in a header field, as in cookies and in the schemes Digest and OAuth. No word is searched twice."""
SHORTEST_PARAMETER = 8
"""Characters. Shorter values are numbers and words such as ``algorithm=MD5``."""

SENSITIVE = re.compile(r"auth|token|secret|pass|pwd|key|cred|cookie", re.IGNORECASE)
OPTIONS = ("-u", "--user", "-H", "--header", "-b")
"""Options of programs such as curl whose argument holds a credential."""
URL = re.compile(r"""https?://[^\s"'<>]+""", re.IGNORECASE)


def of_field(name: str, value: str) -> Iterator[str]:
    """Yields the secrets in a header field: the value, the value without its scheme, and its parameters."""
    if name.casefold() in PLAIN_FIELDS:
        return
    yield value
    scheme, _, rest = value.partition(" ")
    if rest.strip():
        yield rest.strip()
    if scheme.casefold() == "basic":
        yield from _of_basic(rest.strip())
    for quoted, plain in PARAMETER.findall(value):
        if len(quoted or plain) >= SHORTEST_PARAMETER:
            yield quoted or plain


def _of_basic(coded: str) -> Iterator[str]:
    try:
        pair = base64.b64decode(coded, validate=True).decode()
    except ValueError:
        return
    yield pair
    yield pair.partition(":")[2]


def of_url(url: str) -> Iterator[str]:
    """Yields user, password and query values of a URL, as written and decoded."""
    try:
        parts = urlsplit(url)
    except ValueError:
        return
    pair = parts.netloc.rpartition("@")[0]
    user, _, password = pair.partition(":")
    values = [pair, user, password, *(value for _, value in parse_qsl(parts.query))]
    values += [word.partition("=")[2] for word in parts.query.split("&")]
    for value in values:
        if "{id}" not in value:
            yield value
            yield unquote(value)


def of_hook(hook: str) -> Iterator[str]:
    """Yields the secrets in a URL or a command, as far as they can be recognised."""
    for url in URL.findall(hook):
        yield from of_url(url)
    if is_url(hook):
        return
    words = _words(hook)
    for word in words[1:]:
        if " " in word:
            # A command within the command, as in sh -c, or a header field.
            words += _words(word)
    for before, word in zip(["", *words], words, strict=False):
        name, value = [*re.split("[=:]", word, maxsplit=1), ""][:2]
        if value and SENSITIVE.search(name):
            yield from of_field("", value.strip())
        if before in OPTIONS or (before.startswith("-") and "=" not in before and SENSITIVE.search(before)):
            yield from of_field("", word)
            yield value.strip()


def shown_hook(hook: str) -> str:
    """Shortens a URL or a command to its host or program, since anything else may be secret."""
    if is_url(hook):
        scheme, _, rest = hook.partition("://")
        host = re.split(r"[/?#\\]", rest, maxsplit=1)[0].rpartition("@")[2]
        return f"{scheme}://{host}/{HIDDEN}"
    return " ".join([*_words(hook)[:1], HIDDEN])


def _words(command: str) -> list[str]:
    try:
        return shlex.split(command)
    except ValueError:
        return command.split()
