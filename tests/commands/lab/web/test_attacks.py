"""What strangers may try at the pages and the API of a laboratory, and what comes of it."""

import contextlib
import json
import re
import sqlite3

import pytest

from beckn_conformance.commands.lab.accounts import Account
from beckn_conformance.commands.lab.places import Places
from beckn_conformance.commands.lab.refusals import Conflict
from beckn_conformance.commands.lab.web.sessions import ATTEMPTS, MOST, Sessions
from beckn_conformance.commands.lab.web.shield import LARGEST_FORM, POLICY
from tests.commands.lab.browsers import HOST
from tests.commands.lab.laboratories import ALICE, FOREVER, OFFICER, begun, entered, over, played, scripted
from tests.end_to_end.kit import until

MARKUP = "<script>alert(1)</script>\"'><img src=x onerror=alert(1)>{{ 7*7 }}"


@pytest.fixture
def ended(site, monkeypatch):
    """The ids of a gateway of alice's and its run."""
    scripted(monkeypatch)
    gateway = entered(site.laboratory)
    run = played(site.laboratory, gateway).id
    return gateway, run


PATHS = (
    *("/gateways/{gateway}", "/gateways/{gateway}/edit", "/gateways/{gateway}/run", "/runs/{run}"),
    "/runs/{run}/events",
    *("/runs/{run}/report", "/runs/{run}/report.zip", "/runs/{run}/files/report.json"),
)
DEEDS = (
    *("/gateways/{gateway}/edit", "/gateways/{gateway}/run", "/gateways/{gateway}/remove", "/runs/{run}/cancel"),
    *("/runs/{run}/remove", "/runs/{run}/replay", "/runs/{run}/certify"),
)


def test_another_vendor_s_run_is_the_same_as_none(site, ended):
    gateway, run = ended
    bob = site.browser("bob")

    for path in PATHS:
        found = bob.get(path.format(gateway=gateway, run=run))
        none = bob.get(path.format(gateway="0" * 16, run="0" * 16))
        assert (found.status_code, found.text) == (404, none.text), path
    for path in DEEDS:
        found = bob.send(path.format(gateway=gateway, run=run), {"name": "x", "url": "http://x.example", "days": "1"})
        assert found.status_code == 404, path
    assert site.laboratory.runs.get(ALICE, run).verdict
    page = bob.read("/") + bob.read("/compare") + bob.read("/judge")
    assert gateway not in page
    assert run not in page
    assert bob.get(f"/compare?old={run}&new={run}").status_code == 422


def test_another_vendor_s_run_is_404_in_the_api(site, ended):
    gateway, run = ended
    bob = site.program("bob")

    for method, path in (
        *(("GET", f"/gateways/{gateway}"), ("PUT", f"/gateways/{gateway}"), ("DELETE", f"/gateways/{gateway}")),
        *(("GET", f"/gateways/{gateway}/runs"), ("POST", f"/gateways/{gateway}/runs"), ("GET", f"/runs/{run}")),
        *(("DELETE", f"/runs/{run}"), ("POST", f"/runs/{run}/cancel"), ("GET", f"/runs/{run}/events")),
        *(("GET", f"/runs/{run}/report.zip"), ("GET", f"/runs/{run}/files/report.json")),
        *(("POST", f"/runs/{run}/replay"), ("POST", f"/runs/{run}/certify"), ("GET", f"/compare?old={run}&new={run}")),
    ):
        assert bob.ask(method, path).status_code == 404, (method, path)
    assert bob.ask("GET", "/gateways").json() == {"gateways": []}


def test_without_a_session_there_is_the_login_only(site, ended):
    stranger = site.browser()

    for path in ("/", "/compare", "/judge", "/verify", "/accounts", "/api", *PATHS):
        reply = stranger.get(path.format(gateway=ended[0], run=ended[1]))
        assert (reply.status_code, reply.headers["location"].partition("?")[0]) == (303, "/login")
    assert site.program().ask("GET", "/gateways").status_code == 401


