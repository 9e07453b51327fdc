"""Registrations in a SQLite file outlive the process."""

import signal

import httpx

from tests.reference_server.reference_messages import ADD, GET, INFO, NEW_INFO, NOW, PDF, SIGNUP, UPDATE, signup_body


def post(url, action, body, token="x"):
    header = {"Action": action, "Token": token, "Timestamp": NOW}
    reply = httpx.post(f"{url}/{action}", json=body, headers=header)
    assert reply.headers["action"] == "ACK"
    return reply.json()


def test_what_was_acknowledged_survives_a_kill(start, tmp_path):
    database = str(tmp_path / "registrations.sqlite")
    process, url = start("--database", database)
    made = post(url, SIGNUP, signup_body())
    token, registration = made["auth"]["token"], {"id": made["registration"]["id"]}
    post(url, UPDATE, {"registration": registration, "info": NEW_INFO}, token)
    last = post(url, ADD, {"registration": registration, "documents": [PDF]}, token)
    process.send_signal(signal.SIGKILL)
    process.wait()

    _, url = start("--database", database)
    seen = post(url, GET, {"registration": registration}, token)

    assert seen["info"] == NEW_INFO
    assert seen["registration"] == last["registration"]
    assert len(seen["documents"]) == 3
    again = post(url, ADD, {"registration": registration, "documents": [PDF]}, token)
    assert again["documents"][:3] == last["documents"]


def test_gateways_over_one_file_are_clones(planted, tmp_path):
    here, there = (planted(database=tmp_path / "registrations.sqlite") for _ in range(2))
    here.sign_up()
    there.id, there.token = here.id, here.token

    assert there.get().body["info"] == INFO
    there.update(NEW_INFO)
    assert here.get().body["info"] == NEW_INFO


def test_the_token_itself_is_not_in_the_file(planted, tmp_path):
    provider = planted(database=tmp_path / "registrations.sqlite")
    provider.sign_up()

    kept = b"".join(path.read_bytes() for path in tmp_path.iterdir())

    assert provider.id.encode() in kept
    assert provider.token.encode() not in kept
