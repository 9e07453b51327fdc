"""The command refuses in one line what it cannot serve, and serves until it is told to end."""

import json
import os
import signal
import socket
import subprocess
import sys
import urllib.request

import pytest

from beckn_conformance.commands.cli import main
from beckn_conformance.commands.lab import laboratory
from beckn_conformance.commands.lab.accounts import LOCAL, Accounts
from beckn_conformance.commands.lab.laboratory import Settings
from tests.end_to_end.kit import environment


@pytest.fixture
def taken():
    """A port on which something else listens."""
    with socket.create_server(("127.0.0.1", 0)) as listening:
        yield listening.getsockname()[1]


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (["--workers", "0"], "--workers 0: it takes 1 or more"),
        (["--limit", "0"], "--limit 0: a run takes seconds, and a week at most"),
        (["--host", "0.0.0.0"], "--host 0.0.0.0: beyond loopback everybody has to log in"),
        (["--accounts", "none.json"], "none.json cannot be read"),
        (["--key", "none"], "none cannot be read"),
        (["--allow", "a b"], "'a b' is not a host pattern"),
        (["--host", "nowhere.invalid"], "--host nowhere.invalid"),
        (["--port", "70000"], "--port 70000: a port is 65535 at most"),
    ],
)
def test_what_cannot_be_served_is_said_in_one_line(tmp_path, capsys, options, said):
    status = main(["lab", "--data", str(tmp_path / "lab"), "--port", "0", *options])

    told = capsys.readouterr()
    assert (status, told.out) == (4, "")
    assert told.err.startswith(f"beckn-conformance: {said}")
    assert told.err.count("\n") == 1


def test_a_port_that_is_taken_leaves_the_data_alone(tmp_path, taken, capsys):
    assert main(["lab", "--data", str(tmp_path / "lab"), "--port", str(taken)]) == 4
    assert "Address already in use" in capsys.readouterr().err
    assert not (tmp_path / "lab").exists()


def test_a_key_of_another_laboratory_is_said_in_one_line(tmp_path, capsys):
    for name in ("ours", "theirs"):
        with laboratory.opened(Settings(tmp_path / name)) as lab:
            lab.gateways.add(LOCAL, "one", "reference", {})
    (tmp_path / "theirs" / "secrets.key").replace(tmp_path / "ours" / "secrets.key")

    assert main(["lab", "--data", str(tmp_path / "ours"), "--port", "0"]) == 4
    told = capsys.readouterr().err
    assert "secrets.key is not the key of this laboratory" in told
    assert told.count("\n") == 1


def test_an_account_gets_a_token_once(tmp_path, capsys):
    command = ["lab", "adduser", "acme", "--role", "vendor", "--accounts", str(tmp_path / "a.json")]
    assert main(command) == 0
    token = capsys.readouterr().out.strip().rpartition(" ")[2]

    found = Accounts(tmp_path / "a.json").with_token(token)
    assert found is not None
    assert (found.name, found.role) == ("acme", "vendor")
    assert token not in (tmp_path / "a.json").read_text()
    assert main(command) == 4


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_it_serves_until_it_is_told_to_end(tmp_path, number):
    command = [sys.executable, "-m", "beckn_conformance", "lab", "--data", str(tmp_path / "lab"), "--port", "0"]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=environment())
    try:
        assert process.stdout is not None
        url = process.stdout.readline().split()[1]
        with urllib.request.urlopen(f"{url}api/gateways", timeout=60) as reply:
            assert json.load(reply) == {"gateways": []}
        os.kill(process.pid, number)
        rest, errors = process.communicate(timeout=60)
    finally:
        process.kill()

    assert (process.returncode, rest, errors) == (2, "", "")
