"""The HTTP API of a laboratory does what its pages do, and says in OpenAPI how."""

import contextlib
import json
import re
import time

import pytest

from beckn_conformance.commands.lab.examinations import Examinations
from beckn_conformance.commands.lab.web import api, live, pages
from tests.commands.lab.laboratories import ALICE, FOREVER, begun, entered, played, scripted
from tests.run.recordings import archive, entries


def test_a_vendor_s_pipeline_starts_a_run_and_waits_for_it(site, monkeypatch):
    scripted(monkeypatch, "time.sleep(0.3); judge()")
    alice = site.program("alice")
    gateway = alice.ask("POST", "/gateways", data={"name": "Acme", "url": "http://gw.example"}).json()["id"]

    started = alice.ask("POST", f"/gateways/{gateway}/runs", json={"class": "strict", "depth": 3, "seed": 4})
    assert started.status_code == 201
    ended = alice.ask("GET", f"/runs/{started.json()['id']}?wait=60").json()

    assert (ended["state"], ended["status"], ended["class"], ended["depth"]) == ("ended", 1, "strict", 3)
    assert ended["verdict"]
    assert alice.ask("GET", f"/gateways/{gateway}").json()["latest"] == ended
    assert alice.ask("GET", f"/gateways/{gateway}/runs").json() == {"runs": [ended]}
    assert alice.ask("GET", f"/runs/{ended['id']}/files/report.json").json()["verdict"] == ended["verdict"]
    assert alice.ask("GET", f"/runs/{ended['id']}/report.zip").content.startswith(b"PK")
    assert alice.ask("GET", f"/compare?old={ended['id']}&new={ended['id']}").json()["changes"] == []
    assert alice.ask("DELETE", f"/runs/{ended['id']}").status_code == 204
    assert alice.ask("DELETE", f"/gateways/{gateway}").status_code == 204
    assert alice.ask("GET", "/gateways").json() == {"gateways": []}


def test_a_wait_ends_in_time(site, monkeypatch):
    scripted(monkeypatch, FOREVER)
    alice = site.program("alice")
    run = begun(site.laboratory, ALICE, entered(site.laboratory))
    began = time.monotonic()

    assert alice.ask("GET", f"/runs/{run}?wait=1").json()["state"] in ("queued", "running")
    assert time.monotonic() - began >= 1
    assert alice.ask("GET", f"/runs/{run}?wait=soon").json()["fields"] == {"wait": "a number of seconds is needed"}
    assert alice.ask("POST", f"/runs/{run}/cancel").status_code == 200
    assert alice.ask("GET", f"/runs/{run}?wait=60").json()["state"] == "cancelled"
    assert alice.ask("POST", f"/runs/{run}/cancel").status_code == 409


def test_too_many_programs_that_wait_are_told_to_ask_later(site, monkeypatch):
    scripted(monkeypatch, FOREVER)
    alice = site.program("alice")
    run = begun(site.laboratory, ALICE, entered(site.laboratory))

    with contextlib.ExitStack() as others:
        for _ in range(live.MOST_OF_ONE):
            others.enter_context(live.waiting(ALICE))
        assert alice.ask("GET", f"/runs/{run}?wait=1").status_code == 409
        assert alice.ask("GET", f"/runs/{run}").status_code == 200

    assert alice.ask("GET", f"/runs/{run}?wait=1").status_code == 200
    assert alice.ask("POST", f"/runs/{run}/cancel").status_code == 200


def test_a_program_may_say_json_and_send_nothing(site, monkeypatch):
    scripted(monkeypatch)
    alice, headers = site.program("alice"), {"Content-Type": "application/json"}
    gateway = entered(site.laboratory)

    for path in ("/gateways", f"/gateways/{gateway}"):
        assert alice.ask("GET", path, headers=headers).status_code == 200
    assert alice.ask("POST", f"/gateways/{gateway}/runs", headers=headers).json()["depth"] == 25
    assert alice.ask("DELETE", "/runs/none", headers=headers).status_code == 404


