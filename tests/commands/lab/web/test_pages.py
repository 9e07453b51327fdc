"""The pages of a laboratory, as a browser without scripts sees them."""

import io
import re
import zipfile

import pytest

from beckn_conformance.commands.certificate import keys
from tests.commands.lab.browsers import website
from tests.commands.lab.laboratories import ALICE, FOREVER, OFFICER, begun, entered, over, played, scripted
from tests.end_to_end.kit import ROOT

LIVE = """
def line(**more): return json.dumps({"tests": 3, "of": 10, "exchanges": 1234, "seconds": 2.0, **more}) + "\\n"
finding = {"id": "X-1", "requirement": "SIGNUP-ID", "level": "MUST", "fails": True, "operation": "O",
           "pointer": "/a",
           "message": "<b>bad</b>", "sent": "this", "expected": "that", "observed": "other"}
progress.write_text(line() + line(findings=[finding, {**finding, "id": "X-2"}]) + line(gone=["X-2"]))
signal.signal(signal.SIGINT, lambda *_: judge())
while True: time.sleep(0.01)
"""


def error_of(page, name):
    """What stands at a field, to which the field itself points."""
    tag = re.search(rf'<(?:input|select|textarea)[^>]* id="{re.escape(name)}"[^>]*>', page)[0]
    assert 'aria-invalid="true"' in tag
    assert f"{name}-error" in re.search(r'aria-describedby="([^"]*)"', tag)[1].split()
    return re.search(rf'id="{re.escape(name)}-error"><b>Error:</b> ([^<]*)', page)[1]


def test_a_gateway_is_added_found_and_removed(site):
    alice = site.browser("alice")
    place = alice.send("/gateways/new", {"name": "Acme", "url": "http://gw.example/api/"}).headers["location"]

    assert "Acme" in alice.read("/")
    assert place in alice.read("/?q=acm+GW.EXAMPLE")
    assert place not in alice.read("/?q=other")
    assert "not judged yet" in alice.read(place)
    alice.send(f"{place}/remove")
    assert alice.get(place).status_code == 404


def test_a_mistake_stands_at_its_field_and_has_the_focus(site):
    alice = site.browser("alice")
    reply = alice.send("/gateways/new", {"name": "Acme", "url": "ftp://gw.example"})

    assert reply.status_code == 422
    assert "needs a scheme" in error_of(reply.text, "url")
    assert re.search(r'<input id="url"[^>]* autofocus', reply.text)
    assert 'value="Acme"' in reply.text


def test_mistakes_in_declarations_stand_at_their_fields(site):
    alice, id_ = site.browser("alice"), entered(site.laboratory)
    fields = {"name": "one", "url": "http://gw.example", "timeout": "-3", "binding": "http", "headers.0.name": "X Y"}
    page = alice.send(f"/gateways/{id_}/edit", fields).text

    assert error_of(page, "timeout") == "it takes more than 0, not -3"
    assert re.search(r'id="headers-error"', page)
    assert re.search(r'<input id="headers.0.name"[^>]* autofocus', page)
    assert page.count("autofocus") == 1
    assert "<option selected>http</option>" in page
    assert site.laboratory.gateways.declaration(ALICE, id_) == {}
    alice.send(f"/gateways/{id_}/edit", {**fields, "timeout": "3", "headers.0.name": "X-Y", "headers.0.value": "k"})
    declared = {"timeout": 3, "binding": "http", "headers": {"X-Y": "k"}}
    assert site.laboratory.gateways.declaration(ALICE, id_) == declared


def test_a_waiver_is_shown_with_its_expiry(site):
    alice, id_ = site.browser("alice"), entered(site.laboratory)
    row = {"requirement": "SIGNUP-ID", "reason": "known", "owner": "us", "expires": "2020-01-01"}
    fields = {f"waivers.0.{key}": value for key, value in row.items()}
    alice.send(f"/gateways/{id_}/edit", {"name": "one", "url": "http://gw.example", **fields})

    page = alice.read(f"/gateways/{id_}")
    assert "2020-01-01" in page
    assert "expired" in page


def test_every_control_has_a_label_and_every_id_is_there_once(site, monkeypatch):
    scripted(monkeypatch)
    gateway = entered(site.laboratory)
    run = played(site.laboratory, gateway).id
    olga = site.browser("olga")
    for path in (
        *("/", "/gateways/new", f"/gateways/{gateway}", f"/gateways/{gateway}/edit", f"/gateways/{gateway}/run"),
        *(f"/runs/{run}", "/compare", "/judge", "/verify", "/accounts", "/api"),
    ):
        page = olga.read(path)
        ids = re.findall(r' id="([^"]*)"', page)
        assert len(ids) == len({*ids}), path
        labelled = {*re.findall(r'<label[^>]* for="([^"]*)"', page)}
        for tag in re.findall(r"<(?:input|select|textarea)[^>]*>", page):
            if 'type="hidden"' not in tag and "aria-label" not in tag:
                name = re.search(r' id="([^"]*)"', tag)
                assert (name and name[1] in labelled) or "<label class" in page[: page.index(tag)][-80:], tag


