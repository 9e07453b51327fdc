"""report.html works in a real browser, also if it is full of hostile text."""

import json

import pytest

from beckn_conformance.commands.fleet import index
from beckn_conformance.report import evidence, html
from tests.browsing import DRAWN, PHONE, SCREEN, breaches, overflow, unfold
from tests.end_to_end.kit import Kit
from tests.exchanges import SPECIFICATION
from tests.report.test_report_html import hostile
from tests.reports import FOUND, finding, report, row
from tests.written_fleets import ended, results_of

DEFECTS = ("signup-info-phone-no-dash-accepted", "info-update-ack-registration-status-another-value")
TESTS = "phone or test_plain_get or UPDATE-STATUS"

pytestmark = pytest.mark.long


@pytest.fixture(scope="module")
def whole(tmp_path_factory):
    """The page of a run that was narrowed, against a gateway with two defects."""
    kit = Kit(tmp_path_factory.mktemp("run"))
    run = kit.run(f"reference:{','.join(DEFECTS)}", "-k", TESTS)
    assert run.status == 1, run.output
    return run.folder / "report.html"


@pytest.fixture(scope="module")
def found(whole, tmp_path_factory):
    """The same with a few requirements of every outcome, as a browser draws the whole page for long."""
    told = json.loads((whole.parent / "report.json").read_text(encoding="utf-8"))
    by_status = {}
    for requirement in told["requirements"]:
        by_status.setdefault(requirement["status"], []).append(requirement)
    told["requirements"] = [requirement for rows in by_status.values() for requirement in rows[:3]]
    rows = evidence.read(whole.parent / "exchanges.jsonl", evidence.wanted(told))
    path = tmp_path_factory.mktemp("found") / "report.html"
    path.write_text(html.page(told, SPECIFICATION, rows), encoding="utf-8")
    return path


@pytest.fixture(scope="module")
def poisoned(tmp_path_factory):
    path = tmp_path_factory.mktemp("hostile") / "report.html"
    path.write_text(html.page(hostile()[0], SPECIFICATION, hostile()[1]), encoding="utf-8")
    return path


@pytest.fixture
def visit(pages):
    return lambda path, fragment="", **options: pages.open(path.as_uri() + fragment, **options)


def shown(page, selector):
    return page.locator(f"{selector}:visible")


def ids(page, selector):
    return {*shown(page, selector).evaluate_all("elements => elements.map((one) => one.id)")}


def test_the_first_screen_gives_verdict_and_findings(found, visit):
    page = visit(found)

    assert page.locator("h1").inner_text() == "Incomplete"
    for text in ("127.0.0.1", "class core", SPECIFICATION.digest):
        assert page.get_by_text(text).first.is_visible()
    first = page.locator(".finding").first
    assert first.bounding_box()["y"] + first.bounding_box()["height"] < SCREEN["height"]
    assert {FOUND, "UPDATE-STATUS"} <= {id_.rpartition("-")[0] for id_ in ids(page, ".finding")}


def test_filters_select_by_outcome_level_section_and_text(whole, visit):
    from playwright.sync_api import expect

    page = visit(whole)
    form = page.locator("#filter")
    every = ids(page, ".requirement")
    assert every == {*SPECIFICATION.requirements}

    form.get_by_label("Outcome").select_option("failed")
    failed = ids(page, ".requirement")
    assert {FOUND, "UPDATE-STATUS"} <= failed < every
    assert f"of {len(SPECIFICATION.requirements)} requirements" in page.locator("#shown").inner_text()

    form.get_by_label("Section").select_option("§3")
    assert FOUND not in ids(page, ".requirement")
    assert {id_.rpartition("-")[0] for id_ in ids(page, ".finding")} == ids(page, ".requirement") & failed
    assert shown(page, ".group").count() == 1

    page.get_by_role("button", name="Clear").click()
    expect(page.locator(".requirement:not([hidden])")).to_have_count(len(SPECIFICATION.requirements))
    form.get_by_label("Level").select_option("SHOULD")
    assert ids(page, ".requirement") == {r.id for r in SPECIFICATION.requirements.values() if r.level == "SHOULD"}

    form.get_by_label("Level").select_option("")
    form.get_by_label("Text").fill("phone REFUSED")
    assert {FOUND, "UPDATE-NACK-PHONE"} <= ids(page, ".requirement") < every
    assert "findings/" in page.locator(".finding .copy").first.text_content()
    form.get_by_label("Text").fill("#!/bin/sh")
    assert ids(page, ".finding") == set()
    form.get_by_label("Text").fill("nothing at all is called this")
    assert page.get_by_text("Nothing fits the filter.").is_visible()


