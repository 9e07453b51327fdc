"""The command python -m reference_server."""

import socket
import subprocess
import sys
from pathlib import Path
from subprocess import Popen

import httpx
import pytest

from reference_server import DEFECTS, VARIATIONS
from reference_server.__main__ import main

ROOT = Path(__file__).resolve().parents[2]


def run(*arguments):
    command = [sys.executable, "-m", "reference_server", *arguments]
    return subprocess.run(command, capture_output=True, text=True, cwd=ROOT, timeout=300, check=False)


def test_it_says_where_it_listens_and_nothing_else(start):
    process, url = start("--defect", "get-path-missing", "--variation", "id-uuid")

    assert httpx.post(f"{url}/Provider/get", json={}).status_code == 404
    assert httpx.post(f"{url}/Provider/signup", json={}).headers["action"] == "NACK"
    process.terminate()
    assert process.stdout is not None
    assert process.stdout.read() == ""


@pytest.mark.skipif(not socket.has_dualstack_ipv6(), reason="this machine has no IPv6")
def test_it_listens_at_an_address_of_ipv6(start):
    _, url = start("--host", "::1")

    assert url.startswith("http://[::1]:")
    assert httpx.post(f"{url}/Provider/signup", json={}).headers["action"] == "NACK"


@pytest.mark.parametrize(
    ("kind", "name", "hint"),
    [
        ("defect", "get-path-mising", "did you mean 'get-path-missing'? "),
        ("variation", "id-uid", "did you mean 'id-uuid'? "),
        ("defect", "nopee", ""),
    ],
)
def test_an_unknown_name_is_an_error_that_names_a_close_one(kind, name, hint, capsys):
    status = main([f"--{kind}", name])

    said = capsys.readouterr()
    assert (status, said.out) == (2, "")
    assert said.err == f"reference_server: unknown {kind} '{name}'; {hint}--list prints all\n"


def test_the_list_ends_quietly_when_its_reader_has_enough():
    command = [sys.executable, "-m", "reference_server", "--list"]
    with Popen(command, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        assert process.stderr is not None
        process.stdout.close()

        assert process.stderr.read() == ""
        assert process.wait(300) == 0


def test_the_list_has_a_line_for_everything_that_can_be_planted(capsys):
    assert main(["--list"]) == 0

    lines = capsys.readouterr().out.splitlines()
    assert len(lines) == len(DEFECTS) + len(VARIATIONS)
    assert all(line.startswith(("defect     ", "variation  ")) for line in lines)


@pytest.mark.parametrize(
    "arguments",
    [
        ("--binding", "soap"),
        ("--port", "many"),
        ("--port", "70000"),
        ("--host", "no.such.host.invalid"),
        ("--database", "/nowhere/at/all.sqlite"),
    ],
)
def test_a_bad_option_ends_with_status_2(arguments):
    ended = run(*arguments)

    assert ended.returncode == 2
    assert ended.stdout == ""
    assert "Traceback" not in ended.stderr


def test_a_port_that_is_taken_ends_with_status_2(start):
    _, url = start()

    ended = run("--port", url.rsplit(":", 1)[1])

    assert ended.returncode == 2
    assert len(ended.stderr.splitlines()) == 1


def test_importing_the_package_imports_no_server():
    code = "import sys, reference_server; print({'starlette', 'sqlite3', 'json'} & set(sys.modules))"

    ended = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, cwd=ROOT, check=True)

    assert ended.stdout == "set()\n"