def test_what_cannot_be_used_is_said_by_field(site):
    alice = site.program("alice")
    body = {"name": "", "url": "ftp://x", "declarations": {"timeout": -3, "headers": {"X Y": "k"}}}
    reply = alice.ask("POST", "/gateways", json=body)

    assert reply.status_code == 422
    assert {"name", "url", "timeout", "headers"} <= reply.json()["fields"].keys()
    for declarations in ("{", "[]", 3):
        bad = alice.ask(
            "POST", "/gateways", data={"name": "a", "url": "http://x.example", "declarations": declarations}
        )
        assert bad.json()["fields"].keys() == {"declarations"}


def test_a_misspelt_name_is_refused_with_the_nearest(site):
    alice, gateway = site.program("alice"), entered(site.laboratory)

    for how in ({"data": {"clas": "strict"}}, {"json": {"clas": "strict"}}):
        reply = alice.ask("POST", f"/gateways/{gateway}/runs", **how)
        assert (reply.status_code, reply.json()["fields"]) == (
            422,
            {"clas": "there is no field 'clas'; did you mean 'class'?"},
        )
    reply = alice.ask("GET", "/gateways?query=x")
    assert reply.json()["error"] == "there is no query parameter 'query'; known are q"
    assert alice.ask("GET", f"/gateways/{gateway}/runs").json() == {"runs": []}
    many = alice.ask("POST", "/gateways", data={f"x{number}": "" for number in range(1000)})
    assert len(many.json()["fields"]) == api.MOST_ERRORS


def test_a_404_names_what_is_missing(site, monkeypatch):
    scripted(monkeypatch)
    alice, run = (
        site.program("alice"),
        played(site.laboratory).id,
    )

    for path, what in (("/runs/none", "run"), ("/gateways/none", "gateway"), ("/gateways/none/runs", "gateway")):
        assert alice.ask("GET", path).json() == {"error": f"there is no such {what}"}
    unknown = alice.ask("POST", f"/runs/{run}/replay", data={"finding": "NONE"})
    assert unknown.status_code == 404
    assert unknown.json()["error"].startswith(("no finding is named 'NONE'; there are", "the report has no findings"))
    assert alice.ask("POST", f"/runs/{run}/replay").json()["fields"] == {"finding": "a finding is needed"}
    missing = alice.ask("GET", f"/compare?old={run}")
    assert (missing.status_code, missing.json()["error"]) == (422, "new: a run is needed")


def test_what_is_not_sent_of_a_gateway_stays(site):
    alice = site.program("alice")
    id_ = alice.ask("POST", "/gateways", json={"name": "a", "url": "http://a.example", "declarations": {"rate": 5}})
    id_ = id_.json()["id"]

    assert alice.ask("PUT", f"/gateways/{id_}", json={"name": "b"}).json()["declarations"] == {"rate": 5}
    changed = alice.ask("PUT", f"/gateways/{id_}", json={"url": "http://b.example", "declarations": {}}).json()
    assert (changed["name"], changed["url"], changed["declarations"]) == ("b", "http://b.example", {})


def test_events_are_streamed_from_an_offset_on(site, monkeypatch):
    line = {"tests": 1, "of": 2, "exchanges": 3, "seconds": 1.0}
    scripted(monkeypatch, f"progress.write_text(json.dumps({line}) + chr(10) + json.dumps({line})); judge()")
    alice = site.program("alice")
    run = played(site.laboratory).id

    text = alice.ask("GET", f"/runs/{run}/events").text

    (offset,) = re.findall(r"^id: (\d+)$", text, re.MULTILINE)
    (data,) = re.findall(r"^data: (\{.*)$", text, re.MULTILINE)
    assert json.loads(data) == {**line, "gone": [], "findings": []}
    assert text.endswith('event: state\ndata: "ended"\n\n')
    again = alice.ask("GET", f"/runs/{run}/events", headers={"Last-Event-ID": offset}).text
    assert "id:" not in again


def test_recorded_traffic_is_judged_and_a_bad_file_is_named(site):
    alice = site.program("alice")
    har = json.dumps(archive(entries())).encode()
    run = alice.ask("POST", "/judge", files={"file": ("traffic.har", har)}, data={"class": "core"})
    assert run.status_code == 201, run.text
    assert (run.json()["kind"], run.json()["state"]) == ("judged", "ended")
    assert run.json()["exchanges"] > 0

    bad = alice.ask("POST", "/judge", files={"file": ("traffic.har", b"nothing")})
    assert (bad.status_code, {*bad.json()["fields"]}) == (422, {"file"})
    assert alice.ask("POST", "/judge", data={"file": "no file"}).json()["fields"] == {"file": "choose a file"}
    assert alice.ask("POST", "/verify", files={"file": ("c.json", b"{}")}).json()["fields"].keys() == {"key"}


