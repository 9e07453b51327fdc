"""Two reports are compared finding by finding."""

import copy

import pytest

from beckn_conformance.report.comparison import compare

FINDING = {
    "id": "GET-ACK-1",
    "operation": "Provider/get",
    "pointer": "/info/phone",
    "message": "a valid value is refused",
    "cases": ["plain"],
    "count": 3,
}


def report(*findings, status=None, verdict=None, waivers=(), waived=None, **gateway):
    """A report about one requirement."""
    status = status or ("failed" if findings else "passed")
    return {
        "verdict": verdict or ("non-conformant" if status == "failed" else "conformant"),
        "waived": waived or {},
        "class": "core",
        "kit": {"version": "1"},
        "specification": {"digest": "d" * 64},
        "gateway": {"url": "http://gw", "version": "1", "binding": "http", **gateway},
        "configuration": {},
        "waivers": list(waivers),
        "requirements": [
            {
                "id": "GET-ACK",
                "level": "MUST",
                "status": status,
                "reason": "why",
                "tests": ["a.py::a"],
                "findings": list(findings),
            }
        ],
    }


def kinds(comparison):
    return [change.kind for change in comparison.changes]


def test_equal_reports_have_no_changes():
    comparison = compare(report(FINDING), report(copy.deepcopy(FINDING)))

    assert comparison.changes == ()
    assert comparison.circumstances == ()
    assert not comparison.worse
    assert list(comparison.lines()) == ["verdict: non-conformant, as before"]


def test_a_new_need_for_waivers_is_listed():
    old, new = report(), report(FINDING, status="waived", waived={"MUST": ["GET-ACK"]})

    comparison = compare(old, new)

    assert [*comparison.lines()][-1] == "verdict: conformant, 1 MUST waived (was conformant)"
    assert comparison.to_json()["waived"] == [{}, {"MUST": ["GET-ACK"]}]


def test_a_new_finding_is_worse():
    comparison = compare(report(), report(FINDING))

    assert kinds(comparison) == ["new"]
    assert comparison.worse
    assert "/info/phone: a valid value is refused" in "\n".join(comparison.lines())


def test_a_missing_finding_is_fixed():
    comparison = compare(report(FINDING), report())

    assert kinds(comparison) == ["fixed"]
    assert not comparison.worse


def test_a_finding_that_was_not_tested_again_is_not_fixed():
    comparison = compare(report(FINDING), report(status="inconclusive"))

    assert kinds(comparison) == ["changed"]
    assert "not seen again" in comparison.changes[0].text


def test_a_finding_with_other_cases_has_changed():
    comparison = compare(report(FINDING), report({**FINDING, "cases": ["with extension"]}))

    assert kinds(comparison) == ["changed"]
    assert comparison.changes[0].text.endswith("(also with with extension; no longer with plain)")


def test_the_count_of_a_finding_does_not_matter():
    assert kinds(compare(report(FINDING), report({**FINDING, "count": 9}))) == []


def test_a_newly_waived_finding_is_no_worse():
    comparison = compare(report(FINDING), report(FINDING, status="waived"))

    assert kinds(comparison) == ["waived"]
    assert not comparison.worse


def test_an_expired_waiver_is_worse():
    comparison = compare(report(FINDING, status="waived"), report(FINDING))

    assert kinds(comparison) == ["new"]
    assert comparison.worse


@pytest.mark.parametrize(
    ("before", "after", "kind"),
    [("passed", "inconclusive", "worse"), ("inconclusive", "passed", "better"), ("passed", "untested", "worse")],
)
def test_a_requirement_that_became_inconclusive_is_worse(before, after, kind):
    comparison = compare(report(status=before), report(status=after))

    assert kinds(comparison) == [kind]
    assert comparison.worse is (kind == "worse")


def test_a_requirement_outside_a_narrowed_run_is_not_worse():
    comparison = compare(report(status="passed"), report(status="inconclusive", verdict="incomplete"))

    assert kinds(comparison) == ["changed"]
    assert not comparison.worse
    assert [*comparison.lines()][:-1] == [
        "note: the newer run is incomplete; requirements that it did not fully test: 1"
    ]


def test_the_tests_of_a_requirement_are_looked_through_once():
    looks = []

    class Tests(list):
        def __iter__(self):
            looks.append(self)
            return super().__iter__()

    many = [{**FINDING, "id": f"GET-ACK-{number:08x}"} for number in range(50)]
    old, new = report(*many), report(status="inconclusive", verdict="incomplete")
    for one in (old, new):
        one["requirements"][0]["tests"] = Tests()

    assert kinds(compare(old, new)) == ["changed"] * 50
    assert len(looks) <= 2


def test_changed_circumstances_are_listed():
    waiver = {"requirement": "GET-ACK", "pointer": None, "expires": "2027-01-01"}
    old, new = report(), report(version="2", waivers=[waiver])
    new["configuration"] = {"settle": 5}
    new["kit"] = {"version": "2"}

    told = "\n".join(compare(old, new).lines())

    assert "version of the gateway: 2, before 1" in told
    assert "kit: 2, before 1" in told
    assert "configuration, settle: 5, before not declared" in told
    assert "waiver for GET-ACK until 2027-01-01: new" in told


def test_a_requirement_of_another_catalogue_is_listed():
    new = report()
    new["requirements"].append({"id": "X", "level": "MUST", "status": "passed", "reason": "", "findings": []})

    assert compare(report(), new).circumstances == ("requirement X is not in the older catalogue",)
