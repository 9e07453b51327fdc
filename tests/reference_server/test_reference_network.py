"""Gateways that clone to each other: everything comes everywhere, once, whatever happens on the way."""

from __future__ import annotations

import asyncio
import json
from dataclasses import dataclass

import httpx
import pytest

from reference_server import create_app
from reference_server.__main__ import main
from reference_server.hosts import Hosts, network
from reference_server.network import Region
from tests.reference_server.reference_messages import (
    ADD,
    GET,
    INFO,
    JPEG,
    NEW_INFO,
    NOW,
    PDF,
    SIGNUP,
    UPDATE,
    signup_body,
)

CLONE = "/_clone"
THREE = ("http://a", "http://b", "http://c")


@dataclass
class Client:
    """Calls gateways by their hosts, about one registration."""

    hosts: Hosts
    id: str = ""
    token: str = "x"

    async def call(self, host, action, **parts):
        """Give the body of an ACK, None for a NACK."""
        header = {"Action": action, "Token": self.token, "Timestamp": NOW}
        body = parts or {"registration": {"id": self.id}}
        async with httpx.AsyncClient(transport=self.hosts) as client:
            answer = await client.post(f"http://{host}/{action}", json=body, headers=header)
        return answer.json() if answer.headers["action"] == "ACK" else None

    async def sign_up(self, host):
        made = await self.call(host, SIGNUP, **signup_body())
        self.id, self.token = made["registration"]["id"], made["auth"]["token"]

    async def update(self, host, **info):
        assert await self.call(host, UPDATE, registration={"id": self.id}, info=info)

    async def add(self, host, *documents):
        """Add documents, and give the ids of all."""
        added = await self.call(host, ADD, registration={"id": self.id}, documents=[*documents])
        return [document["id"] for document in added["documents"]]

    async def see(self, host):
        return await self.call(host, GET)

    async def agree(self, fits=bool):
        """Wait until all gateways show the same, and what is waited for; gives that."""
        for _ in range(200):
            seen = [await self.see(host) for host in self.hosts.apps]
            if all(map(fits, seen)) and len({_in_any_order(one) for one in seen}) == 1:
                return seen[0]
            await asyncio.sleep(0.02)
        raise AssertionError(f"they do not agree: {seen}")


def _in_any_order(seen):
    return json.dumps({**seen, "documents": sorted(seen["documents"], key=lambda d: json.dumps(d))})


@pytest.fixture
def client():
    return Client(network(THREE))


async def test_a_registration_is_served_everywhere_with_its_token(client):
    await client.sign_up("a")

    seen = await client.agree()

    assert seen["info"] == INFO
    assert len(seen["documents"]) == len(signup_body()["documents"])


async def test_changes_follow_and_documents_keep_their_ids(client):
    await client.sign_up("a")
    await client.update("a", **NEW_INFO)
    ids = await client.add("a", PDF)

    await client.agree(lambda seen: seen and seen["info"] == NEW_INFO and len(seen["documents"]) == len(ids))

    assert (await client.add("c", JPEG))[:-1] == ids


async def test_a_change_at_a_clone_flows_back(client):
    await client.sign_up("a")
    await client.agree()
    await client.update("b", phone="+91-8023329993")
    await client.agree(lambda seen: seen["info"]["phone"] == "+91-8023329993")
    await client.update("a", email="late@example.com")

    seen = await client.agree(lambda seen: seen["info"]["email"] == "late@example.com")

    assert seen["info"] == {**INFO, "phone": "+91-8023329993", "email": "late@example.com"}


async def test_of_updates_at_the_same_time_one_is_left_and_of_documents_all(client):
    await client.sign_up("a")
    before = await client.agree()
    both = [{**INFO, "name": name, "email": f"{name}@example.com"} for name in ("one", "two")]
    # None of them hears of the others before all have answered.
    client.hosts.away = {"a", "b", "c"}
    apps = {host: Client(_alone(client.hosts, host), client.id, client.token) for host in client.hosts.apps}
    for host, info in zip("ab", both, strict=True):
        await apps[host].update(host, **info)
    for host in "abc":
        await apps[host].add(host, {**PDF, "name": f"{host}.pdf"})
    client.hosts.away = set()

    seen = await client.agree(lambda seen: len(seen["documents"]) == len(before["documents"]) + 3)

    assert seen["info"] in both


def _alone(hosts, host):
    """A way to one gateway, whether the others reach it or not."""
    alone = Hosts()
    alone.apps[host] = hosts.apps[host]
    return alone


