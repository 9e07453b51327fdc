"""A gateway with any fair variation serves a provider that keeps to what its vendor declares."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any
from zoneinfo import ZoneInfo

import httpx
import pytest

from reference_server import VARIATIONS, create_app
from tests.reference_server.reference_messages import ADD, GET, INFO, NEW_INFO, PDF, SIGNUP, UPDATE, signup_body

UNDECLARED = {
    "envelope-undeclared": ("header", "body"),
    "envelope-capitalized-undeclared": ("Header", "Body"),
}
"""Envelopes that a kit has to find out about."""


class Client:
    """Calls a gateway as its configuration says, and waits a moment where it is not ready."""

    def __init__(self, name: str, client: httpx.AsyncClient) -> None:
        self._configuration = VARIATIONS[name].configuration
        self._client = client
        declared = self._configuration.get("envelope", {"header": "header", "body": "body"})
        self._names = UNDECLARED.get(name, (declared["header"], declared["body"]))
        self._enveloped = name in UNDECLARED or self._configuration.get("binding") == "envelope"

    async def call(self, action: str, body: Any, token: str) -> Any:
        """Give the body of an ACK, which has to come within two seconds."""
        for _ in range(20):
            shown = await self._once(action, body, token)
            if shown is not None:
                return shown
            await asyncio.sleep(0.1)
        raise AssertionError(f"{action} was never acknowledged")

    async def hook(self, identity: str) -> None:
        """Have a registration verified where the vendor says how."""
        hook = self._configuration.get("verification_hook")
        if hook:
            url = hook.replace("{origin}", "http://gateway").replace("{id}", identity)
            assert (await self._client.post(url)).status_code == 204

    async def _once(self, action: str, body: Any, token: str) -> Any:
        zone = ZoneInfo(self._configuration.get("timestamp_zone", "UTC"))
        now = datetime.now(UTC).astimezone(zone).strftime("%Y-%m-%dT%H:%M:%S")
        header = {"Action": action, "Token": token, "Timestamp": now}
        message = {self._names[0]: header, self._names[1]: body} if self._enveloped else body
        fields = {
            "Content-Type": "application/json",
            **self._configuration.get("headers", {}),
            **({} if self._enveloped else header),
        }
        method = self._configuration.get("method", "POST")
        url = f"http://gateway/api/{action}"
        reply = await self._client.request(method, url, content=json.dumps(message), headers=fields)
        if reply.status_code in (429, 503):
            return None
        shown = json.loads(reply.content)
        answered: Mapping[str, str] = reply.headers
        if self._enveloped:
            folded = {name.lower(): value for name, value in shown.items()}
            answered = {name.lower(): value for name, value in folded[self._names[0].lower()].items()}
            shown = folded[self._names[1].lower()]
        return shown if answered["action"] == "ACK" else None

    @property
    def signup_token(self) -> str:
        """The token agreed beforehand."""
        return str(self._configuration.get("signup_token", "placeholder"))


@pytest.mark.parametrize("name", VARIATIONS)
def test_a_provider_is_served(name: str) -> None:
    async def serve() -> None:
        transport = httpx.ASGITransport(create_app(variations=[name]))
        async with httpx.AsyncClient(transport=transport) as connection:
            client = Client(name, connection)
            pattern = "values" in VARIATIONS[name].configuration
            ids = ("KA-12345678", "KA-87654321") if pattern else (INFO["company_id"], NEW_INFO["company_id"])
            body, info = signup_body(), {**NEW_INFO, "name": "Metro", "company_id": ids[1]}
            body["info"]["company_id"] = ids[0]
            body["documents"][1] = {"name": "Front.jpeg", "data": "/9j/4AAQSkZJRg=="}

            made = await client.call(SIGNUP, body, client.signup_token)
            identity, token = made["registration"]["id"], made["auth"]["token"]
            await client.hook(identity)
            get = {"registration": {"id": identity}}
            got = await client.call(GET, get, token)
            updated = await client.call(UPDATE, {**get, "info": info}, token)
            added = await client.call(ADD, {**get, "documents": [PDF]}, token)

            assert named(made["info"]) == named(got["info"]) == body["info"]
            assert named(updated["info"]) in (info, body["info"])
            assert sorted(document["name"] for document in added["documents"]) == sorted(
                document["name"] for document in [*body["documents"], PDF]
            )

    asyncio.run(serve())


def named(info: Mapping[str, Any]) -> dict[str, Any]:
    """Take the members that the page names."""
    return {name: info[name] for name in INFO}


@pytest.mark.parametrize(
    "pair",
    [
        ("errors-null", "nack-status-by-reason"),
        ("documents-reversed", "documents-id-numbered"),
        ("updates-after-approval", "replica-reads"),
        ("envelope", "reply-header-upper-case"),
        ("reply-gzip", "reply-byte-order-mark"),
        ("status-names", "update-fail-stays"),
        ("verification-immediate-after-all", "id-urn"),
    ],
)
def test_two_variations_go_together(pair: tuple[str, str]) -> None:
    async def serve() -> None:
        transport = httpx.ASGITransport(create_app(variations=pair))
        async with httpx.AsyncClient(transport=transport) as connection:
            client = Client(pair[0], connection)
            made = await client.call(SIGNUP, signup_body(), "placeholder")
            get = {"registration": {"id": made["registration"]["id"]}}
            token = made["auth"]["token"]
            await client.call(GET, get, token)
            updated = await client.call(UPDATE, {**get, "info": NEW_INFO}, token)
            assert updated["registration"]["id"] == made["registration"]["id"]

    asyncio.run(serve())


def test_a_held_update_is_shown_after_approval() -> None:
    async def serve() -> None:
        transport = httpx.ASGITransport(create_app(variations=["updates-after-approval"]))
        async with httpx.AsyncClient(transport=transport) as connection:
            client = Client("updates-after-approval", connection)
            made = await client.call(SIGNUP, signup_body(), "placeholder")
            identity, token = made["registration"]["id"], made["auth"]["token"]
            get = {"registration": {"id": identity}}
            await client.call(UPDATE, {**get, "info": NEW_INFO}, token)
            assert (await client.call(GET, get, token))["info"] == INFO

            await connection.post(f"http://gateway/operator/registrations/{identity}/verify")

            assert (await client.call(GET, get, token))["info"] == NEW_INFO

    asyncio.run(serve())
