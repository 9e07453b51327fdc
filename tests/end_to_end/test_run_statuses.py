"""What the exit status and the verdict say."""

import asyncio

import pytest

from tests.end_to_end.kit import until

ONE = ("-k", "test_plain_get")


def test_the_reference_gateway_passes_and_a_narrowed_run_is_incomplete(kit):
    run = kit.run("reference", *ONE)

    assert run.status == 0
    assert run.report["verdict"] == "incomplete"
    assert run.findings == []
    assert run.lines[-2].endswith("incomplete (core)")


@pytest.mark.parametrize(
    "narrowing",
    [
        ["-k", "GET-ID", "-x"],
        ["--pyargs", "beckn_conformance.suite.test_get", "-k", "not one_fault", "--deselect=x"],
    ],
    ids=" ".join,
)
def test_a_run_narrowed_in_any_way_is_incomplete(kit, gateway, narrowing):
    run = kit.run(gateway().url, *narrowing)

    assert run.status == 0, run.output
    assert run.report["verdict"] == "incomplete"


def test_a_defect_fails_even_where_the_run_is_narrowed(kit):
    run = kit.run("reference:signup-info-phone-no-plus-accepted", "-k", "SIGNUP-NACK-PHONE and malformed")

    assert run.status == 1
    assert run.report["verdict"] == "incomplete"
    assert "SIGNUP-NACK-PHONE" in {f["requirement"] for f in run.findings}
    assert run.requirement("SIGNUP-NACK-PHONE")["status"] == "failed"


def test_a_should_that_is_not_met_fails_in_the_strict_class(kit, gateway):
    run = kit.run(gateway(defects=(SHOULD_DEFECT,)).url, "-k", SHOULD, "--conformance-class=strict")

    assert run.status == 1
    assert run.report["class"] == "strict"
    assert run.requirement(SHOULD)["status"] == "failed"


SHOULD = "REPLY-MEDIA-TYPE"
SHOULD_DEFECT = "signup-media-type-html"

WAIVER = "waivers:\n- {{requirement: {0}, reason: known, owner: somebody, expires: {1}{2}}}\n"


def test_a_waiver_makes_a_defect_pass(kit, gateway):
    option = kit.configure(WAIVER.format(SHOULD, "2999-12-31", ""))

    run = kit.run(gateway(defects=(SHOULD_DEFECT,)).url, option, "-k", SHOULD, "--conformance-class=strict")

    assert run.status == 0, run.output
    assert run.requirement(SHOULD)["status"] == "waived"
    (waiver,) = run.report["waivers"]
    (finding,) = run.findings
    assert " waived" in run.lines[-1]
    assert " failed" not in run.lines[-1]
    assert (waiver["state"], waiver["findings"]) == ("used", [finding["id"]])
    assert any("until 2999-12-31 by somebody (gateway-defect): known" in line for line in run.lines)


FAULTS = {
    "a scenario": """
from beckn_conformance.client.actor import Actor

async def settle(self):
    raise ZeroDivisionError("deliberate")

Actor.settle = settle
""",
    "a check": """
from beckn_conformance.judging import registry

def check(observation):
    raise ZeroDivisionError("deliberate")

registry.check("X")(check)
""",
}


@pytest.mark.parametrize(("where", "processes"), [("a scenario", ()), ("a check", ("-p", "xdist.plugin", "-n2"))])
def test_an_unexpected_exception_is_a_fault_of_the_kit_and_no_finding(kit, gateway, tmp_path, where, processes):
    (tmp_path / "conftest.py").write_text(FAULTS[where])

    run = kit.run(gateway().url, *processes, "-k", "test_update_stays or test_refusal_after_an_update", faulty=True)

    assert run.status == 3, run.output
    assert run.report["verdict"] != "conformant"
    assert run.findings == []
    told = [line for line in run.lines if "fault of the kit" in line]
    assert len(told) == 1
    assert "ZeroDivisionError" in told[0]
    assert "deliberate" in (run.folder / "crash.txt").read_text(encoding="utf-8")


def test_an_interrupted_run_ends_at_once_and_leaves_what_was_exchanged(kit, gateway):
    async def fall_silent(seen, answer):
        if seen.number > 30:
            await asyncio.Event().wait()
        return answer

    server = gateway(fall_silent)
    started = kit.start(server.url, "--gateway-timeout=900", "--gateway-concurrency=4")
    until(lambda: len(server.seen) >= 34)

    started.interrupt()
    run = started.wait()

    assert "Traceback" not in run.output, run.output
    assert run.status == 2
    assert "interrupted: this covers what was judged until then" in run.output
    assert len(run.journal) >= 25
    assert {row["operation"] for row in run.journal} >= {"Provider/signup", "Provider/get"}
    assert run.report["verdict"] in ("incomplete", "non-conformant")


def test_a_run_interrupted_before_the_first_answer_ends_at_once(kit, gateway):
    async def stay_silent(seen, answer):
        await asyncio.Event().wait()
        return answer

    server = gateway(stay_silent)
    started = kit.start(server.url, "--gateway-timeout=900")
    until(lambda: len(server.seen) == 1)

    started.interrupt()
    run = started.wait()

    assert "Traceback" not in run.output, run.output
    assert run.status == 2
    assert not run.reported or run.report["verdict"] != "conformant"