async def test_a_peer_that_was_away_misses_nothing_and_has_nothing_twice(client):
    client.hosts.away = {"b"}
    await client.sign_up("a")
    ids = await client.add("a", PDF, JPEG)
    before = len(client.hosts.carried)
    await client.update("a", **NEW_INFO)
    # In vain, after the last of the changes.
    while not any(request.url.host == "b" for request in client.hosts.carried[before:]):  # noqa: ASYNC110
        await asyncio.sleep(0.01)
    client.hosts.away = set()

    seen = await client.agree(lambda seen: seen and seen["info"] == NEW_INFO)

    assert len(seen["documents"]) == len(ids)


async def test_what_changes_while_it_is_told_is_told_again(client):
    peer, told, go_on = client.hosts.apps["b"], asyncio.Event(), asyncio.Event()

    async def slow(scope, receive, send):
        if scope["path"] == CLONE:
            told.set()
            await go_on.wait()
        await peer(scope, receive, send)

    client.hosts.apps["b"] = slow
    await client.sign_up("a")
    await told.wait()
    await client.update("a", **NEW_INFO)
    go_on.set()

    await client.agree(lambda seen: seen and seen["info"] == NEW_INFO)


async def test_what_is_told_twice_and_late_is_there_once(client):
    await client.sign_up("a")
    await client.update("a", **NEW_INFO)
    ids = await client.add("a", PDF)
    await client.agree(lambda seen: seen and len(seen["documents"]) == len(ids))
    told = [request for request in client.hosts.carried if request.url.path == "/_clone"]
    async with httpx.AsyncClient(transport=client.hosts) as connection:
        for request in reversed(told):
            again = await connection.post(request.url, content=await request.aread())
            assert again.status_code == 204

    seen = await client.agree()

    assert seen["info"] == NEW_INFO
    assert len(seen["documents"]) == len(ids)


async def test_a_restart_owes_the_peers_what_was_kept(tmp_path):
    hosts = Hosts()
    database = tmp_path / "registrations.sqlite"
    hosts.apps["a"] = create_app(region=Region(["http://b"], 0.5), transport=hosts, database=database)
    client = Client(hosts)
    await client.sign_up("a")
    await client.add("a", PDF)
    telling = asyncio.all_tasks() - {asyncio.current_task()}
    for task in telling:
        task.cancel()

    hosts.apps["b"] = create_app(region=Region(["http://a"], 0.5), transport=hosts)
    hosts.apps["a"] = create_app(region=Region(["http://b"], 0.5), transport=hosts, database=database)
    async with hosts.apps["a"].router.lifespan_context(hosts.apps["a"]):
        seen = await client.agree()

    assert len(seen["documents"]) == len(signup_body()["documents"]) + 1


def asked(app, *, content=b"[]", client=("127.0.0.1", 1), **headers):
    """Status of the answer to somebody who tells of clones."""

    async def ask():
        transport = httpx.ASGITransport(app, client=client)
        async with httpx.AsyncClient(transport=transport) as connection:
            return (await connection.post(f"http://a/any{CLONE}", content=content, headers=headers)).status_code

    return asyncio.run(ask())


def test_without_peers_there_is_nobody_to_tell():
    assert asked(create_app()) == 404


@pytest.mark.parametrize(
    ("secret", "host", "authorization", "status"),
    [
        ("", "127.0.0.1", "", 204),
        ("", "::1", "", 204),
        ("", "192.0.2.1", "", 403),
        ("", "192.0.2.1", "Bearer ", 403),
        ("known", "192.0.2.1", "Bearer known", 204),
        ("known", "127.0.0.1", "", 403),
        ("known", "127.0.0.1", "Bearer other", 403),
    ],
)
def test_strangers_tell_nothing(secret, host, authorization, status):
    app = create_app(region=Region(["http://b"], secret=secret))

    assert asked(app, client=(host, 1), Authorization=authorization) == status


@pytest.mark.parametrize("content", [b"", b"{", b"7", b"[7]", b'["{}"]', b'["[]"]', b"\xff"])
def test_what_no_gateway_sent_is_refused(content):
    assert asked(create_app(region=Region(["http://b"])), content=content) == 400


@pytest.mark.parametrize(
    "arguments",
    [
        ("--peer", "b"),
        ("--peer", "ftp://b"),
        ("--peer", "http://192.0.2.1"),
        ("--peer", "http://127.0.0.1:1", "--clone-within", "0"),
        ("--network", "0"),
        ("--network", "2", "--database", "registrations.sqlite"),
    ],
)
def test_a_region_that_cannot_be_is_an_error(arguments, capsys):
    status = main(["--port", "0", *arguments])

    said = capsys.readouterr()
    assert (status, said.out) == (2, "")
    assert len(said.err.splitlines()) == 1
