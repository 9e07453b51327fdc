"""The JUnit XML of pytest gets the verdict, and keeps everything that pytest wrote."""

from xml.etree import ElementTree

import pytest

from beckn_conformance.report import junit
from tests.reports import report

TEXT = '<testsuites><testsuite name="pytest" tests="1">{}</testsuite></testsuites>'
CASE = (
    '<testcase name="a"><properties><property name="x" value="1" /></properties><skipped>w&#233;</skipped></testcase>'
)


@pytest.mark.parametrize("before", ["", '<properties><property name="theirs" value="2" /></properties>'])
def test_the_suite_gets_verdict_gateway_and_seed(tmp_path, before):
    file = tmp_path / "junit.xml"
    file.write_text(TEXT.format(before + CASE), encoding="utf-8")

    assert junit.complete(file, report()) == ""

    suite = ElementTree.parse(file).getroot()[0]
    told = {found.get("name"): found.get("value") for found in suite.find("properties")}
    assert suite[0].tag == "properties"
    assert (told["verdict"], told["gateway"]) == ("conformant", report()["gateway"]["url"])
    assert told["seed"] == str(report()["run"]["seed"])
    assert ("theirs" in told) == bool(before)
    assert ElementTree.tostring(suite.find("testcase")) == ElementTree.tostring(ElementTree.fromstring(CASE))


@pytest.mark.parametrize("content", [None, "", "<testsuites>", "<other/>"])
def test_a_file_that_cannot_be_completed_is_a_note(tmp_path, content):
    file = tmp_path / "junit.xml"
    if content is not None:
        file.write_text(content, encoding="utf-8")

    assert junit.complete(file, report()).startswith("junit.xml does not have the verdict")


def test_the_file_is_where_pytest_writes_it(tmp_path, monkeypatch):
    monkeypatch.setenv("HOME", "/home/me")
    monkeypatch.setenv("OUT", "out")

    assert junit.place("$OUT/j.xml", tmp_path) == tmp_path / "out" / "j.xml"
    assert str(junit.place("~/j.xml", tmp_path)) == "/home/me/j.xml"
