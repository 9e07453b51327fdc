"""The pages of a laboratory in a real browser."""

import contextlib
import re
import socket
import threading

import pytest
import uvicorn

from beckn_conformance.commands.certificate import keys
from beckn_conformance.commands.lab.accounts import LOCAL as ACCOUNT
from beckn_conformance.commands.lab.web import server
from tests.browsing import DRAWN, PHONE, SCREEN, breaches, overflow, unfold
from tests.commands.lab.browsers import website
from tests.commands.lab.laboratories import begun, entered, scripted

pytestmark = pytest.mark.long

MARKUP = "<img src=x onerror=window.caught=1><script>window.caught=1</script>"
STEPS = f"""
stopped = []
signal.signal(signal.SIGINT, lambda *_: stopped.append(1))
def write(**more):
    with progress.open("a") as file:
        file.write(json.dumps({{"tests": 3, "of": 10, "exchanges": 1234, "seconds": 2.0, **more}}) + "\\n")
def finding(number):
    about = {{"requirement": "SIGNUP-ID", "level": "MUST", "fails": True, "operation": "O", "pointer": "/a"}}
    texts = {{"message": {MARKUP!r}, "sent": "a signup", "expected": "an id", "observed": "none"}}
    return {{"id": f"SIGNUP-ID-{{number:08x}}", **about, **texts}}
def wait(name):
    while not (progress.parents[1] / name).exists() and not stopped: time.sleep(0.01)
write()
wait("one")
write(tests=5, findings=[finding(1)])
wait("two")
write(tests=6, findings=[finding(2)], gone=["SIGNUP-ID-00000001"])
wait("end")
for name in ("one", "two", "end"):
    if not stopped: (progress.parents[1] / name).unlink()
judge()
"""
"""A run that goes on as the test lets it."""


@pytest.fixture(scope="module")
def listening():
    """The socket that all laboratories here listen at, one after another, so that pages can be used again."""
    with socket.socket() as bound:
        bound.bind(("127.0.0.1", 0))
        yield bound


@contextlib.contextmanager
def served(app, listening):
    """The address of a laboratory that a browser can reach."""
    running = uvicorn.Server(server.configured(app))
    thread = threading.Thread(target=running.run, args=([listening.dup()],))
    thread.start()
    try:
        yield f"http://127.0.0.1:{listening.getsockname()[1]}"
    finally:
        running.should_exit = True
        thread.join()


@pytest.fixture
def key(tmp_path):
    keys.generate(tmp_path / "lab.key")
    return tmp_path / "lab.key"


@pytest.fixture
def lab(tmp_path, monkeypatch, key, listening):
    """A laboratory without accounts, and its address."""
    scripted(monkeypatch, STEPS)
    with website(tmp_path, accounts=False, key=key) as site, served(site.app, listening) as address:
        yield site, address


@pytest.fixture
def visit(lab, pages):
    return lambda path="/", **options: pages.open(path, base_url=lab[1], **options)


def add(page, name="Acme Gateway", url="http://gw.example/api"):
    page.goto("/gateways/new")
    page.get_by_label("Name").fill(name)
    page.get_by_label("Base URL").fill(url)
    page.get_by_role("button", name="Add").click()
    page.get_by_role("heading", name=name).wait_for()
    return page.url


def start(page, gateway):
    page.goto(gateway)
    page.get_by_role("link", name="New run").click()
    page.get_by_role("button", name="Start").click()
    page.locator("#tests").get_by_text("3").wait_for()
    return page.url


def under_way(page, lab, gateway):
    """The address of a run that goes on, which the page shows. It was not begun on a page."""
    page.goto(f"/runs/{begun(lab[0].laboratory, ACCOUNT, gateway)}")
    page.locator("#tests").get_by_text("3").wait_for()
    return page.url


def let(lab, *names):
    for name in names:
        (lab[0].data / name).touch()


def is_focused(page, name):
    return page.evaluate("document.activeElement.id") == name


def test_a_mistake_has_the_focus_and_is_described(visit):
    page = visit("/gateways/new")
    page.get_by_label("Name").fill("Acme")
    page.get_by_label("Base URL").fill("ftp://gw.example")
    page.get_by_role("button", name="Add").click()

    page.get_by_role("alert").wait_for()
    assert is_focused(page, "url")
    described = page.get_by_label("Base URL").get_attribute("aria-describedby").split()
    assert "needs a scheme" in page.locator(f"#{described[0]}").inner_text()
    gateway = add(page)
    page.get_by_role("link", name="Edit declarations").click()
    page.get_by_text("Limits").click()
    page.get_by_label("Timeout").fill("-3")
    page.get_by_role("button", name="Save").click()
    page.get_by_role("alert").wait_for()
    assert is_focused(page, "timeout")
    page.get_by_label("Timeout").fill("8")
    page.get_by_text("Access").click()
    page.get_by_label("Headers, row 1, Name").fill("X-Key")
    page.get_by_label("Headers, row 1, Value").fill("s3cret")
    page.get_by_role("button", name="Save").click()
    page.get_by_role("heading", name="Declared").wait_for()
    assert page.url == gateway
    assert "s3cret" not in page.content()


