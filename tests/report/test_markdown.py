"""The summary is read by a Markdown library: texts of a gateway stay text, and it fits into a comment."""

from html.parser import HTMLParser

import pytest
from markdown_it import MarkdownIt

from beckn_conformance.report.markdown import MOST, append_to_job_summary, summary
from beckn_conformance.specification.loading import load
from beckn_conformance.untrusted.text import printable
from tests.reports import FOUND, HOSTILE, finding, report

READERS = {
    "GitHub": MarkdownIt("gfm-like", {"html": True, "linkify": False}),
    "CommonMark": MarkdownIt("commonmark"),
    "without HTML": MarkdownIt("js-default", {"html": False, "linkify": False}),
}
OWN = {"h2", "p", "table", "thead", "tbody", "tr", "th", "td", "details", "summary", "b", "code", "pre", "ul", "li"}
"""Elements that the kit means to write."""


class Page(HTMLParser):
    """Elements, attributes and text of a page, and the text by the element that it is right within."""

    def __init__(self, html):
        super().__init__()
        self.elements, self.attributes, self.text, self.inner = [], [], "", []
        self._open = []
        self.feed(html)
        self.close()

    def handle_starttag(self, tag, attributes):
        self.elements.append(tag)
        self.attributes += attributes
        self._open.append(tag)
        self.inner.append((tag, ""))

    def handle_endtag(self, tag):
        assert self._open.pop() == tag
        self.inner.append((self._open[-1] if self._open else "", ""))

    def handle_data(self, data):
        self.text += data
        if self.inner:
            tag, text = self.inner.pop()
            self.inner.append((tag, text + data))


def hostile(requirement=FOUND, **changes):
    said = dict.fromkeys(("pointer", "message", "sent", "expected", "observed", "curl", "replay", "operation"), HOSTILE)
    return finding(requirement, **{**said, "steps": [HOSTILE, HOSTILE], **changes})


def hostile_report(**changes):
    told = report(hostile(), hostile("REPLY-TIME", pointer=""), **changes)
    told["gateway"] |= {"url": HOSTILE, "name": HOSTILE, "vendor": HOSTILE, "version": HOSTILE}
    return told


@pytest.mark.parametrize("reader", READERS)
def test_what_a_gateway_says_stays_text(reader):
    told = hostile_report(statuses={"GET-BODY": "inconclusive"})
    next(r for r in told["requirements"] if r["id"] == "GET-BODY")["reason"] = HOSTILE
    page = Page(READERS[reader].render(summary(told)))

    assert set(page.elements) <= OWN
    assert {name for name, _ in page.attributes} <= {"class"}
    shown = printable(HOSTILE)
    assert page.text.count(shown) >= 10
    assert shown[:200] in page.text.replace(shown, "")


def test_the_fence_of_a_block_is_longer_than_any_in_it():
    lines = summary(report(hostile(steps=["`" * 9]))).splitlines()

    assert [line for line in lines if line.startswith("```")] == ["`" * 10 + "text", "`" * 10]


def test_mentions_and_addresses_stand_only_in_code():
    page = Page(READERS["GitHub"].render(summary(hostile_report())))

    assert {tag for tag, text in page.inner if "@everyone" in text or "evil.example" in text} == {"code"}


def test_the_verdict_comes_first_and_findings_worst_first():
    found = [finding(name) for name in ("REPLY-TIME", FOUND, "NACK-TEXT")]
    statuses = {"REPLY-TIME": "warned", "NACK-TEXT": "waived"}

    text = summary(report(*found, statuses=statuses))

    assert text.startswith("## ❌ Beckn gateway registration: non-conformant (core)\n")
    places = [text.index(id_) for id_ in (FOUND, "REPLY-TIME", "NACK-TEXT")]
    assert places == sorted(places)


def test_a_finding_that_one_call_shows_comes_before_a_history():
    text = summary(report(finding(number=1, steps=["1. call", "2. call", "3. call"]), finding(number=2)))

    assert text.index(f"{FOUND}-00000002") < text.index(f"{FOUND}-00000001")


def test_a_finding_is_complete_in_a_block_that_opens():
    page = Page(READERS["GitHub"].render(summary(report(finding()))))

    assert page.elements.count("details") == 1
    (block,) = [text for tag, text in page.inner if tag == "code" and "expected" in text]
    for said in ("NACK, with a message at /info/phone", 'ACK "received" (3 times)', "curl -sS", "R14"):
        assert said in block


def test_the_counts_are_a_table():
    page = Page(READERS["GitHub"].render(summary(report(summary={"passed": 40, "failed": 2, "waived": 0}))))

    assert [text for tag, text in page.inner if tag in ("th", "td")] == ["passed", "failed", "40", "2"]


@pytest.mark.parametrize("said", ["`" * 1900, "<" * 1900, "ä" * 1900, "x" * 100_000])
def test_any_number_of_findings_fits_into_a_comment(said):
    told = report(
        *(
            hostile(name, number=number, message=said, observed=said, steps=[said] * 9)
            for name in load().requirements
            for number in range(9)
        )
    )
    told["gateway"] |= {"url": said, "name": said, "vendor": said, "version": said}

    text = summary(told)

    assert len(text.encode()) <= MOST
    assert "more findings in `report.json`" in text
    assert set(Page(READERS["GitHub"].render(text)).elements) <= OWN


def test_a_long_list_of_inconclusive_requirements_fits_too():
    told = report(statuses=dict.fromkeys(load().requirements, "inconclusive"))
    for requirement in told["requirements"]:
        requirement["reason"] = "<" * 5000

    assert len(summary(told).encode()) <= MOST


def test_a_gateway_that_never_answered_is_mentioned():
    told = report(verdict="inconclusive", statuses=dict.fromkeys(load().requirements, "inconclusive"))
    told["run"] |= {"reason": "connection refused", "exchanges": 0, "seconds": 0.0}

    text = summary(told)

    assert "The gateway gives no usable answer: <code>connection refused</code>" in text
    assert "<details>" not in text


def test_the_summary_of_a_job_is_appended_to(tmp_path):
    file = tmp_path / "summary"
    file.write_text("before\n", encoding="utf-8")

    trouble = append_to_job_summary("## ✅ text", {"GITHUB_STEP_SUMMARY": str(file)})

    assert trouble == ""
    assert file.read_text(encoding="utf-8") == "before\n## ✅ text\n"


@pytest.mark.parametrize("environment", [{}, {"GITHUB_STEP_SUMMARY": ""}])
def test_without_a_job_nothing_is_appended(environment):
    assert append_to_job_summary("text", environment) == ""


def test_a_summary_that_cannot_be_appended_to_is_a_note(tmp_path):
    assert "GITHUB_STEP_SUMMARY" in append_to_job_summary("text", {"GITHUB_STEP_SUMMARY": str(tmp_path)})
    assert "GITHUB_STEP_SUMMARY" in append_to_job_summary("text", {"GITHUB_STEP_SUMMARY": "\0"})
