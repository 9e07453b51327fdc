"""Normalises the base URLs of gateways, so that they can be compared and called."""

from __future__ import annotations

import ipaddress
import re
import socket
from urllib.parse import SplitResult, quote, unquote, urlsplit

import idna

from ..errors import UsageError

PORTS = {"http": 80, "https": 443}
"""The port of each scheme, if a URL names none."""
EXAMPLE = "such as https://gw.example/api"
HOST_NAME = re.compile(r"(?!-)[a-z0-9_-]{1,63}(\.[a-z0-9_-]{1,63})*")
PATH = re.compile(r"(?:[A-Za-z0-9\-._~!$&'()*+,;=:@/]|%[0-9A-Fa-f]{2})*")
IN_TARGET = "%/:?@!$&'()*+,;=~"
"""Characters that stand for themselves in a path or a query, besides letters, digits and ``._-``."""
LONGEST_HOST = 253
"""Characters of a host name in DNS."""


def check_url(text: str, name: str = "--gateway-url") -> str:
    """The normal form of a base URL, to which ``/Provider/signup`` is added.

    Scheme and host are in lower case, an international host name is in its ``xn--`` form, and neither a default port,
    a trailing dot nor a trailing slash is left. Raises UsageError for a URL that cannot be called, or that clients
    understand differently. The error never shows user or password.
    """
    url = text.strip()
    shown = f"{name} {re.sub(r'//[^/?#]*@', '//…@', url)!a}"
    # urlsplit drops some of these silently.
    if not url.isprintable() or " " in url or "\\" in url:
        raise UsageError(f"{shown} has a space, a backslash or a control character, which no URL has")
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError as error:
        raise UsageError(f"{shown} is not a URL; it needs a scheme and a host, {EXAMPLE}") from error
    scheme = parts.scheme
    if scheme not in PORTS or not parts.hostname or port == 0:
        raise UsageError(f"{shown} needs a scheme (http or https) and a host, {EXAMPLE}")
    if "@" in parts.netloc:
        raise UsageError(
            f"{name} must not have a user or a password; declare headers: {{Authorization: env:NAME}} for "
            f"{parts.hostname!a}"
        )
    if "?" in url or "#" in url:
        raise UsageError(f"{shown} must not have a query or a fragment, not even an empty one; calls are made below it")
    where = f":{port}" if port not in (None, PORTS[scheme]) else ""
    return f"{scheme}://{_host(parts, shown)}{where}{_path(parts.path, shown)}"


def check_hook(url: str) -> str:
    """The form in which a URL is called that may have a user, a password and a query: without user and password.

    Raises UsageError, whose text shows no more than scheme and host.
    """
    try:
        parts = urlsplit(url)
    except ValueError as error:
        raise UsageError("it is not a URL") from error
    origin = check_url(f"{parts.scheme}://{parts.netloc.rpartition('@')[2]}", "its URL")
    target = "?".join(quote(part, safe=IN_TARGET) for part in (parts.path or "/", parts.query) if part)
    return f"{origin}{target}"


def is_url(text: str) -> bool:
    """True if a text is an HTTP URL rather than a command."""
    return text.casefold().startswith(("http://", "https://"))


def _host(parts: SplitResult, shown: str) -> str:
    host = parts.hostname or ""
    if "[" in parts.netloc:
        if "%" in host:
            raise UsageError(f"{shown} has an address with a zone, which HTTP cannot carry; use one without, or a name")
        try:
            return f"[{ipaddress.IPv6Address(host)}]"
        except ValueError as error:
            raise UsageError(f"{shown}: {host!a} is not an IPv6 address") from error
    if not host.isascii():
        try:
            host = idna.encode(host, uts46=True, transitional=False).decode("ascii")
        except idna.IDNAError as error:
            raise UsageError(f"{shown}: {host!a} is not a host name; give its xn-- form, if it has one") from error
    host = host.removesuffix(".")
    if HOST_NAME.fullmatch(host) is None or len(host) > LONGEST_HOST:
        raise UsageError(f"{shown}: {host!a} is not a host name; it has letters, digits, '-', '_' and '.' only")
    try:
        # Resolvers take 127.1 and 0x7f000001 for 127.0.0.1, so a gateway would have several URLs.
        return socket.inet_ntoa(socket.inet_aton(host))
    except OSError:
        return host


def _path(path: str, shown: str) -> str:
    if PATH.fullmatch(path) is None:
        raise UsageError(f"{shown} has characters in its path that no URL has; they must be percent-encoded")
    # Clients resolve these differently: the kit and curl would call different paths.
    if any(unquote(segment) in (".", "..") for segment in path.split("/")):
        raise UsageError(f"{shown} must not have '.' or '..' in its path; write the path that is meant")
    return path.rstrip("/")