def test_vendors_manage_no_accounts_and_certify_nothing(site, ended):
    alice, program = site.browser("alice"), site.program("alice")

    assert alice.get("/accounts").status_code == 403
    for path in ("/accounts/add", "/accounts/renew", "/accounts/remove", f"/runs/{ended[1]}/certify"):
        assert alice.send(path, {"name": "alice", "role": "officer"}).status_code == 403
    assert program.ask("POST", "/accounts", json={"name": "eve", "role": "officer"}).status_code == 403
    assert program.ask("POST", f"/runs/{ended[1]}/certify").status_code == 403
    assert "/accounts" not in alice.read("/")


@pytest.mark.parametrize("token", ["", "0" * 64, None])
def test_a_form_without_the_token_of_its_session_does_nothing(site, token):
    alice, eve = site.browser("alice"), site.browser("bob")
    other = re.search(r'form_token" value="(\w+)"', eve.read("/gateways/new"))[1]
    for given in (token, other):
        fields = {"name": "x", "url": "http://gw.example", **({} if given is None else {"form_token": given})}
        reply = alice.client.post("/gateways/new", data=fields, headers={"Origin": f"http://{HOST}"})
        assert reply.status_code == 403
    assert site.laboratory.gateways.list(Account("alice", "vendor")) == []


@pytest.mark.parametrize(
    "origin",
    [None, "null", "http://evil.example", f"http://{HOST}.evil.example", "http://127.0.0.1:9999", f"x://{HOST}"],
)
def test_a_form_from_another_site_does_nothing(local, origin):
    browser = local.browser()
    token = re.search(r'form_token" value="(\w+)"', browser.read("/gateways/new"))[1]
    headers = {} if origin is None else {"Origin": origin}

    fields = {"name": "x", "url": "http://gw.example", "form_token": token}
    assert browser.client.post("/gateways/new", data=fields, headers=headers).status_code == 403
    assert local.laboratory.gateways.list(Account("local", "officer")) == []


def test_a_page_of_another_site_reaches_no_api_on_loopback(local):
    body = {"name": "x", "url": "http://gw.example"}
    for headers in ({"Origin": "http://evil.example"}, {"Origin": "null"}, {"Sec-Fetch-Site": "cross-site"}):
        reply = local.program().client.post("/api/gateways", json=body, headers=headers)
        assert reply.status_code == 403
        assert "access-control-allow-origin" not in reply.headers
    assert local.program().ask("POST", "/gateways", json=body).status_code == 201


def test_head_is_get_without_a_body_and_changes_nothing(site, local):
    gateway = entered(local.laboratory, Account("local", "officer"))
    evil = {"Origin": "http://evil.example", "Sec-Fetch-Site": "cross-site"}

    assert local.browser().client.request("HEAD", f"/gateways/{gateway}/run", headers=evil).status_code == 200
    assert local.laboratory.runs.list(OFFICER) == []
    for _ in range(ATTEMPTS + 1):
        assert site.browser().client.request("HEAD", "/login", headers=evil).status_code == 200
    site.browser("alice")


@pytest.mark.parametrize(
    "host", ["evil.example", "evil.example:8090", "127.0.0.1.evil.example", "", "a@127.0.0.1", "127.0.0.1/x", "[::1"]
)
def test_a_name_that_was_led_here_by_dns_is_refused(local, host):
    browser = local.browser()

    for path in ("/", "/api/gateways", "/lab.css"):
        reply = browser.client.get(path, headers={"Host": host})
        assert reply.status_code == 421
        assert "set-cookie" not in reply.headers
    for name in ("localhost:8090", "127.0.0.1", "[::1]:8090"):
        assert browser.client.get("/", headers={"Host": name}).status_code == 200


def test_the_api_takes_no_cookie(site):
    alice = site.browser("alice")

    assert alice.client.get("/api/gateways").status_code == 403
    reply = alice.client.post("/api/gateways", json={}, headers={"Origin": f"http://{HOST}"})
    assert reply.status_code == 403