def test_findings_come_as_the_run_finds_them_until_its_end(visit, lab):
    page = visit()
    start(page, add(page))
    assert page.get_by_text("None so far.").is_visible()

    let(lab, "one")
    page.locator("#SIGNUP-ID-00000001").wait_for()
    assert page.get_by_role("status").filter(has_text="1 finding so far").is_visible()
    page.locator("#SIGNUP-ID-00000001 summary").click()
    for text in ("a signup", "an id", "none", MARKUP):
        assert page.locator("#SIGNUP-ID-00000001").get_by_text(text, exact=True).first.is_visible()
    assert page.locator("progress").get_attribute("value") == "5"
    let(lab, "two")
    page.locator("#SIGNUP-ID-00000002").wait_for()
    assert page.locator("#SIGNUP-ID-00000001").count() == 0
    let(lab, "end")
    page.get_by_role("link", name="Open the report").wait_for()
    assert page.locator("#live").count() == 0
    assert page.evaluate("window.caught") is None


def test_a_page_that_is_opened_late_or_again_shows_the_same(visit, lab):
    page = visit()
    run = under_way(page, lab, entered(lab[0].laboratory, ACCOUNT))
    let(lab, "one")
    page.locator("#SIGNUP-ID-00000001").wait_for()

    late = visit(run)
    assert late.locator("#SIGNUP-ID-00000001").count() == 1
    let(lab, "two")
    late.locator("#SIGNUP-ID-00000002").wait_for()
    page.locator("#SIGNUP-ID-00000002").wait_for()
    assert late.locator("#SIGNUP-ID-00000001").count() == 0
    let(lab, "end")
    late.get_by_role("link", name="Open the report").wait_for()


def test_a_report_cannot_reach_the_laboratory(visit, lab):
    from playwright.sync_api import expect

    page = visit()
    run = under_way(page, lab, entered(lab[0].laboratory, ACCOUNT)).rpartition("/")[2]
    let(lab, "one", "two", "end")
    page.get_by_role("link", name="Open the report").wait_for()
    report = lab[0].laboratory.runs.folder(ACCOUNT, run) / "report.html"
    report.write_text(
        "<!doctype html><title>x</title><script>document.title = origin;"
        "fetch('/api/gateways').catch(() => document.title += ' refused');"
        "try { document.cookie } catch { document.title += ' no cookie' }</script>"
    )
    context = page.context
    other = context.new_page()
    other.goto(f"/runs/{run}/report")

    expect(other).to_have_title(re.compile("refused"))
    assert other.title() == "null no cookie refused"


def test_a_page_of_another_site_changes_nothing_and_frames_nothing(browsing, lab, tmp_path):
    page = browsing.browser.new_context().new_page()
    page.goto(lab[1])
    evil = tmp_path / "evil.html"
    evil.write_text(
        f"<form id=f method=post action='{lab[1]}/gateways/new'><input name=name value=x><input name=url "
        f"value='http://gw.example'></form><iframe src='{lab[1]}/'></iframe><script>f.submit()</script>"
    )
    page.goto(evil.as_uri())
    page.wait_for_url("**/gateways/new")

    assert "another site" in page.inner_text("body")
    assert lab[0].laboratory.gateways.list(ACCOUNT) == []
    page.context.close()


def test_rows_are_added_to_a_table_of_declarations(visit):
    page = visit()
    page.goto(f"{add(page)}/edit")
    page.get_by_text("Access").click()
    table = page.locator("table[data-rows=headers]")
    before = table.locator("tbody tr").count()

    page.locator("fieldset", has=table).get_by_role("button", name="Add a row").click()

    assert table.locator("tbody tr").count() == before + 1
    assert is_focused(page, f"headers.{before}.name")
    page.get_by_label(f"Headers, row {before + 1}, Name").fill("X-Late")
    page.get_by_label(f"Headers, row {before + 1}, Value").fill("k")
    page.get_by_role("button", name="Save").click()
    page.get_by_text("X-Late").wait_for()


def test_axe_finds_nothing_and_nothing_is_wider_than_the_screen(visit, lab):
    page = visit()
    id_ = entered(lab[0].laboratory, ACCOUNT, name=f"A-name-of-many-letters{'x' * 60}")
    gateway, ended = f"/gateways/{id_}", under_way(page, lab, id_)
    let(lab, "one", "two", "end")
    page.get_by_role("link", name="Open the report").wait_for()
    under_way(page, lab, id_)
    let(lab, "one")
    page.locator("#SIGNUP-ID-00000001").wait_for()
    found = {}

    def look(path):
        unfold(page)
        assert overflow(page) <= 0, path
        found[path] = breaches(page, "color-contrast", "heading-order")
        page.set_viewport_size(PHONE)
        page.emulate_media(color_scheme="dark")
        assert overflow(page) <= 0, path
        found[path] += breaches(page, "color-contrast", only=DRAWN)
        page.set_viewport_size(SCREEN)
        page.emulate_media(color_scheme="light")

    look("live")
    for path in (
        *("/", "/gateways/new", gateway, f"{gateway}/edit", f"{gateway}/run", ended),
        *("/compare", f"/compare?old={ended[-16:]}&new={ended[-16:]}", "/judge", "/verify", "/api"),
    ):
        page.goto(path)
        look(path)
    page.goto(f"{gateway}/edit")
    page.locator("[id='timeout']").evaluate("(one) => { one.value = '-3' }")
    page.locator("[id='headers.0.name']").evaluate("(one) => { one.value = 'X Y' }")
    page.get_by_role("button", name="Save").click()
    page.get_by_role("alert").wait_for()
    look("mistakes")
    let(lab, "end")

    assert {path: rules for path, rules in found.items() if rules} == {}