def test_a_count_shows_what_it_counts(found, visit):
    from playwright.sync_api import expect

    page = visit(found)

    page.locator(".counts").get_by_role("button", name="failed").click()

    expect(page.locator("#shown")).not_to_have_text("")
    assert {FOUND, "UPDATE-STATUS"} <= ids(page, ".requirement")
    assert "SIGNUP-ID" not in ids(page, ".requirement")


def test_a_link_opens_a_requirement_or_a_finding(found, visit):
    page = visit(found, f"#{FOUND}")
    assert page.locator(f"#{FOUND} .body").is_visible()
    assert page.locator(f"#{FOUND}").evaluate("e => e.getBoundingClientRect().top < innerHeight")

    page.locator(f"#{FOUND} .rows").get_by_role("link", name=f"{FOUND}-").first.click()
    assert page.locator(f".finding[id^={FOUND}] .sides").first.is_visible()


def test_a_link_to_a_hidden_row_clears_the_filter(whole, visit):
    page = visit(whole)
    page.locator("#filter").get_by_label("Outcome").select_option("failed")
    assert not page.locator("#SIGNUP-ID").is_visible()

    page.evaluate("location.hash = 'SIGNUP-ID'")

    page.locator("#SIGNUP-ID .body").wait_for(state="visible")


def test_a_finding_shows_sent_expected_and_observed_with_the_member_marked(whole, visit):
    page = visit(whole)
    finding_ = page.locator(f".finding[id^={FOUND}]").first
    finding_.locator("summary").first.click()

    tops = [finding_.get_by_role("heading", name=name).bounding_box()["y"] for name in ("Sent", "Expected", "Observed")]
    assert len(set(tops)) == 1
    assert '"phone"' in finding_.locator("mark").first.inner_text()
    finding_.get_by_text("The exchange in full").click()
    assert finding_.locator(".exchange").first.is_visible()


def test_links_to_readings_are_large_enough_for_a_finger(whole, visit):
    page = visit(whole)
    unfold(page)

    sizes = page.eval_on_selector_all(
        "a[href^='#reading-']", "links => links.map(a => a.getBoundingClientRect()).map(r => [r.width, r.height])"
    )
    assert len(sizes) > 100
    assert all(width >= 24 and height >= 24 for width, height in sizes)


def test_a_script_is_copied(found, visit):
    page = visit(found)
    page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    finding_ = page.locator(f".finding[id^={FOUND}]").first
    finding_.locator("summary").first.click()

    finding_.get_by_text("The script", exact=True).click()
    finding_.get_by_role("button", name="Copy: Shell script").click()

    finding_.get_by_text("Copied").wait_for()
    assert page.evaluate("navigator.clipboard.readText()").startswith("#!/bin/sh\n")


def test_the_page_is_dark_or_light_on_demand(found, visit):
    page = visit(found, scheme="dark")
    dark = page.evaluate("getComputedStyle(document.body).backgroundColor")

    page.get_by_role("button", name="Light").click()

    assert page.evaluate("getComputedStyle(document.body).backgroundColor") == "rgb(255, 255, 255)" != dark
    assert page.get_by_role("button", name="Dark").is_visible()