def test_a_cookie_is_for_the_browser_and_for_this_site_only(site):
    cookie = site.browser().log_in(site.tokens["alice"]).headers["set-cookie"]
    assert {"HttpOnly", "SameSite=strict", "Path=/"} <= {*cookie.split("; ")}
    assert site.tokens["alice"] not in cookie
    again = site.browser("alice")
    before = again.client.cookies["beckn_lab_8090"]
    again.log_in(site.tokens["alice"])
    assert again.client.cookies["beckn_lab_8090"] != before
    again.client.cookies.set("beckn_lab_8090", before)
    assert again.get("/").status_code == 303


def test_guesses_at_a_token_are_limited_and_a_right_one_always_passes(site):
    guesser = site.browser()
    headers = {"Origin": f"http://{HOST}"}

    statuses = [
        guesser.client.post("/login", data={"token": str(number)}, headers=headers).status_code
        for number in range(ATTEMPTS + 5)
    ]

    assert statuses == [401] * ATTEMPTS + [429] * 5
    reply = guesser.client.get("/api/gateways", headers={"Authorization": "Bearer guess"})
    assert (reply.status_code, int(reply.headers["retry-after"]) > 0) == (429, True)
    assert site.program("alice").ask("GET", "/gateways").status_code == 200
    site.browser("alice").read("/")


def test_a_session_ends_with_its_account_or_its_token(site):
    alice, bob = site.browser("alice"), site.browser("bob")
    olga = site.browser("olga")
    olga.send("/accounts/remove", {"name": "alice"})
    olga.send("/accounts/renew", {"name": "bob"})

    assert alice.get("/").status_code == 303
    assert bob.get("/").status_code == 303
    cookie = olga.client.cookies["beckn_lab_8090"]
    olga.send("/logout")
    olga.client.cookies.set("beckn_lab_8090", cookie)
    assert olga.get("/").status_code == 303


@pytest.mark.parametrize("deed", ["remove", "renew"])
def test_waiting_for_news_ends_with_the_account_or_its_token(site, monkeypatch, deed):
    scripted(monkeypatch, FOREVER)
    runs = [begun(site.laboratory, ALICE, entered(site.laboratory)) for _ in range(2)]
    alice, olga = site.program("alice"), site.browser("olga")
    get = site.laboratory.runs.get
    asked = []

    def seen(account, id_):
        """Has the account changed by somebody else once alice waits."""
        asked.append(id_)
        if len(asked) == 3:
            known = site.app.app.state.site.accounts
            known.remove("alice") if deed == "remove" else known.renew("alice")
        return get(account, id_)

    with monkeypatch.context() as patch:
        patch.setattr(site.laboratory.runs.__class__, "get", lambda _, *which: seen(*which))
        assert alice.ask("GET", f"/runs/{runs[1]}?wait=600").status_code == 401
        assert 3 <= len(asked) < 6
    for run in runs:
        # Those of an account that was removed are cancelled already, or soon.
        with contextlib.suppress(Conflict):
            site.laboratory.runs.cancel(OFFICER, run)
    assert olga.get("/").status_code == 200


@pytest.mark.parametrize("by_hand", [False, True])
def test_the_runs_of_a_removed_account_are_cancelled(site, monkeypatch, by_hand):
    scripted(monkeypatch, FOREVER)
    runs = [begun(site.laboratory, ALICE, entered(site.laboratory)) for _ in range(2)]
    olga, path = site.program("olga"), site.data.with_name("accounts.json")
    until(lambda: site.laboratory.runs.get(ALICE, runs[0]).state == "running")

    if by_hand:
        kept = [row for row in json.loads(path.read_text())["accounts"] if row["name"] != "alice"]
        path.write_text(json.dumps({"accounts": kept, "removed": ["alice"]}))
    else:
        assert olga.ask("DELETE", "/accounts/alice").status_code == 204

    assert [over(site.laboratory, run).state for run in runs] == ["cancelled"] * 2
    assert olga.ask("POST", "/accounts", json={"name": "alice", "role": "vendor"}).status_code == 422


