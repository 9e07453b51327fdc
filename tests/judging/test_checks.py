"""Single exchanges: a fair reply brings no finding, an unfair one the right requirement at the right place."""

import copy
import dataclasses

import pytest

from beckn_conformance.judging.obligations import checks_of, obligations
from tests.exchanges import CONFIG, GET, SIGNUP, SPECIFICATION, STRANGER, UPDATE, Story, exchange, nack, put, reply
from tests.judging.calls import BOTH, PREFIX, begun, call


def names_of_checks(requirement):
    return [check.function.__name__ for check in checks_of(requirement, SPECIFICATION)]


def test_every_testable_requirement_has_a_check():
    testable = (requirement for requirement in SPECIFICATION.requirements.values() if not requirement.untestable)

    assert [requirement.id for requirement in testable if not checks_of(requirement, SPECIFICATION)] == []


@pytest.mark.parametrize("ending", ["ACK", "BODY", "ENDPOINT", "ACK-FAX", "ID"])
@pytest.mark.parametrize("beginning", ["REPLY", "NEW", "GET-NEW"])
def test_a_requirement_without_a_check_of_its_own_has_none(beginning, ending):
    row = dataclasses.replace(SPECIFICATION.requirements["GET-ACK"], id=f"{beginning}-{ending}")

    assert names_of_checks(row) == []


def test_a_requirement_of_another_operation_is_not_checked_by_its_ending():
    row = dataclasses.replace(SPECIFICATION.requirements["GET-ACK"], operations=(SIGNUP,))

    assert names_of_checks(row) == []


def test_the_status_of_an_ack_is_no_business_of_the_check_of_acks():
    assert names_of_checks(SPECIFICATION.requirements["SIGNUP-ACK"]) == ["valid_request_is_acknowledged"]
    assert names_of_checks(SPECIFICATION.requirements["REPLY-STATUS-ACK"]) == ["status_fits"]


def test_a_requirement_on_two_operations_has_to_be_exercised_in_both():
    requirements = SPECIFICATION.requirements
    both = dataclasses.replace(requirements["SIGNUP-NACK-PHONE"], operations=(SIGNUP, UPDATE))
    changed = dataclasses.replace(
        SPECIFICATION,
        requirements={**requirements, both.id: both, "UPDATE-NACK-PHONE": requirements["UPDATE-NACK-NAME"]},
        digest="two operations",
    )

    assert {obligation.operation for obligation in obligations(changed, CONFIG)[both.id]} == {SIGNUP, UPDATE}


@pytest.mark.parametrize("binding", BOTH, ids=["http", "header", "Header"])
def test_a_fair_gateway_brings_no_finding(binding):
    story = begun(binding=binding)
    story.signup()
    story.get()

    assert story.findings() == []


def test_what_a_fair_gateway_did_is_exercised():
    story = begun()

    assert {
        "REPLY-JSON",
        "REPLY-ACTION",
        "REPLY-MESSAGE",
        "REPLY-MESSAGE-BLANK",
        "REPLY-MEDIA-TYPE",
        "REPLY-STATUS-ACK",
        "REPLY-NO-CRASH",
        "REPLY-TIME",
        "TOKEN-ACCEPTED",
        "TOKEN-NOT-REPEATED",
        "SIGNUP-EXP-AHEAD",
        *(f"{prefix}-{what}" for prefix in PREFIX.values() for what in ("ENDPOINT", "ACK", "BODY")),
        *(f"{prefix}-ID" for prefix in PREFIX.values()),
    } <= story.met()


@pytest.mark.parametrize("action", [GET, UPDATE])
@pytest.mark.parametrize(("after", "findings"), [(0.5, 0), (60.0, 1)])
def test_a_token_not_visible_yet_may_hide_that_an_id_is_unknown(action, after, findings):
    """A lagging replica refuses the token before it looks at the id (R19)."""
    story = Story()
    story.signup()
    parts = {"info": story.values.info()} if action == UPDATE else {}
    story.wait(after)
    story.call(action, {"registration": {"id": "nobody"}, **parts}, nack())

    assert len([found for found in story.findings() if "-NACK-" in found[0]]) == findings


def test_an_unknown_id_is_blamed_also_while_a_token_may_not_be_visible():
    story = Story()
    story.signup()
    story.call(GET, {"registration": {"id": "nobody"}}, nack({"registration": {"id": "is unknown"}}))

    assert story.findings() == []
    assert "GET-NACK-UNKNOWN" in story.met()


def test_a_finding_reads_like_a_report():
    story = begun()
    call(story, SIGNUP, reply(body={"registration": {"id": "17"}}), change=put("/info/phone", "8023329991"))

    (finding,) = story.told()

    assert finding.operation == SIGNUP
    assert finding.sent == 'Provider/signup with /info/phone = "8023329991" (malformed)'
    assert finding.expected == "NACK, with a message at /info/phone"
    assert finding.observed == 'ACK "text for a person" (registration "17")'
    assert finding.exchange == story.exchanges[-1].id
    assert finding.weight == len(story.exchanges[-1].request.content)


def test_an_id_that_is_repeated_is_not_shown_as_blamed():
    story = begun()
    own = story.mine.id
    answer = nack({"registration": {"id": own, "status": "UPDATE-FAIL"}, "info": {"email": "is fixed"}})
    call(story, UPDATE, answer)

    (finding,) = story.told()

    assert finding.requirement == "UPDATE-ACK-EMAIL"
    assert finding.observed.endswith('blaming /info/email "is fixed"')


def test_a_request_without_any_text_ends_with_its_name():
    story = begun()
    made = exchange(GET, {}, reply(body={}), purpose="malformed", tags=("no text at all",), at=story.now + 0.1)
    story.keep(dataclasses.replace(made, request=dataclasses.replace(made.request, content=b"")))

    (finding,) = story.told()

    assert finding.sent == "Provider/get with no text at all"


def test_what_a_gateway_says_cannot_steer_a_terminal():
    story = begun()
    story.get(answer=nack({}, message="\x1b[2J\x07\u202e"))

    (finding,) = story.told()

    assert all(c.isprintable() for c in finding.observed)


def test_the_story_of_a_stranger_is_no_story_of_mine():
    story = begun()
    before = copy.deepcopy(story.mine)
    story.get(token=STRANGER.token, answer=nack({}, status=401))

    assert story.findings() == []
    assert story.mine == before
