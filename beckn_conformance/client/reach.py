"""Keeps the kit from connecting where it must not, if somebody else says where it sends requests.

Every attempt to connect is checked in this process, by the address that it goes to, so that no name and no second look
at the name's addresses leads elsewhere.
"""

from __future__ import annotations

import contextlib
import ipaddress
import os
import re
import socket
import sys
from collections.abc import Iterable, Iterator
from contextvars import ContextVar
from dataclasses import dataclass
from typing import Any, Final
from urllib.parse import urlsplit

from ..config.urls import PORTS
from ..errors import UsageError
from ..untrusted.text import brief

VARIABLE: Final = "BECKN_CONFORMANCE_ALLOW"
"""Environment variable that turns the guard on: patterns of further hosts, separated by spaces, or nothing."""
UNICAST: Final = ipaddress.IPv6Network("2000::/3")
NOT_PUBLIC: Final = (
    ipaddress.ip_network("192.0.0.0/24"),
    ipaddress.ip_network("192.88.99.0/24"),
    # Answers about the machine to whoever asks from it, in a cloud that uses a public address for that.
    ipaddress.ip_network("168.63.129.16/32"),
    # They lead to IPv4 addresses: 6to4 and Teredo.
    ipaddress.ip_network("2002::/16"),
    ipaddress.ip_network("2001::/32"),
)
"""Addresses that are not public, besides those that Python knows. Of IPv6, only global unicast is public."""
WITH_PORT: Final = re.compile(r"(?:\[([^\[\]]+)\]|([^:\[\]]+))(?::([0-9]{1,5}))?")
NAME: Final = re.compile(r"(\*\.)?[a-z0-9_]([a-z0-9_-]*[a-z0-9_])?(\.[a-z0-9_]([a-z0-9_-]*[a-z0-9_])?)*")

Address = ipaddress.IPv4Address | ipaddress.IPv6Address
_towards: ContextVar[str] = ContextVar("towards", default="")
"""The host that a connection is made to, as the URL has it."""


class Forbidden(OSError):
    """A connection that must not be made."""


@dataclass(frozen=True, slots=True)
class Pattern:
    """Hosts that may be connected to although they are not public."""

    name: str = ""
    """A host name, or ``*.`` and the end of one."""
    network: ipaddress.IPv4Network | ipaddress.IPv6Network | None = None
    port: int | None = None
    """None for any."""

    @classmethod
    def of(cls, text: str) -> Pattern:
        """Reads a host name, ``*.lab.example``, an address or a network, with ``:port`` if only that one is meant.

        Raises UsageError.
        """
        found = WITH_PORT.fullmatch(text)
        if found and found[3] and not 0 < int(found[3]) <= 65535:
            found = None
        host = found[1] or found[2] if found else text
        port = int(found[3]) if found and found[3] else None
        with contextlib.suppress(ValueError):
            return cls(network=ipaddress.ip_network(host, strict=False), port=port)
        name = host.casefold().rstrip(".")
        if NAME.fullmatch(name) is None or name.rpartition(".")[2].isdigit():
            raise UsageError(
                f"{brief(ascii(text), 80)} is not a host pattern; it needs the form gw.example, *.lab.example, "
                "10.1.2.3 or 10.0.0.0/8, each with :PORT if need be"
            )
        return cls(name=name, port=port)

    def __str__(self) -> str:
        host = self.name or f"{f'[{self.network}]' if self.network and self.network.version == 6 else self.network}"
        return host if self.port is None else f"{host}:{self.port}"

    def permits(self, host: str, address: Address, port: int) -> bool:
        if self.port not in (None, port):
            return False
        if self.network is not None:
            return address in self.network
        return host == self.name or (self.name.startswith("*.") and host.endswith(self.name[1:]))