@pytest.mark.parametrize(
    "to", ["//evil.example", "/\\evil.example", "https://evil.example", "/a\r\nX: y", "javascript:x"]
)
def test_nobody_is_led_elsewhere_by_logging_in(site, to):
    reply = site.browser().send("/login", {"token": site.tokens["alice"], "next": to}, page="/login")

    assert reply.headers["location"] == "/"


@pytest.mark.parametrize(
    "name",
    [
        *("../../lab.sqlite3", "..%2f..%2flab.sqlite3", "%2e%2e/%2e%2e/secrets.key", "/etc/passwd", "%2fetc%2fpasswd"),
        *("findings/../../../secrets.key", "findings/x.sh", ".report.json", "report.json%00", "report.json/"),
        *("secret.txt", "link.json", "findings"),
    ],
)
def test_only_files_of_a_report_are_handed_out(site, ended, name):
    folder = site.laboratory.runs.folder(ALICE, ended[1])
    (folder / "secret.txt").write_text("secret")
    alice = site.browser("alice")

    reply = alice.client.get(f"/runs/{ended[1]}/files/{name}")

    assert reply.status_code == 404
    assert site.program("alice").ask("GET", f"/runs/{ended[1]}/files/{name}").status_code == 404


def test_a_link_in_a_report_folder_is_not_followed(site, ended):
    folder = site.laboratory.runs.folder(ALICE, ended[1])
    (folder / "summary.md").symlink_to(site.data / "secrets.key")
    (folder / "findings").symlink_to(site.data)
    alice = site.browser("alice")

    assert alice.get(f"/runs/{ended[1]}/files/summary.md").status_code == 404
    assert alice.get(f"/runs/{ended[1]}/files/findings/SIGNUP-ACK-01234567.sh").status_code == 404
    assert (site.data / "secrets.key").read_bytes() not in alice.get(f"/runs/{ended[1]}/report.zip").content


def test_markup_in_what_a_vendor_writes_is_text(site, monkeypatch):
    scripted(monkeypatch)
    alice, olga = site.browser("alice"), site.browser("olga")
    waiver = {"requirement": "SIGNUP-ID", "reason": MARKUP, "owner": MARKUP, "expires": "2030-01-01"}
    declared = {
        "gateway": {"name": MARKUP, "vendor": MARKUP, "version": MARKUP},
        "status_names": {"UPDATE-FAIL": MARKUP},
        "headers": {"X-Key": MARKUP},
        "waivers": [waiver],
    }
    reply = site.program("alice").ask(
        "POST", "/gateways", json={"name": MARKUP, "url": "http://gw.example/x", "declarations": declared}
    )
    assert reply.status_code == 201, reply.text
    id_ = reply.json()["id"]
    run = played(site.laboratory, id_).id

    pages = ["/", f"/?q={MARKUP}", f"/gateways/{id_}", f"/gateways/{id_}/edit", f"/gateways/{id_}/run", f"/runs/{run}"]
    pages += ["/compare", "/judge"]
    for page in pages:
        for browser in (alice, olga):
            text = browser.get(page).text
            assert "<script>alert" not in text, page
            assert "<img src=x" not in text, page
            assert "49" not in text.replace(id_, "").replace(run, "") or "{{ 7*7 }}" in text
    assert "&lt;script&gt;alert(1)" in alice.read("/")
    again = alice.send(f"/gateways/{id_}/edit", {"name": MARKUP, "url": MARKUP, "timeout": MARKUP})
    assert again.status_code == 422
    assert "<script>alert" not in again.text
    assert "<script>" not in alice.get(f"/badge/{reply.json()['badge']}.svg").text