def test_printing_opens_findings_and_restores_the_page(found, visit):
    page = visit(found)
    page.evaluate(
        "addEventListener('beforeprint', () => { window.printed = document.querySelectorAll('.finding[open]').length })"
    )

    paper = page.pdf(prefer_css_page_size=True)

    assert paper.startswith(b"%PDF-")
    assert page.evaluate("window.printed") == page.locator(".finding").count() > 1
    assert page.locator(".finding[open]").count() == 0


def test_nothing_is_wider_than_a_phone(whole, poisoned, visit):
    for path in (whole, poisoned):
        page = visit(path, viewport=PHONE)
        unfold(page)

        assert overflow(page) <= 0


def test_axe_finds_nothing(found, visit):
    page = visit(found)
    unfold(page)

    assert breaches(page, "color-contrast", "label", "heading-order") == []
    page.set_viewport_size(PHONE)
    assert breaches(page, "color-contrast", only=DRAWN) == []
    page.emulate_media(color_scheme="dark")
    assert breaches(page, "color-contrast", only=DRAWN) == []


def test_axe_finds_nothing_on_the_page_of_a_fleet(tmp_path, visit):
    long = "a-gateway-with-a-name-of-sixty-four-characters-".ljust(64, "g")
    before = [ended(long, report()), *(ended(name, report(finding())) for name in "abcdef")]
    results_of(tmp_path, *before)
    after = [ended(long, report(finding())), *before[2:], ended("last", report())]
    made = results_of(tmp_path, *after, names=(long, *"bcdefg", "last"))
    page = visit(index.write(made, SPECIFICATION), scheme="dark", viewport=PHONE)
    page.locator("details").first.locator("summary").click()

    assert breaches(page, "color-contrast", "heading-order") == []
    assert overflow(page) <= 0
    assert page.locator("#gateways").get_by_role("row").filter(has_text=long).get_by_role("link").is_visible()
    assert page.get_by_text("1 not conformant now and conformant before").is_visible()


def test_hostile_text_does_nothing(poisoned, visit):
    page = visit(poisoned)
    unfold(page)
    page.locator("#filter").get_by_label("Text").fill("<script>")

    assert page.evaluate("window.caught") is None
    assert page.locator("img, main script, iframe, object").count() == 0
    assert page.get_by_text("<script>window.caught=1</script>").first.is_visible()


def test_foreign_scripts_do_not_run(found, visit, pages):
    page = visit(found)

    page.evaluate(
        "() => { const one = document.createElement('script'); one.textContent = 'window.caught = 1'; "
        "document.body.append(one); document.body.setAttribute('style', 'color: rgb(1, 2, 3)'); }"
    )

    assert page.evaluate("window.caught") is None
    assert page.evaluate("getComputedStyle(document.body).color") != "rgb(1, 2, 3)"
    assert all("Content Security Policy" in complaint for complaint in pages.complaints)
    pages.complaints.clear()


def test_without_scripts_everything_can_be_read(found, visit):
    page = visit(found, java_script_enabled=False)

    assert page.locator("h1").inner_text() == "Incomplete"
    assert page.get_by_role("button").count() == 0
    assert not page.locator("#filter").is_visible()
    finding_ = page.locator(f".finding[id^={FOUND}]").first
    finding_.locator("summary").first.click()
    assert finding_.locator(".sides").is_visible()


def test_a_page_with_many_findings_is_usable(tmp_path, visit):
    many = [finding(number=number, exchanges=["x1"], curl="curl " + "x" * 2000) for number in range(400)]
    path = tmp_path / "report.html"
    path.write_text(html.page(report(*many), SPECIFICATION, {"x1": row(), "x2": row("x2")}), encoding="utf-8")

    page = visit(path, f"#{FOUND}-{399:08x}")

    assert page.locator(f"#{FOUND}-{399:08x} .sides").is_visible()