@dataclass(frozen=True, slots=True)
class Reach:
    """The addresses that the kit may connect to: public ones, and the hosts of patterns."""

    patterns: tuple[Pattern, ...] = ()

    @classmethod
    def of(cls, texts: Iterable[str]) -> Reach:
        """Reads patterns. Raises UsageError."""
        return cls(tuple(map(Pattern.of, texts)))

    def __str__(self) -> str:
        """The value of the environment variable."""
        return " ".join(map(str, self.patterns))

    def check(self, host: str, address: str, port: int) -> None:
        """Raises Forbidden unless a connection to the address of a host may be made."""
        try:
            found = ipaddress.ip_address(address.partition("%")[0])
        except ValueError as error:
            raise Forbidden(f"{brief(ascii(address), 80)} is not an address, so it cannot be checked") from error
        name = host.casefold().rstrip(".")
        if _is_public(found) or any(pattern.permits(name, found, port) for pattern in self.patterns):
            return
        if name in ("", address, str(found)):
            raise Forbidden(f"the address {found} is not one that this laboratory may connect to")
        # Somebody who asks for names could otherwise learn the addresses of a private network.
        raise Forbidden(f"the address of {brief(name, 80)} is not one that this laboratory may connect to")

    def refusal(self, url: str) -> str:
        """Looks up the host of a URL, and says why it cannot be called; empty if one of its addresses may be."""
        parts = urlsplit(url)
        host, port = parts.hostname or "", parts.port or PORTS[parts.scheme]
        reason = ""
        try:
            for *_, address in socket.getaddrinfo(host, port, type=socket.SOCK_STREAM):
                try:
                    self.check(host, str(address[0]), port)
                    return ""
                except Forbidden as error:
                    reason = str(error)
        except (OSError, UnicodeError) as error:
            return f"the host {host} is not found: {getattr(error, 'strerror', None) or error}"
        return reason


def _is_public(address: Address) -> bool:
    if address.version == 6 and address not in UNICAST:
        return False
    if not address.is_global or address.is_multicast or address.is_reserved:
        return False
    return not any(address in network for network in NOT_PUBLIC if network.version == address.version) and not _is_own(
        address
    )


def _is_own(address: Address) -> bool:
    """True if this machine has the address; a connection would reach what a firewall keeps from others."""
    family = socket.AF_INET if address.version == 4 else socket.AF_INET6
    try:
        with socket.socket(family, socket.SOCK_STREAM) as probe:
            probe.bind((str(address), 0))
    except OSError:
        return False
    return True


# The guard of this process.

_reach: Reach | None = None


def guard() -> None:
    """Checks every connection that this process makes from now on, if the environment says so.

    Raises UsageError for a pattern that cannot be read, and on systems where connections cannot be checked.
    """
    global _reach
    value = os.environ.get(VARIABLE)
    if value is None or _reach is not None:
        return
    if sys.platform == "win32":
        raise UsageError(f"{VARIABLE} is set, and connections cannot be checked on this system")
    _reach = Reach.of(value.split())
    sys.addaudithook(_audited)


def need_asyncio() -> None:
    """Raises Forbidden if connections are to be checked. Those of other event loops escape the check."""
    if _reach is not None:
        raise Forbidden("connections of this event loop cannot be checked")


def admit(url: str) -> None:
    """Permits connections to a server that this process has started, also to processes that it will start."""
    global _reach
    if _reach is not None:
        _reach = Reach((*_reach.patterns, Pattern.of(urlsplit(url).netloc)))
        os.environ[VARIABLE] = str(_reach)


@contextlib.contextmanager
def towards(host: str) -> Iterator[None]:
    """Says which host the connections within are made to, so that patterns of names apply to its addresses."""
    token = _towards.set(host)
    try:
        yield
    finally:
        _towards.reset(token)


def _audited(event: str, arguments: tuple[Any, ...]) -> None:
    """Called by Python before each call of connect; the address is the one that the call goes to."""
    if event == "socket.connect" and _reach is not None:
        connecting, address = arguments
        if connecting.family in (socket.AF_INET, socket.AF_INET6):
            _reach.check(_towards.get(), str(address[0]), int(address[1]))
