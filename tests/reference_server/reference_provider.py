"""A provider that talks to a reference gateway in process."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import httpx

from tests.reference_server.reference_messages import ADD, GET, NOW, SIGNUP, UPDATE, signup_body


@dataclass(frozen=True)
class Seen:
    """A reply, with its header taken out of the binding."""

    status: int
    action: str
    message: str
    body: Any
    headers: Mapping[str, str] = field(repr=False)


@dataclass
class Provider:
    """Calls a gateway, by default with the token of its own signup."""

    app: Any
    binding: str = "http"
    base: str = "http://gateway/api"
    id: str = ""
    token: str = "placeholder"

    def raw(self, path, content, header, method="POST"):
        """Send a text as it is."""

        async def send():
            transport = httpx.ASGITransport(self.app)
            async with httpx.AsyncClient(transport=transport, base_url=self.base) as client:
                return await client.request(method, path, content=content, headers=header)

        return asyncio.run(send())

    def call(self, action, body, *, path=None, **header):
        """Send a request; a header member given as None is left out."""
        members = {"Action": action, "Token": self.token, "Timestamp": NOW, **header}
        sent = {name: value for name, value in members.items() if value is not None}
        path = f"/{path or action}"
        if self.binding == "http":
            reply = self.raw(path, json.dumps(body).encode(), sent)
            shown = json.loads(reply.content)
            return Seen(reply.status_code, reply.headers["action"], reply.headers["message"], shown, reply.headers)
        reply = self.raw(path, json.dumps({"header": sent, "body": body}).encode(), {})
        envelope = json.loads(reply.content)
        answered = envelope["header"]
        return Seen(reply.status_code, answered["action"], answered["message"], envelope["body"], reply.headers)

    def sign_up(self, body=None):
        """Sign up, and keep id and token."""
        seen = self.call(SIGNUP, body or signup_body())
        self.id = seen.body["registration"]["id"]
        self.token = seen.body["auth"]["token"]
        return seen

    def get(self, **header):
        """Ask for the registration."""
        return self.call(GET, {"registration": {"id": self.id}}, **header)

    def update(self, info, **header):
        """Update info."""
        return self.call(UPDATE, {"registration": {"id": self.id}, "info": info}, **header)

    def add(self, *documents, **header):
        """Add documents."""
        return self.call(ADD, {"registration": {"id": self.id}, "documents": list(documents)}, **header)

    def operate(self, judgement):
        """Have an operator judge the registration."""
        url = f"http://gateway/operator/registrations/{self.id}/{judgement}"
        return self.raw(url, b"", {}).status_code
