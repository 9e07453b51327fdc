"""Cloning: what is registered at one gateway is told to the others of its region, until they have it (reading X1).

Registrations are sent whole, and a gateway takes over what is later in them. So nothing is lost or doubled if one is
sent twice, late, or in another order, and changes that were made at several gateways come together everywhere. Nobody
passes on what was told by others: every gateway names all the others.
"""

from __future__ import annotations

import asyncio
import hmac
import ipaddress
import json
import secrets
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from urllib.parse import urlsplit

import httpx

from reference_server.gateway import Gateway
from reference_server.registration import Registration
from reference_server.storage import Store

PATH = "/_clone"
"""Beneath the address of a gateway; it is there only where peers are."""

_MOST = 50
"""Registrations that are sent at once."""
_FIRST_PAUSE = 0.05
"""Seconds until a peer that was not reached is tried again; twice as many each time."""


@dataclass(frozen=True, slots=True)
class Region:
    """The other gateways of a region, and how they are told."""

    peers: Sequence[str]
    """Their base URLs."""
    within: float = 2.0
    """Seconds in which a peer that answers has everything; tries to reach one that does not are no further apart."""
    secret: str = ""
    """What all gateways of the region know. Without one, clones are taken from this machine only."""

    def fault(self) -> str | None:
        """Return what is wrong with it."""
        if self.within <= 0:
            return f"--clone-within {self.within:g}: it takes more than no seconds"
        for peer in self.peers:
            parts = urlsplit(peer)
            if parts.scheme not in ("http", "https") or not parts.hostname:
                return f"--peer {peer}: it needs http or https, and a host"
            if not self.secret and not _is_here(parts.hostname):
                return f"--peer {peer} is not on this machine, which takes a --clone-secret"
        return None


class ClonedStore:
    """A store whose changes are stamped, and told to somebody."""

    def __init__(self, inner: Store, changed: Callable[[str], None]) -> None:
        self._inner = inner
        self._changed = changed
        self._name = secrets.token_hex(8)
        self.find = inner.find
        self.owner = inner.owner
        self.merge = inner.merge
        self.ids = inner.ids

    def add(self, registration: Registration) -> None:
        """Keep a new registration."""
        self._inner.add(registration)
        self._changed(registration.id)

    def change(self, identity: str, change: Callable[[Registration], Registration]) -> Registration:
        """Replace a registration by what the change makes of it, at one stroke; raises KeyError."""
        changed = self._inner.change(identity, lambda current: change(current).stamped(current, self._name))
        self._changed(identity)
        return changed


class Network:
    """Sends registrations to the peers of a gateway, and merges those that they send.

    What a peer is owed is held in memory; after a start it is owed everything that is kept, so that neither a restart
    nor a peer that joins later loses anything. ``transport`` replaces the network, for tests.
    """

    def __init__(self, gateway: Gateway, region: Region, transport: httpx.AsyncBaseTransport | None = None) -> None:
        self._gateway = gateway
        self._region = region
        self._transport = transport
        self._owed: dict[str, dict[str, object]] = {peer.rstrip("/"): {} for peer in region.peers}
        """By peer, ids of what it has yet to be told, each with a mark of the change."""
        self._telling: dict[str, asyncio.Task[None]] = {}
        gateway.store = ClonedStore(gateway.store, self._note)
        for owed in self._owed.values():
            owed.update(dict.fromkeys(gateway.store.ids(), None))

    def _note(self, identity: str) -> None:
        for owed in self._owed.values():
            owed[identity] = object()
        self.wake()

    def wake(self) -> None:
        """Start sending to every peer with pending changes; needs a running loop."""
        for peer, owed in self._owed.items():
            task = self._telling.get(peer)
            if owed and (task is None or task.done()):
                self._telling[peer] = asyncio.get_running_loop().create_task(self._tell(peer, owed))

    def is_peer(self, authorization: str, host: str) -> bool:
        """Return whether a sender may clone: it knows the secret or, if there is none, is on this machine."""
        if self._region.secret:
            return hmac.compare_digest(authorization.encode(), self._authorization.encode())
        return _is_here(host)

    def receive(self, content: bytes) -> None:
        """Merge registrations sent by a peer; raises ValueError, KeyError or TypeError for anything else."""
        for clone in [Registration.from_json(text) for text in json.loads(content)]:
            self._gateway.take_over(clone)

    @property
    def _authorization(self) -> str:
        return f"Bearer {self._region.secret}" if self._region.secret else ""

    async def _tell(self, peer: str, owed: dict[str, object]) -> None:
        """Send to a peer until nothing is pending, however long it is away."""
        headers = {"Authorization": self._authorization} if self._region.secret else {}
        # A change may come while the client is closed.
        while owed:
            async with httpx.AsyncClient(
                transport=self._transport, headers=headers, timeout=max(self._region.within, 1), trust_env=False
            ) as client:
                await self._tell_all(client, peer, owed)

    async def _tell_all(self, client: httpx.AsyncClient, peer: str, owed: dict[str, object]) -> None:
        pause, since, said = _FIRST_PAUSE, asyncio.get_running_loop().time(), False
        while owed:
            batch = dict(list(owed.items())[:_MOST])
            trouble = await self._send(client, peer, list(batch))
            if not trouble:
                for identity, mark in batch.items():
                    # What was changed meanwhile is still owed.
                    if owed[identity] is mark:
                        del owed[identity]
                if said:
                    print(f"reference_server: {peer} takes clones again", file=sys.stderr)
                pause, since, said = _FIRST_PAUSE, asyncio.get_running_loop().time(), False
                continue
            if not said and asyncio.get_running_loop().time() > since + self._region.within:
                print(f"reference_server: {peer} takes no clones ({trouble}), still trying", file=sys.stderr)
                said = True
            await asyncio.sleep(pause)
            pause = min(pause * 2, self._region.within / 2)

    async def _send(self, client: httpx.AsyncClient, peer: str, identities: Sequence[str]) -> str:
        """Send registrations as they are now; returns what kept the peer from taking them."""
        kept = [self._gateway.store.find(identity) for identity in identities]
        told = await asyncio.gather(*(self._gateway.clone(one, peer) for one in kept if one is not None))
        rows = [clone.to_json() for clone in told if clone is not None]
        if not rows:
            return ""
        try:
            answer = await client.post(f"{peer}{PATH}", content=json.dumps(rows))
        except httpx.HTTPError as error:
            return type(error).__name__
        return "" if answer.is_success else f"status {answer.status_code}"


def _is_here(host: str) -> bool:
    """Return whether a host is this machine."""
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"
