"""report.html is complete, needs nothing else, and no gateway can write into it."""

import base64
import hashlib
import json
import re
from html.parser import HTMLParser

import pytest

from beckn_conformance.report import files, html, transcripts
from tests.exchanges import SPECIFICATION
from tests.reports import BODY, FOUND, finding, report, row, transition, waiver

HOSTILE = (
    "<script>window.caught=1</script>\"'><img src=x onerror=window.caught=1> {{7*7}} </style></script><!-- "
    "\u202eabc\u2066 \x00\x1b[31m \ud800 \u2028"
)


class Reader(HTMLParser):
    """Elements and text of a page; raises AssertionError where tags do not match."""

    EMPTY = frozenset({"meta", "link", "input", "img", "br"})

    def __init__(self, page):
        super().__init__(convert_charrefs=True)
        self.elements, self.texts, self._open = [], [], []
        self.feed(page)
        self.close()
        assert self._open == []

    def handle_starttag(self, tag, attributes):
        self.elements.append((tag, dict(attributes)))
        if tag not in self.EMPTY:
            self._open.append(tag)

    def handle_startendtag(self, tag, attributes):
        self.elements.append((tag, dict(attributes)))

    def handle_endtag(self, tag):
        assert self._open.pop() == tag

    def handle_data(self, data):
        if self._open[-1:] not in (["style"], ["script"]):
            self.texts.append(data)

    @property
    def text(self):
        return " ".join(" ".join(self.texts).split())

    def all(self, tag):
        return [attributes for name, attributes in self.elements if name == tag]


def page(*findings, rows=None, **changes):
    return html.page(
        report(*findings, **changes), SPECIFICATION, {"x1": row(), "x2": row("x2")} if rows is None else rows
    )


def poisoned(value):
    """The value with every text in it replaced."""
    if isinstance(value, str):
        return HOSTILE
    if isinstance(value, dict):
        return {key: poisoned(child) for key, child in value.items()}
    return [poisoned(child) for child in value] if isinstance(value, list) else value


def hostile():
    """A report and its exchanges with hostile text wherever a gateway or its vendor has a say."""
    texts = ["message", "sent", "expected", "observed", "curl", "script", "replay"]
    found = finding(
        **dict.fromkeys(texts, HOSTILE), pointer=f"/{HOSTILE}", cases=[HOSTILE, "b"], steps=[f"1. {HOSTILE}", HOSTILE]
    )
    made = report(
        found,
        gateway={**poisoned(report()["gateway"]), "binding": "http"},
        configuration={HOSTILE: HOSTILE, "optional": [HOSTILE]},
        observations=[HOSTILE],
        registrations=[HOSTILE],
        waivers=[waiver("SIGNUP-ACK", pointer=HOSTILE, reason=HOSTILE, owner=HOSTILE, state="stale", findings=[])],
    )
    made["requirements"][0] |= {"status": "inconclusive", "reason": HOSTILE}
    made["statistics"]["transitions"] += [transition(HOSTILE, HOSTILE + "2"), transition(None, HOSTILE)]
    bad = row(trouble=HOSTILE, tags=[HOSTILE])
    bad["reply"] |= {"headers": [[HOSTILE, HOSTILE], ["action", HOSTILE]], "content": json.dumps({HOSTILE: HOSTILE})}
    bad["request"] |= {"url": HOSTILE, "headers": [["Token", HOSTILE]], "content": HOSTILE}
    return made, {"x1": bad, "x2": {**bad, "id": "x2"}}


def test_the_page_names_the_gateway_and_the_run():
    text = Reader(page(finding())).text

    for words in ("Acme Gateway 4.2", "by Acme", "Non-conformant", "class core", "https://gw.example/api"):
        assert words in text
    assert "4 May 2026, 10:00 UTC, 3,000 exchanges in 9.5 s" in text
    assert SPECIFICATION.digest in text
    assert "beckn-conformance 0.1.0" in text


def test_the_page_has_every_requirement_with_its_reading():
    read = Reader(page())
    ids, text = [attributes.get("id") for attributes in read.all("details")], read.text

    assert {*SPECIFICATION.requirements} <= {*ids}
    for requirement in SPECIFICATION.requirements.values():
        assert " ".join(requirement.text.split()) in text
        for number in requirement.reading:
            assert f"{number} {SPECIFICATION.readings[number]['topic']}" in text