def test_half_a_character_is_escaped(site, monkeypatch):
    said = {"valid": False, "statement": {"predicate": {"gateway": {"name": "\ud800"}}}}
    monkeypatch.setattr(Examinations, "verify", lambda *arguments: said)

    reply = site.program("alice").ask("POST", "/verify", files={"file": ("c.json", b"{}")})

    assert (reply.status_code, json.loads(reply.text)) == (200, said)


def test_officers_manage_accounts(site):
    olga = site.program("olga")
    made = olga.ask("POST", "/accounts", json={"name": "carol", "role": "vendor"})
    assert made.status_code == 201

    names = [row["name"] for row in olga.ask("GET", "/accounts").json()["accounts"]]
    assert names == ["alice", "bob", "carol", "olga"]
    assert "token" not in olga.ask("GET", "/accounts").text
    assert olga.ask("POST", "/accounts/carol/token").json()["token"] != made.json()["token"]
    assert olga.ask("DELETE", "/accounts/carol").status_code == 204
    assert olga.ask("DELETE", "/accounts/carol").status_code == 404
    assert olga.ask("DELETE", "/accounts/olga").status_code == 422
    assert olga.ask("POST", "/accounts", json={"name": "eve", "role": "king"}).json()["fields"].keys() == {"role"}


def test_without_accounts_no_token_is_needed_and_any_is_taken(local):
    assert local.program().ask("GET", "/gateways").json() == {"gateways": []}
    headers = {"Authorization": "Bearer whatever"}
    assert local.program().client.get("/api/gateways", headers=headers).status_code == 200
    assert local.program().ask("GET", "/accounts").status_code == 404


@pytest.mark.parametrize("method", ["GET", "POST", "DELETE", "PATCH"])
def test_an_unknown_call_is_404_in_json(site, method):
    reply = site.program("alice").ask(method, "/nothing")

    assert reply.status_code == 404
    assert "openapi.json" in reply.json()["error"]


def test_the_api_describes_itself_whole(site, local):
    from openapi_spec_validator import validate

    description = site.program().ask("GET", "/openapi.json").json()
    validate(description)

    routes = {(method, route.path) for route in api.routes() for method in route.methods or () if method != "HEAD"}
    described = {
        (method.upper(), path.replace("{name}", "{name:path}") if "/files/" in path else path)
        for path, calls in description["paths"].items()
        for method in calls
    }
    assert described == {(m, p) for m, p in routes if p != "/api/openapi.json"}
    assert description["openapi"] == "3.1.0"
    assert description["security"] == [{"token": []}]
    assert "security" not in local.program().ask("GET", "/openapi.json").json()
    started = description["paths"]["/api/gateways/{id}/runs"]["post"]["requestBody"]["content"]
    assert {"application/json", "application/x-www-form-urlencoded"} < started.keys()
    manual = site.browser("alice").read("/api")
    assert "Authorization: Bearer $TOKEN" in manual
    assert "Authorization" not in local.browser().read("/api")
    for _, path in described:
        assert path.replace(":path", "") in manual


def test_every_page_has_its_own_way(site):
    paths = [path for path, *_ in (*pages.PAGES, *pages.PUBLIC)]
    assert len(paths) == len({*paths})


def test_rows_have_the_members_that_are_described(site, monkeypatch):
    scripted(monkeypatch)
    schemas = site.program().ask("GET", "/openapi.json").json()["components"]["schemas"]
    gateway = entered(site.laboratory)
    run = played(site.laboratory, gateway).id
    alice = site.program("alice")

    for name, path in (("Run", f"/runs/{run}"), ("Gateway", f"/gateways/{gateway}")):
        row = alice.ask("GET", path).json()
        assert row.keys() <= schemas[name]["properties"].keys(), name
        assert schemas[name]["properties"].keys() - row.keys() <= {"place"}