def test_a_run_is_started_with_what_was_chosen(site, monkeypatch):
    scripted(monkeypatch, "judge(0)")
    alice, id_ = site.browser("alice"), entered(site.laboratory)

    bad = alice.send(f"/gateways/{id_}/run", {"class": "strict", "depth": "0", "seed": "x"})
    assert "a whole number" in error_of(bad.text, "seed")
    reply = alice.send(f"/gateways/{id_}/run", {"class": "strict", "depth": "7", "seed": "5"})
    found = over(site.laboratory, reply.headers["location"].rpartition("/")[2])
    assert (found.strict, found.depth, found.seed) == (True, 7, 5)
    again = alice.read(f"/gateways/{id_}/run?like={found.id}")
    assert 'value="strict" checked' in again
    assert 'value="7"' in again


def test_a_run_under_way_shows_how_far_it_is_without_scripts(site, monkeypatch):
    scripted(monkeypatch, LIVE)
    alice = site.browser("alice")
    run = begun(site.laboratory, ALICE, entered(site.laboratory))
    path = site.laboratory.runs.progress(ALICE, run)
    until_there(path)

    page = alice.read(f"/runs/{run}")

    assert "1,234" in page
    assert 'value="3"' in re.search(r"<progress[^>]*>", page)[0]
    assert "&lt;b&gt;bad&lt;/b&gt;" in page
    assert page.count('id="X-') == 1
    assert "Refresh" in page
    cancelled = alice.send(f"/runs/{run}/cancel", page=f"/runs/{run}")
    assert "being cancelled" in alice.read(cancelled.headers["location"]) or over(site.laboratory, run)
    assert over(site.laboratory, run).state == "cancelled"
    assert "Open the report" in alice.read(f"/runs/{run}")


EMPTY = """
judged = json.loads(pathlib.Path(SAMPLE).read_text())
for row in judged["requirements"]: row.update(status="untested", findings=[])
judged["summary"] = {status: 0 for status in judged["summary"]} | {"untested": len(judged["requirements"])}
judged["verdict"] = "inconclusive"
(report / "report.json").write_text(json.dumps(judged))
sys.exit(10)
"""


@pytest.mark.parametrize(("code", "offered"), [("judge()", True), (EMPTY, False)], ids=["a run", "an empty run"])
def test_a_certificate_is_offered_if_something_was_tested(tmp_path, monkeypatch, code, offered):
    keys.generate(tmp_path / "lab.key")
    scripted(monkeypatch, code.replace("SAMPLE", repr(str(ROOT / "reports" / "sample" / "report.json"))))
    with website(tmp_path, key=tmp_path / "lab.key") as site:
        run = over(site.laboratory, begun(site.laboratory, OFFICER, entered(site.laboratory, OFFICER))).id
        page = site.browser("olga").read(f"/runs/{run}")

    assert (f'action="/runs/{run}/certify"' in page) == offered
    assert ("nothing to certify" in page) == (not offered)
    assert ('data-slot="place">Provider/signup /info/phone<' in page) == offered


def until_there(path):
    from tests.end_to_end.kit import until

    until(lambda: path.exists() and path.read_text().count("\n") == 3)


def test_a_queued_run_says_how_many_are_before_it(site, monkeypatch):
    scripted(monkeypatch, FOREVER)
    gateway = entered(site.laboratory)
    runs = [begun(site.laboratory, ALICE, gateway) for _ in range(3)]

    page = site.browser("alice").read(f"/runs/{runs[2]}")

    assert "1 run before it" in page
    for run in runs:
        site.laboratory.runs.cancel(ALICE, run)


@pytest.mark.parametrize(
    ("holds", "answer"), [(True, "It still holds"), (False, "It is not seen again"), (None, "That cannot be said")]
)
def test_a_replay_says_whether_a_finding_still_holds(site, monkeypatch, holds, answer):
    scripted(monkeypatch)
    run = played(site.laboratory).id
    message = {"headers": [["X-Sent", "<b>"]], "content": '{"a": "<i>"}'}
    request = {**message, "method": "POST", "url": "http://gw.example/signup"}
    row = {"operation": "Provider/signup", "seconds": 0.1234, "trouble": "", "request": request}
    rows = [{**row, "reply": {**message, "status": 200}}, {**row, "reply": None}]
    said = {"holds": holds, "text": "<b> is text", "exchanges": rows}
    monkeypatch.setattr(type(site.laboratory.reports), "replay", lambda *arguments: said)

    page = site.browser("alice").send(f"/runs/{run}/replay", {"finding": "SIGNUP-ID-01234567"}).text

    assert answer in page
    assert "Replay of <code>SIGNUP-ID-01234567</code>" in page
    assert 'name="finding" value="SIGNUP-ID-01234567"' in page
    for text in ("&lt;b&gt; is text", "HTTP 200", "no reply", "123.4 ms", "<dt>X-Sent</dt><dd>&lt;b&gt;</dd>"):
        assert text in page, text
    assert "<i>" not in page


