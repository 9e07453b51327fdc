"""Several reference gateways in this process that clone to each other, without a socket."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import httpx

from reference_server.app import create_app
from reference_server.network import Region


class Hosts(httpx.AsyncBaseTransport):
    """Carries requests to the application of their host; one that is away cannot be reached."""

    def __init__(self) -> None:
        self.apps: dict[str, Any] = {}
        self.away: set[str] = set()
        self.carried: list[httpx.Request] = []

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        self.carried.append(request)
        host = request.url.host
        if host in self.away or host not in self.apps:
            raise httpx.ConnectError(f"{host} is away", request=request)
        app = httpx.ASGITransport(self.apps[host], raise_app_exceptions=False)
        return await app.handle_async_request(request)


def network(origins: Sequence[str], *, within: float = 0.5, **options: Any) -> Hosts:
    """Gateways at these addresses, each with all the others for peers; ``options`` are those of an app."""
    hosts = Hosts()
    for origin in origins:
        region = Region([other for other in origins if other != origin], within)
        hosts.apps[httpx.URL(origin).host] = create_app(region=region, transport=hosts, **options)
    return hosts
