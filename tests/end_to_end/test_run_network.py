"""Gateways that clone to each other are judged together; what a network does is not lost, nor held against one."""

import contextlib
import datetime
import json
import signal
import socket
import sqlite3
import time

import httpx
import pytest

from beckn_conformance.commands.certificate import examination, keys
from beckn_conformance.commands.cli import main
from beckn_conformance.specification.loading import load
from tests.end_to_end.kit import Kit, until
from tests.end_to_end.processes import ReferenceProcess
from tests.end_to_end.records import called_whole

CLONES = ("CLONE-SERVED", "CLONE-UPDATED", "CLONE-DOCUMENTS")
WITHIN = 20
"""Seconds; more than a busy machine takes. A run waits so long once, to see that nothing reverts."""


def free_ports(count):
    """Ports that nobody listens on."""
    with contextlib.ExitStack() as open_:
        sockets = [open_.enter_context(socket.create_server(("127.0.0.1", 0))) for _ in range(count)]
        return [one.getsockname()[1] for one in sockets]


class Member(ReferenceProcess):
    """A gateway of a network, in a process of its own."""

    def __init__(self, folder, port, ports):
        peers = [word for other in ports if other != port for word in ("--peer", f"http://127.0.0.1:{other}")]
        self._database = folder / f"{port}.sqlite"
        super().__init__(*peers, "--clone-within", "1", "--database", str(self._database), port=port)

    def register(self):
        """Makes a registration, updates it and adds to its documents; gives its id."""
        info = {"name": "Metro", "phone": "+91-8023329991", "email": "a@example.com"}
        info["company_id"] = "U72900KA2019PTC123456"
        documents = [{"name": "Certificate.pdf", "data": "JVBERi0xLjQK"}]
        body = {"info": info, "documents": documents, "api": {"endpoint_url": "https://api.example.com/beckn"}}
        made = self._call("signup", "signup", body)
        registration, token = {"id": made["registration"]["id"]}, made["auth"]["token"]
        self._call("info/update", token, {"registration": registration, "info": {**info, "name": "City Bus"}})
        self._call("documents/add", token, {"registration": registration, "documents": documents})
        return str(registration["id"])

    def _call(self, name, token, body):
        moment = time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime())
        header = {"Action": f"Provider/{name}", "Token": token, "Timestamp": moment}
        answer = httpx.post(f"{self.url}/Provider/{name}", json=body, headers=header, trust_env=False)
        assert answer.headers["action"] == "ACK"
        return answer.json()

    @property
    def kept(self):
        """What it keeps of every registration, but for the order of documents."""
        with contextlib.closing(sqlite3.connect(f"file:{self._database}?mode=ro", uri=True)) as connection:
            rows = [json.loads(content) for (content,) in connection.execute("SELECT content FROM registration")]
        return {row["id"]: {**row, "documents": sorted(row["documents"])} for row in rows}


@pytest.fixture
def network(tmp_path):
    ports = free_ports(3)
    members = []
    try:
        for port in ports:
            members.append(Member(tmp_path, port, ports))
        yield members
    finally:
        for member in members:
            member.kill()


def declared(kit, members):
    """One configuration for all of them."""
    return kit.configure(json.dumps({"peers": [member.url for member in members], "clone_within": WITHIN}))


def statuses(run):
    return {run.requirement(name)["status"] for name in CLONES}


def test_three_gateways_are_judged_together_and_certified(tmp_path, network, monkeypatch):
    keys.generate(tmp_path / "key")
    started = []
    for number, member in enumerate(network):
        (tmp_path / str(number)).mkdir()
        kit = Kit(tmp_path / str(number))
        started.append(kit.start(member.url, declared(kit, network), "-k", "CLONE"))

    for run, member in zip([one.wait() for one in started], network, strict=True):
        assert (run.findings, statuses(run)) == ([], {"passed"}), run.output
        asked = [row for row in run.journal if "peer" in row]
        assert {row["peer"] for row in asked} == {other.url for other in network} - {member.url}
        assert {row["operation"] for row in asked} == {"Provider/get"}
        assert {dict(row["request"]["headers"])["Token"][:8] for row in asked} == {"<secret "}
        before = (run.folder / "report.json").read_bytes()
        main(["report", str(run.folder)])
        assert (run.folder / "report.json").read_bytes() == before
    # One is certified; that the rest of the suite was left out is not what is tried here.
    called_whole(run.folder)
    monkeypatch.setattr(examination, "_incomplete", lambda judged: ())
    examination.issue(run.folder, keys.signer(tmp_path / "key"), load(), days=1)
    now = datetime.datetime.now(datetime.UTC)
    examined = examination.examine(run.folder, keys.public_key(tmp_path / "key.pub"), load(), now=now)
    assert examined.problems == ()


def test_nothing_is_lost_where_a_gateway_is_stopped_for_a_while_and_another_is_killed(kit, network):
    home, stopped, killed = network

    def asked():
        file = kit.report / "exchanges.jsonl"
        return file.exists() and '"peer"' in file.read_text()

    started = kit.start(home.url, declared(kit, network), "-k", "CLONE or test_concurrency or test_plain_signup")
    until(asked)
    stopped.signal(signal.SIGSTOP)
    killed.kill()
    try:
        made = home.register()
    finally:
        stopped.signal(signal.SIGCONT)
    killed.start()
    run = started.wait()

    assert run.findings == [], run.output
    assert statuses(run) == {"passed"}
    assert {made, *run.report["registrations"]} <= home.kept.keys()
    until(lambda: home.kept == stopped.kept == killed.kept)


def test_a_defect_is_found_and_replayed_at_the_embedded_network(kit, capsys):
    run = kit.run("reference:clone-once", "-k", "CLONE-UPDATED")

    assert {finding["requirement"] for finding in run.findings} == {"CLONE-UPDATED", "CLONE-DOCUMENTS"}
    assert {finding["status"] for finding in run.findings} == {"warned"}
    peers = sorted({row["peer"] for row in run.journal if "peer" in row})
    file = kit.configure(json.dumps({"peers": peers, "clone_within": 1})).partition("=")[2]
    main(["report", str(run.folder), "--har"])
    capsys.readouterr()
    main(["judge", str(run.folder / "exchanges.har"), "--gateway-config", file])
    assert run.requirement("CLONE-UPDATED")["findings"][0]["id"] in capsys.readouterr().out
    again = ["replay", str(run.folder), "CLONE-UPDATED", "--gateway-url"]
    assert [main([*again, "reference:clone-once"]), main([*again, "reference:network"])] == [1, 0]
    assert "no longer shows" in capsys.readouterr().out


def test_a_peer_that_cannot_be_reached_is_no_fault_of_the_gateway(kit):
    (port,) = free_ports(1)
    peer = f"http://127.0.0.1:{port}"
    options = kit.configure(json.dumps({"peers": [peer], "clone_within": 0.2, "patience": 0.5}))

    run = kit.run("reference", options, "-k", "CLONE-SERVED")

    assert run.findings == []
    assert run.requirement("CLONE-SERVED")["status"] == "inconclusive"
    assert f"the peer {peer} could not be asked: no connection" in run.requirement("CLONE-SERVED")["reason"]