def test_every_link_within_the_page_has_a_target():
    read = Reader(page(finding(), transition_finding := finding("UPDATE-STATUS", pointer="/registration/status")))
    ids = [attributes["id"] for _, attributes in read.elements if "id" in attributes]

    assert len(ids) == len(set(ids))
    assert {FOUND, transition_finding["id"]} <= set(ids)
    links = [a["href"] for a in read.all("a")] + [u["href"] for u in read.all("use")]
    assert {link[1:] for link in links} <= set(ids)


def test_findings_come_worst_first():
    made = page(finding("SIGNUP-ACK-NAME-SYMBOLS"), finding("UPDATE-STATUS"), finding(FOUND))

    places = [made.index(f'id="{name}-00000001"') for name in (FOUND, "UPDATE-STATUS", "SIGNUP-ACK-NAME-SYMBOLS")]

    assert places == sorted(places)


def test_the_member_concerned_is_marked_in_request_and_reply():
    marks = re.findall(r"<mark>(.*?)</mark>", page(finding()))

    assert [mark.strip() for mark in marks] == ["&#34;phone&#34;: &#34;+918023329991&#34;,"] * 2


def test_the_body_of_an_envelope_is_found_under_any_name():
    enveloped = {"Head": {"action": "ACK"}, "BODY": BODY}
    made = page(
        finding(),
        rows={"x1": row(sent=enveloped, received=enveloped)},
        gateway={**report()["gateway"], "binding": "envelope"},
        configuration={"envelope": {"header": "head", "body": "body"}},
    )

    assert len(re.findall("<mark>.*phone.*</mark>", made)) == 2
    assert "action: ACK" in made


def test_a_header_member_is_marked():
    made = page(finding(pointer="header:token"))

    assert re.findall("<mark>(.*?)</mark>", made) == ["Token: signup"]


def test_a_member_of_replies_is_not_missing_from_the_request():
    made = page(finding(pointer="/auth", observed="no auth"))

    assert re.findall("<mark>(.*?)</mark>", made) == ["  auth: not there"]


def test_a_request_without_a_reply_shows_the_trouble():
    assert "<mark>timeout: none within 10 s</mark>" in page(
        finding(), rows={"x1": row(reply=None, trouble="timeout: none within 10 s")}
    )


def test_a_finding_without_its_exchange_is_still_shown():
    text = Reader(page(finding(), rows={})).text

    assert "NACK, with a message at /info/phone" in text
    assert "The exchange in full" not in text


def test_a_history_is_shown_in_steps_with_its_script():
    text = Reader(
        page(finding(steps=["1. Provider/signup: ACK", "2. Provider/get: ACK"], script="#!/bin/sh\ncurl x\n"))
    ).text

    assert "What happened Provider/signup: ACK Provider/get: ACK" in text
    assert f"sh findings/{FOUND}-00000001.sh" in text


def test_long_contents_are_cut_with_a_note():
    long = {"list": [f"entry {number}" for number in range(5000)]}
    made = page(finding(), rows={"x1": row(received=long)})

    assert "characters in all)" in made
    assert "entry 4999" not in made
    assert len(made) < len(page(finding())) + 4 * transcripts.LONGEST_CONTENT


NAME = "n" * 50_000


@pytest.mark.parametrize(
    ("binding", "reply"),
    [
        ("http", {"received": {NAME: 1}}),
        ("http", {"reply": {"status": 200, "headers": [[NAME, NAME]], "content": ""}}),
        ("envelope", {"received": {"header": {f"{number}{NAME}": 1 for number in range(100)}, "body": {}}}),
    ],
)
def test_long_names_are_cut_and_only_some_are_shown(binding, reply):
    made = page(finding(), rows={"x1": row(**reply)}, gateway={**report()["gateway"], "binding": binding})

    assert len(made) < len(page(finding())) + 4 * transcripts.LONGEST_CONTENT


def test_declarations_and_waivers_are_printed():
    waived = waiver(pointer="/info/phone", reason="fixed in 5.0")
    text = Reader(page(finding(), waivers=[waived], configuration={"settle": 3, "waivers": ["not twice"]})).text

    assert "Waived until 2030-01-31 by ops (gateway-defect): fixed in 5.0" in text
    assert "settle 3" in text
    assert "not twice" not in text


def test_a_waived_finding_comes_last():
    made = page(finding(), finding("SIGNUP-ACK-NAME-SYMBOLS"), waivers=[waiver()])

    assert made.index('id="SIGNUP-ACK-NAME-SYMBOLS-00000001"') < made.index(f'id="{FOUND}-00000001"')


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"verdict": "incomplete"}, "Only a part of the suite was run"),
        ({"verdict": "inconclusive"}, "the reason stands beside"),
        (
            {"verdict": "inconclusive", "run": {**report()["run"], "reason": "nobody answers", "exchanges": 0}},
            "nobody answers",
        ),
    ],
)
def test_the_page_says_what_to_do_next(changes, words):
    assert words in Reader(page(**changes)).text


