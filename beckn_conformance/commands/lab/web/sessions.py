"""Sessions of people who are logged in, and the limit on attempts to log in."""

from __future__ import annotations

import hmac
import ipaddress
import secrets
import sqlite3
import threading
import time
from collections import OrderedDict
from collections.abc import Callable
from pathlib import Path
from typing import Any

from ..accounts import Account, digest

COOKIE = "beckn_lab"
LASTS = 12 * 3600
"""Seconds until somebody has to log in again."""
MOST = 20
"""Sessions that an account has; the oldest go first."""
ATTEMPTS = 10
"""Wrong tokens from one address within WINDOW."""
WINDOW = 300.0
"""Seconds until a wrong token is forgotten."""
MOST_ADDRESSES = 10_000

Clock = Callable[[], float]


class Sessions:
    """Sessions by cookie, in a database of their own that outlives a restart. It holds hashes of the cookies only."""

    def __init__(self, path: Path, clock: Clock = time.time) -> None:
        self._clock = clock
        self._lock = threading.Lock()
        self._database = sqlite3.connect(path, isolation_level=None, check_same_thread=False)
        # A lost session costs a login.
        self._execute("PRAGMA journal_mode=WAL")
        self._execute("PRAGMA synchronous=OFF")
        self._execute(
            "CREATE TABLE IF NOT EXISTS sessions (id TEXT PRIMARY KEY, name TEXT, proof TEXT, ends REAL) WITHOUT ROWID"
        )

    def begin(self, account: Account) -> str:
        """Begins a session and returns its cookie."""
        cookie = secrets.token_urlsafe(32)
        now = self._clock()
        oldest = "SELECT id FROM sessions WHERE name = ? ORDER BY ends DESC LIMIT -1 OFFSET ?"
        self._execute("DELETE FROM sessions WHERE ends < ?", now)
        self._execute(f"DELETE FROM sessions WHERE id IN ({oldest})", account.name, MOST - 1)
        row = (digest(cookie), account.name, account.proof, now + LASTS)
        self._execute("INSERT INTO sessions VALUES (?, ?, ?, ?)", *row)
        return cookie

    def of(self, cookie: str) -> tuple[str, str] | None:
        """The name of the account that a cookie stands for, and the proof that it had; None if there is no session."""
        known = "SELECT name, proof FROM sessions WHERE id = ? AND ends >= ?"
        return next(iter(self._execute(known, digest(cookie), self._clock())), None)

    def end(self, cookie: str) -> None:
        """Ends a session."""
        self._execute("DELETE FROM sessions WHERE id = ?", digest(cookie))

    def close(self) -> None:
        """Closes the database."""
        with self._lock:
            self._database.close()

    def _execute(self, statement: str, *values: str | float) -> list[Any]:
        with self._lock:
            return self._database.execute(statement, values).fetchall()


def form_token(cookie: str) -> str:
    """The token that each form of a session carries. Only who knows the cookie can make it."""
    return digest(f"form {cookie}")


def is_form_token(token: str, cookie: str) -> bool:
    """True for the form token of a session."""
    return hmac.compare_digest(token.encode("utf-8", "surrogatepass"), form_token(cookie).encode())


class Attempts:
    """Counts wrong tokens by address, and refuses more of them for a while."""

    def __init__(self, clock: Clock = time.monotonic) -> None:
        self._clock = clock
        self._lock = threading.Lock()
        self._failures: OrderedDict[str, list[float]] = OrderedDict()

    def failed(self, address: str) -> int:
        """Counts a wrong token. After too many, returns the seconds until the address may try again instead; else 0."""
        key, now = _network(address), self._clock()
        with self._lock:
            recent = [moment for moment in self._failures.get(key, ()) if moment > now - WINDOW]
            if len(recent) >= ATTEMPTS:
                return int(recent[0] + WINDOW - now) + 1
            self._failures[key] = [*recent, now]
            self._failures.move_to_end(key)
            while len(self._failures) > MOST_ADDRESSES:
                self._failures.popitem(last=False)
            return 0

    def __len__(self) -> int:
        """The number of addresses that are remembered."""
        return len(self._failures)


def _network(address: str) -> str:
    """The address that attempts are counted by. Whoever has one address of IPv6 has all of its /64."""
    try:
        known = ipaddress.ip_address(address)
    except ValueError:
        return address
    if isinstance(known, ipaddress.IPv6Address):
        return str(known.ipv4_mapped or ipaddress.ip_network((known, 64), strict=False))
    return str(known)
