"""Visitors of a laboratory in tests, without a network: a browser with its cookie, and a program with its token."""

from __future__ import annotations

import asyncio
import contextlib
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import httpx

from beckn_conformance.commands.lab.accounts import Accounts
from beckn_conformance.commands.lab.laboratory import Laboratory, Settings, opened
from beckn_conformance.commands.lab.web.server import application
from beckn_conformance.commands.lab.web.sessions import Attempts, Sessions
from beckn_conformance.commands.lab.web.shield import LOOPBACK, Shield
from beckn_conformance.commands.lab.web.visits import Site

HOST = "127.0.0.1:8090"
FORM_TOKEN = re.compile(r'name="form_token" value="([0-9a-f]{64})"')


class Client:
    """Sends requests to the laboratory in this process."""

    def __init__(self, app, runner, headers=None):
        transport = httpx.ASGITransport(app, client=("192.0.2.1", 5000))
        self._client = httpx.AsyncClient(transport=transport, base_url=f"http://{HOST}", headers=headers)
        self._runner = runner

    @property
    def cookies(self):
        return self._client.cookies

    def request(self, method, path, **how):
        return self._runner.run(self._client.request(method, path, **how))

    def get(self, path, **how):
        return self.request("GET", path, **how)

    def post(self, path, **how):
        return self.request("POST", path, **how)


class Browser:
    """A browser: it keeps its cookie, says from which page a form comes, and sends the token of that page."""

    def __init__(self, client):
        self.client = client

    def get(self, path, **how):
        return self.client.get(path, **how)

    def read(self, path):
        """The text of a page that there is."""
        reply = self.get(path)
        assert reply.status_code == 200, (reply.status_code, reply.text)
        return str(reply.text)

    def send(self, path, fields=(), *, page="/gateways/new", **how):
        """Sends a form of a page."""
        found = FORM_TOKEN.search(self.get(page).text)
        data = {**({"form_token": found[1]} if found else {}), **dict(fields)}
        return self.client.post(path, data=data, headers={"Origin": f"http://{HOST}"}, **how)

    def log_in(self, token):
        return self.send("/login", {"token": token}, page="/login")


class Program:
    """A program that uses the API."""

    def __init__(self, client):
        self.client = client

    def ask(self, method, path, **how):
        return self.client.request(method, f"/api{path}", **how)


@dataclass(frozen=True)
class Website:
    """A laboratory with its pages."""

    app: Shield
    laboratory: Laboratory
    tokens: Mapping[str, str]
    """By name of the account; empty without accounts."""
    data: Path
    attempts: Attempts
    runner: asyncio.Runner

    def browser(self, name=None):
        """A browser, of somebody who has logged in if a name is given."""
        made = Browser(Client(self.app, self.runner, {"Accept": "text/html,*/*;q=0.8"}))
        if name is not None:
            assert made.log_in(self.tokens[name]).status_code == 303
        return made

    def program(self, name=None):
        headers = {"Authorization": f"Bearer {self.tokens[name]}"} if name else {}
        return Program(Client(self.app, self.runner, headers))


@contextlib.contextmanager
def website(folder, *, accounts=True, key=None):
    """A laboratory with the vendors alice and bob and the officer olga, or without accounts."""
    known, tokens = None, {}
    if accounts:
        known = Accounts(folder / "accounts.json")
        tokens = {
            "olga": known.add("olga", "officer"),
            "alice": known.add("alice", "vendor"),
            "bob": known.add("bob", "vendor"),
        }
    data = folder / "data"
    with (
        # It has no loop before it is used: a test with a real browser has one already.
        contextlib.closing(asyncio.Runner()) as runner,
        opened(Settings(data, key=key), known) as laboratory,
        contextlib.closing(Sessions(data / "sessions")) as sessions,
    ):
        site = Site(laboratory, known, sessions)
        yield Website(
            application(site, None if accounts else LOOPBACK), laboratory, tokens, data, site.attempts, runner
        )