def test_a_report_is_downloaded_whole(site, monkeypatch):
    scripted(monkeypatch)
    run = played(site.laboratory).id
    folder = site.laboratory.runs.folder(ALICE, run)
    (folder / "findings").mkdir()
    (folder / "findings" / "SIGNUP-ID-01234567.sh").write_text("sh")
    (folder / "foreign.txt").write_text("no file of a report")

    reply = site.browser("alice").get(f"/runs/{run}/report.zip")

    with zipfile.ZipFile(io.BytesIO(reply.content)) as archive:
        assert {"report.json", "findings/SIGNUP-ID-01234567.sh"} == {*archive.namelist()}
        assert archive.read("report.json") == (folder / "report.json").read_bytes()
    assert int(reply.headers["content-length"]) == len(reply.content)


def test_two_runs_are_compared(site, monkeypatch):
    scripted(monkeypatch)
    gateway = entered(site.laboratory)
    old, new = (played(site.laboratory, gateway).id for _ in range(2))
    alice = site.browser("alice")

    assert "Nothing changed" in alice.read(f"/compare?old={old}&new={new}")
    assert alice.get(f"/compare?old={old}&new=none").status_code == 422
    assert f'value="{old}"' in alice.read("/compare")


def test_two_runs_of_one_minute_are_told_apart(site, monkeypatch):
    scripted(monkeypatch)
    gateway = entered(site.laboratory)
    runs = [played(site.laboratory, gateway) for _ in range(2)]

    page = site.browser("alice").read(f"/gateways/{gateway}")
    for run in runs:
        # 2026-05-04T10:00:07.123+00:00
        assert f"{run.created[11:19]} UTC</time>" in page
        assert f'name="old" value="{run.id}"' in page
        assert f'name="new" value="{run.id}"' in page


def test_the_badge_is_for_everybody_and_says_the_verdict_only(site, monkeypatch):
    scripted(monkeypatch)
    gateway = entered(site.laboratory, name="Secret Plans")
    badge = site.laboratory.gateways.get(ALICE, gateway).gateway.badge
    stranger = site.browser()
    assert "not judged yet" in stranger.read(f"/badge/{badge}.svg")

    verdict = played(site.laboratory, gateway).verdict

    reply = stranger.get(f"/badge/{badge}.svg")
    assert reply.headers["content-type"] == "image/svg+xml"
    assert verdict in reply.text
    assert "Secret" not in reply.text
    assert gateway not in reply.text
    assert stranger.get(f"/badge/{gateway}.svg").status_code == 404


def test_officers_manage_accounts(site):
    olga = site.browser("olga")
    page = olga.send("/accounts/add", {"name": "carol", "role": "vendor"}).text
    token = re.search(r'aria-label="Token">([^<]+)<', page)[1]

    assert site.browser().log_in(token).status_code == 303
    assert token not in olga.read("/accounts")
    renewed = olga.send("/accounts/renew", {"name": "carol"}).text
    assert token not in renewed
    assert site.browser().log_in(token).status_code == 401
    assert "not a name for an account" in error_of(
        olga.send("/accounts/add", {"name": "a b", "role": "vendor"}).text, "name"
    )
    assert olga.send("/accounts/add", {"name": "dave", "role": "king"}).status_code == 422
    assert "last officer" in olga.send("/accounts/remove", {"name": "olga"}).text
    assert olga.send("/accounts/remove", {"name": "carol"}).status_code == 303
    assert "carol" not in olga.read("/accounts")


def test_logging_in_leads_to_the_page_that_was_asked_for(site):
    stranger = site.browser()
    asked = stranger.get("/judge").headers["location"]

    assert asked == "/login?next=/judge"
    reply = stranger.send("/login", {"token": site.tokens["alice"], "next": "/judge"}, page="/login")
    assert reply.headers["location"] == "/judge"


def test_without_accounts_there_is_no_login_and_no_page_of_accounts(local):
    browser = local.browser()

    assert browser.get("/login").headers["location"] == "/"
    assert browser.get("/accounts").status_code == 404
    assert "Log out" not in browser.read("/")


@pytest.mark.parametrize("path", ["/nothing", "/gateways/x", "/runs/x", "/runs/x/report", "/gateways/x/edit"])
def test_what_is_not_there_is_not_found(site, path):
    reply = site.browser("alice").get(path)

    assert reply.status_code == 404
    assert "Not found" in reply.text


def test_the_style_and_script_are_kept_by_browsers_until_they_change(site):
    page = site.browser("alice").read("/")
    for path in re.findall(r'(?:href|src)="(/lab\.\w+\?\w+)"', page):
        reply = site.browser().get(path)
        assert "immutable" in reply.headers["cache-control"]
        assert "http" not in reply.text.replace("http-equiv", "").replace("http://www.w3.org", "")
