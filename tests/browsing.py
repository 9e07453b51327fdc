"""Pages in a real browser, for tests."""

import shutil
from pathlib import Path

import pytest

BROWSERS = ("chromium", "chromium-browser", "google-chrome")
FLAGS = (
    # As root Chromium starts without its sandbox only.
    *("--no-sandbox", "--disable-background-networking", "--disable-component-update", "--disable-sync"),
    *("--no-first-run", "--disable-dev-shm-usage"),
)
SCREEN, PHONE = {"width": 1280, "height": 900}, {"width": 390, "height": 844}
DRAWN = ("color-contrast", "link-in-text-block", "scrollable-region-focusable")
"""The rules of axe-core that look at colours and sizes; all others look at elements and their attributes."""


class Pages:
    """The pages of a browser. One test after another uses them, since a new one takes three times as long to open."""

    def __init__(self, browser):
        self.browser = browser
        self._idle = {}
        self._open = []
        self.complaints = []
        """What the browser complains of, and what is asked of others."""

    def open(self, url, viewport=SCREEN, scheme="light", **options):
        """A page that shows a URL, in a browser with these options."""
        kind = repr(options)
        idle = self._idle.setdefault(kind, [])
        page = idle.pop() if idle else self._new(**options)
        self._open.append((kind, page))
        page.set_viewport_size(viewport)
        page.emulate_media(media="null", color_scheme=scheme)
        page.goto(url)
        return page

    def _new(self, **options):
        page = self.browser.new_context(**options).new_page()
        page.set_default_timeout(120_000)
        page.on("console", lambda said: said.type in ("error", "warning") and self._complain(said.text))
        page.on("pageerror", lambda error: self._complain(str(error)))
        page.on("dialog", lambda dialog: (self._complain(dialog.message), dialog.dismiss()))
        allowed = (options.get("base_url", "file:"), "data:", "about:")
        page.on("request", lambda request: request.url.startswith(allowed) or self._complain(request.url))
        return page

    def _complain(self, text):
        # Forms with mistakes come back with 422.
        if "status of 422" not in text:
            self.complaints.append(text)

    def leave(self):
        """Leaves all pages, and returns the complaints. One that is loading itself again is not used any more."""
        from playwright.sync_api import Error

        for kind, page in self._open:
            try:
                page.goto("about:blank")
            except Error:
                page.context.close()
            else:
                page.context.clear_cookies()
                self._idle[kind].append(page)
        self._open.clear()
        complaints, self.complaints = self.complaints, []
        return complaints


@pytest.fixture(scope="module")
def browsing():
    pytest.importorskip("playwright", reason="playwright drives the browser: pip install -e '.[test]'")
    path = next(filter(None, map(shutil.which, BROWSERS)), None)
    if path is None:
        pytest.skip("no browser is found; on Debian: apt-get install --no-install-recommends chromium")
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=FLAGS)
        yield Pages(browser)
        browser.close()


@pytest.fixture
def pages(browsing):
    """Opens pages; a complaint of the browser fails the test."""
    yield browsing
    complaints = browsing.leave()
    assert complaints == [], complaints


def unfold(page):
    page.evaluate("document.querySelectorAll('details').forEach((one) => { one.open = true })")


def overflow(page):
    """The pixels by which a page is wider than its window."""
    return int(page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth"))


def breaches(page, *rules, only=()):
    """What axe-core finds amiss on a page, to which it must have applied some rules."""
    axe = pytest.importorskip("axe_playwright_python", reason="axe-core comes with axe-playwright-python")
    if not page.evaluate("'axe' in window"):
        page.evaluate((Path(axe.__file__).parent / "axe.min.js").read_text(encoding="utf-8"))
    # More than that is not asked for: describing elements takes as long as looking at them.
    options = {"resultTypes": ["violations"], "selectors": False, **({"runOnly": [*only]} if only else {})}
    passed, violated = page.evaluate(
        "(options) => axe.run(document, options).then(({passes, violations}) => "
        "[passes.map((rule) => rule.id), violations.map((rule) => [rule.id, rule.nodes[0].html])])",
        options,
    )
    assert {*rules} <= {*passed}
    return [(rule, element) for rule, element in violated]