def test_one_command_runs_the_tests_with_findings_again():
    url = {**report()["gateway"], "url": "https://gw.example/a b"}
    status = finding("UPDATE-STATUS", replay="beckn-conformance run URL --pyargs 'suite.test_fuzz::test[a b]'")
    text = Reader(page(finding(), finding("GET-ACK"), status, gateway=url)).text

    name = "'beckn_conformance.suite.test_signup::test_one_fault[x]'"
    assert f"beckn-conformance run 'https://gw.example/a b' --pyargs {name} 'suite.test_fuzz::test[a b]'" in text


def test_inconclusive_requirements_are_listed_with_their_reason():
    made = report(verdict="inconclusive")
    made["requirements"][3] |= {"status": "inconclusive", "reason": "1 of 2 exercised"}

    text = Reader(html.page(made, SPECIFICATION, {})).text

    assert "Could not be judged 1" in text
    assert "1 of 2 exercised" in text


def test_a_report_with_another_catalogue_still_makes_a_page():
    made = report(finding("GONE"))
    made["requirements"].append(
        {**made["requirements"][0], "id": "GONE", "reading": ["Z9"], "section": "§9 New", "findings": [finding("GONE")]}
    )

    assert "GONE-00000001" in html.page(made, SPECIFICATION, {})


# Alone, and safe.


def test_the_page_loads_nothing():
    read = Reader(page(finding()))

    for _, attributes in read.elements:
        for name in ("src", "href", "action", "srcset", "data", "poster"):
            assert attributes.get(name, "#").startswith(("#", "data:"))
    assert "@import" not in page()
    assert "url(" not in page()


def test_the_policy_allows_only_the_style_and_script_of_the_page():
    made = page(finding())
    (policy,) = [m["content"] for m in Reader(made).all("meta") if m.get("http-equiv") == "Content-Security-Policy"]

    def digest(tag):
        (text,) = re.findall(f"<{tag}>(.*?)</{tag}>", made, re.DOTALL)
        return f"'sha256-{base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()}'"

    assert policy.split("; ") == [
        "default-src 'none'",
        f"style-src {digest('style')}",
        f"script-src {digest('script')}",
        "img-src data:",
        "base-uri 'none'",
        "form-action 'none'",
    ]


def test_no_element_has_an_inline_style_or_script():
    read = Reader(page(finding()))

    assert [
        name for _, attributes in read.elements for name in attributes if name == "style" or name.startswith("on")
    ] == []


def test_hostile_text_stays_text():
    made, rows = hostile()

    written = html.page(made, SPECIFICATION, rows)
    read = Reader(written)

    assert [tag for tag, _ in read.elements if tag in ("img", "script")] == ["script"]
    assert not [name for _, attributes in read.elements for name in attributes if name.startswith("on")]
    assert "<script>window.caught=1</script>" in read.text
    assert "49 <" not in read.text
    assert written.encode("utf-8")
    assert not re.search("[\x00-\x09\x0b-\x1f\u202a-\u202e\u2066-\u2069\u2028]", written)


def test_the_page_is_the_same_for_the_same_report():
    assert page(finding()) == page(finding())


# On disk.


def test_all_files_of_a_report_are_written(tmp_path):
    (tmp_path / "exchanges.jsonl").write_text(json.dumps(row(), separators=(",", ":")) + "\n")
    made = report(finding(script="#!/bin/sh\n"))

    files.write(made, tmp_path, SPECIFICATION)

    assert json.loads((tmp_path / "report.json").read_text()) == made
    assert (tmp_path / "report.html").read_text() == html.page(made, SPECIFICATION, {"x1": row()})
    assert {file.name for file in tmp_path.iterdir()} == {*files.NAMES, files.SCRIPTS} - {"course.jsonl"}
    assert [file.name for file in (tmp_path / "findings").iterdir()] == [f"{FOUND}-00000001.sh"]


def test_scripts_of_an_earlier_report_are_removed(tmp_path):
    files.write(report(finding(script="#!/bin/sh\n")), tmp_path, SPECIFICATION)
    files.write(report(), tmp_path, SPECIFICATION)

    assert list((tmp_path / "findings").iterdir()) == []