def test_secrets_are_shown_to_nobody_again(site):
    alice, program = site.browser("alice"), site.program("alice")
    secrets = {"signup_token": "s3cret-token", "headers": {"X-Key": "s3cret-key"}}
    body = {"name": "one", "url": "http://gw.example", "declarations": secrets}
    made = program.ask("POST", "/gateways", json=body)
    id_ = made.json()["id"]

    for text in (
        *(made.text, program.ask("GET", f"/gateways/{id_}").text, program.ask("GET", "/gateways").text),
        *(alice.read(f"/gateways/{id_}"), alice.read(f"/gateways/{id_}/edit"), site.browser("olga").read("/")),
    ):
        assert "s3cret" not in text
    described = program.ask("GET", "/openapi.json").json()["components"]["schemas"]["Gateway"]["properties"]
    assert made.json()["declarations"]["signup_token"] in described["declarations"]["description"]
    assert program.ask("PUT", f"/gateways/{id_}", json=made.json()).status_code == 200
    assert site.laboratory.gateways.declaration(ALICE, id_) == secrets


def test_no_page_can_be_framed_and_none_runs_foreign_scripts(site, ended):
    alice = site.browser("alice")

    for path in ("/", "/login", f"/runs/{ended[1]}", "/nothing", "/lab.css", "/api/openapi.json", "/api/nothing"):
        headers = alice.get(path).headers
        assert headers["content-security-policy"] == POLICY
        assert headers["x-frame-options"] == "DENY"
        assert headers["x-content-type-options"] == "nosniff"
    for part in ("default-src 'none'", "frame-ancestors 'none'", "base-uri 'none'", "form-action 'self'"):
        assert part in POLICY
    assert "unsafe" not in POLICY
    assert alice.get("/").headers["cache-control"] == "no-store"


def test_a_report_runs_in_an_origin_of_its_own(site, ended):
    folder = site.laboratory.runs.folder(ALICE, ended[1])
    (folder / "report.html").write_text("<script>steal()</script>")
    reply = site.browser("alice").get(f"/runs/{ended[1]}/report")

    policy = reply.headers["content-security-policy"]
    assert policy.startswith("sandbox allow-scripts")
    assert "allow-same-origin" not in policy
    assert "connect-src" not in policy
    assert "default-src 'none'" in policy
    download = site.browser("alice").get(f"/runs/{ended[1]}/files/report.html")
    assert download.headers["content-disposition"].startswith("attachment")
    assert download.headers["content-type"] == "application/octet-stream"


@pytest.mark.parametrize("path", ["/judge", "/verify", "/gateways/new", "/api/judge"])
def test_what_a_stranger_uploads_is_not_even_read(site, path):
    read = []

    async def upload():
        read.append(1)
        yield b"x" * 1000

    headers = {"Origin": f"http://{HOST}", "Content-Type": "multipart/form-data; boundary=x", "Content-Length": "1000"}
    reply = site.browser().client.post(path, content=upload(), headers=headers)

    assert reply.status_code in (303, 401)
    assert read == []


def test_a_part_of_a_form_has_no_long_headers(site):
    # Older parsers take the square of its length, while nobody else is served.
    body = b'--x\r\nContent-Disposition: form-data; name="' + b";" * 10_000 + b'"\r\n\r\n1\r\n--x--\r\n'
    headers = {"Origin": f"http://{HOST}", "Content-Type": "multipart/form-data; boundary=x"}

    assert site.browser().client.post("/login", content=body, headers=headers).status_code == 400


def test_a_request_that_is_too_large_is_refused(site):
    alice = site.browser("alice")
    length = {"Origin": f"http://{HOST}", "Content-Length": str(LARGEST_FORM + 1)}
    assert alice.client.post("/gateways/new", content=b"", headers=length).status_code == 413

    length["Content-Length"] = str(64 * 1024 + 1)
    assert site.browser().client.post("/login", content=b"", headers=length).status_code == 413

    async def endless():
        for _ in range(3):
            yield b"x" * (LARGEST_FORM // 2)

    kind = {"Content-Type": "application/json"}
    assert site.program("alice").ask("POST", "/gateways", content=endless(), headers=kind).status_code == 413


@pytest.mark.parametrize(
    ("kind", "content"),
    [
        ("application/json", b"[" * 100_000),
        ("application/json", b'{"name": "\\ud800", "url": "http://gw.example"}'),
        ("application/json", b"\xff"),
        ("application/json", json.dumps([1]).encode()),
        ("multipart/form-data", b"x"),
        ("multipart/form-data; boundary=x", b"--x\r\n"),
        ("application/x-www-form-urlencoded", b"&".join(b"a=1" for _ in range(5000))),
        ("text/plain", b"x"),
    ],
)
def test_a_body_that_cannot_be_read_is_the_sender_s_fault(site, kind, content):
    reply = site.program("alice").ask("POST", "/gateways", content=content, headers={"Content-Type": kind})

    assert 400 <= reply.status_code < 500, reply.text
    assert "error" in reply.json()


@pytest.mark.parametrize("charset", ["undefined", "punycode", "unicode_escape"])
def test_a_form_is_in_utf_8_as_others_take_long_or_crash(site, charset):
    # A name of a form is decoded while nobody else is served.
    body = b'--x\r\nContent-Disposition: form-data; name="token"\r\n\r\n-\\ud800\r\n--x--\r\n'
    headers = {"Origin": f"http://{HOST}", "Content-Type": f"multipart/form-data; boundary=x; charset={charset}"}

    assert site.browser().client.post("/login", content=body, headers=headers).status_code == 415
    headers["Content-Type"] = headers["Content-Type"].replace(charset, "UTF-8")
    assert site.browser().client.post("/login", content=body, headers=headers).status_code == 401


def test_what_the_operator_has_to_mend_is_told_to_him_only(site, capsys):
    alice = site.browser("alice")
    known = next(site.data.parent.glob("accounts.json"))
    known.write_text("{")

    for reply in (alice.get("/"), site.program("alice").ask("GET", "/gateways")):
        assert reply.status_code == 503
        assert "accounts" not in reply.text
        assert reply.headers["content-security-policy"] == POLICY
    assert str(known) in capsys.readouterr().err


def test_a_full_disk_is_503_everywhere(site, monkeypatch):
    gateway = entered(site.laboratory)
    alice, program = site.browser("alice"), site.program("alice")
    monkeypatch.setattr(Places, "full", True)
    file = {"file": ("log.json", b"{}")}

    for path, how in ((f"/gateways/{gateway}/runs", {}), ("/judge", {"files": file}), ("/verify", {"files": file})):
        reply = program.ask("POST", path, **how)
        assert (reply.status_code, reply.json()) == (503, {"error": "the disk of the laboratory is full"}), path
    assert site.laboratory.runs.list(ALICE) == []
    for path in (f"/gateways/{gateway}/run", "/judge", "/verify"):
        reply = alice.send(path, {"class": "core"}, **({} if path.endswith("run") else {"files": file}))
        assert (reply.status_code, "is full" in reply.text) == (503, True), path


@pytest.mark.parametrize("error", [sqlite3.OperationalError("database or disk is full"), OSError(28, "No space left")])
def test_a_session_that_cannot_be_written_is_503(site, monkeypatch, error):
    def full(sessions, account):
        raise error

    monkeypatch.setattr(Sessions, "begin", full)

    assert site.browser().log_in(site.tokens["alice"]).status_code == 503


def test_without_accounts_no_number_of_windows_closes_another(local):
    browser = local.browser()
    token = re.search(r'form_token" value="(\w+)"', browser.read("/gateways/new"))[1]

    for _ in range(MOST + 1):
        assert "set-cookie" not in local.browser().get("/").headers

    fields = {"name": "x", "url": "http://gw.example", "form_token": token}
    reply = browser.client.post("/gateways/new", data=fields, headers={"Origin": f"http://{HOST}"})
    assert reply.status_code == 303


def test_two_laboratories_on_one_machine_keep_their_sessions_apart(site):
    alice = site.browser("alice")
    other = {"Host": "127.0.0.1:9999", "Origin": "http://127.0.0.1:9999"}

    assert alice.client.post("/login", data={"token": site.tokens["alice"]}, headers=other).status_code == 303

    assert {"beckn_lab_8090", "beckn_lab_9999"} == {*alice.client.cookies.keys()}
    assert alice.send("/gateways/new", {"name": "x", "url": "http://gw.example"}).status_code == 303
