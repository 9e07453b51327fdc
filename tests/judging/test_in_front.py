"""What something in front of a gateway answers is not held against it, and hides nothing that is its own (T6, T16)."""

import pytest

from beckn_conformance.judging.judge import Judge
from beckn_conformance.judging.outcome import conclude
from beckn_conformance.judging.tally import EVERY, Tally
from beckn_conformance.messages.binding import EnvelopeBinding
from beckn_conformance.messages.exchange import Reply
from tests.exchanges import ACTIONS, ADD, CONFIG, GET, SIGNUP, SPECIFICATION, UPDATE, Story, exchange, nack, page, reply
from tests.judging.calls import begun
from tests.judging.stories import signed_up

BLOCKED = b'{"error": "blocked"}'
OWN_REFUSAL = nack({"registration": {"status": "UPDATE-FAIL"}, "info": {"phone": "is no text"}})
SERVED = ("Server", "gateway")
PAGES = [page(400), page(405), page(406), page(413), page(200), page(403), page(403, BLOCKED, "application/json")]
ALONE = [page(407), page(511), page(520), page(530), page(561), page(598), page(599)]


def named(answer):
    return f"{answer.status} {answer.header('content-type')}"


def one_more(story, action, answer, **how):
    """A valid call about the last registration, answered as given."""
    values = story.values
    parts = {UPDATE: {"info": values.info()}, ADD: {"documents": [values.document()]}}.get(action, {})
    body = values.signup() if action == SIGNUP else {"registration": {"id": story.mine.id}, **parts}
    story.call(action, body, answer, **how)


@pytest.mark.parametrize("action", ACTIONS)
@pytest.mark.parametrize("answer", [*PAGES, *ALONE], ids=named)
def test_a_bare_reply_to_a_sound_request_is_inconclusive_where_others_are_served(action, answer):
    story = begun()
    one_more(story, action, answer)

    assert story.findings() == []


@pytest.mark.parametrize("answer", [page(500), page(501), page(500, b"", "")], ids=named)
def test_a_crash_on_a_sound_request_stays_a_finding(answer):
    story = begun()
    one_more(story, UPDATE, answer)

    assert story.findings() == [("REPLY-NO-CRASH", "")]


def test_a_crash_of_another_server_is_none_of_the_gateways():
    story = signed_up()
    for _ in range(2):
        fair = reply(body=story.mine.shown())
        story.get(answer=Reply(fair.status, (*fair.headers, SERVED), fair.content))
    # The signup above came without the field, so this is about a server that was never seen.
    story.get(answer=Reply(500, (("Content-Type", "text/html"), ("Server", "proxy")), b"<h1>Oops</h1>"))

    assert story.findings() == []


@pytest.mark.parametrize("answer", [reply(None, {}), reply(None, {}, status=202)], ids=named)
def test_a_success_that_forgets_to_say_so_stays_a_finding(answer):
    story = begun()
    one_more(story, UPDATE, answer)

    assert story.findings() == [("REPLY-ACTION", "header:action")]


@pytest.mark.parametrize("answer", [a for a in PAGES if a.status != 403 or b"{" not in a.content], ids=named)
@pytest.mark.parametrize("action", [SIGNUP, UPDATE])
def test_symbols_that_a_firewall_turns_away_are_no_more_than_a_should(action, answer):
    story = begun()
    info = {**story.values.info(), "name": "Rides <fast> & far"}
    body = {**story.values.signup(), "info": info}
    if action == UPDATE:
        body = {"registration": {"id": story.mine.id}, "info": info}
    story.call(action, body, answer)

    (finding,) = story.told()
    assert SPECIFICATION.requirements[finding.requirement].level == "SHOULD"
    assert "Rides <fast> & far" in finding.sent


def test_symbols_are_not_blamed_where_plain_requests_are_turned_away_too():
    story = begun()
    one_more(story, SIGNUP, page(403))
    info = {**story.values.info(), "name": "Rides <fast> & far"}
    story.call(SIGNUP, {**story.values.signup(), "info": info}, page(403))

    assert story.findings() == []


def test_a_finding_shows_a_name_in_another_script():
    story = begun()
    info = {**story.values.info(), "name": "Иван Такси"}
    story.call(UPDATE, {"registration": {"id": story.mine.id}, "info": info}, page(500))

    (finding,) = story.told()
    assert "Иван Такси" in finding.sent


# Refusals that are replaced.


def refused(story, *answers):
    """Faulty updates that are answered as given."""
    for number, answer in enumerate(answers):
        faulty = {**story.values.info(), "phone": number}
        story.call(UPDATE, {"registration": {"id": story.mine.id}, "info": faulty}, answer)


def weighed(story):
    """What the whole run says of requirements that failed, with what was observed."""
    tally = Tally()
    for judgement in story.judgements():
        tally.add(judgement, "x")
    outcomes = conclude(tally, SPECIFICATION, CONFIG).outcomes
    return {o.requirement.id: o.findings[0].finding.observed for o in outcomes if o.status == "failed"}


@pytest.mark.parametrize("answer", PAGES[:6], ids=named)
def test_a_refusal_that_is_replaced_now_and_then_is_no_failure(answer):
    story = begun()
    refused(story, OWN_REFUSAL, *[answer] * EVERY)

    assert weighed(story) == {}


@pytest.mark.parametrize("order", [1, -1])
def test_it_does_not_matter_when_the_gateway_was_seen_to_refuse_by_itself(order):
    story = begun()
    answers = [OWN_REFUSAL, *[page(400)] * EVERY]
    refused(story, *answers[::order])

    assert weighed(story) == {}


@pytest.mark.parametrize("answer", PAGES[:6], ids=named)
def test_where_every_refusal_is_replaced_the_failure_stands_and_says_by_whom(answer):
    story = begun()
    title = Reply(answer.status, (*answer.headers, ("Server", "proxy")), b"<title>Sorry</title>")
    refused(story, *[title] * EVERY)

    assert weighed(story) == {
        "REPLY-ACTION": f"status {answer.status} without ACK or NACK (text/html; Server: proxy, title 'Sorry')"
    }


@pytest.mark.parametrize("first", [True, False])
def test_a_page_that_valid_requests_get_as_well_replaces_no_refusal(first):
    story = begun()
    if first:
        one_more(story, UPDATE, page(200))
    refused(story, *[page(200)] * EVERY)
    if not first:
        one_more(story, GET, page(200))

    assert weighed(story) == {}


def test_one_replaced_refusal_is_not_every_one():
    story = begun()
    refused(story, page(400))

    assert weighed(story) == {}


@pytest.mark.parametrize("lost", [page(502), None], ids=["a page", "nothing"])
def test_a_change_whose_answer_was_lost_may_wait_and_hold_up_others(lost):
    story = begun()
    for _ in range(2):
        story.get()
    one_more(story, UPDATE, lost, trouble="" if lost else CLOSED)
    one_more(story, UPDATE, nack({"registration": {"status": "UPDATE-FAIL"}}, status=409))

    assert story.findings() == []


def test_it_holds_up_none_once_it_is_seen_not_to_wait():
    story = begun()
    one_more(story, UPDATE, page(502))
    story.wait()
    story.get()
    one_more(story, UPDATE, nack({"registration": {"status": "UPDATE-FAIL"}}, status=409))

    assert "UPDATE-ACK" in dict(story.findings())


# Whether the gateway keeps answering.


def after(*hostile, trouble, fronted):
    story = begun()
    if fronted:
        one_more(story, GET, page(502))
    for purpose, answer in hostile:
        story.call(UPDATE, {}, answer, purpose=purpose, tags=("NaN",), about=story.mine.id)
    one_more(story, GET, None, trouble=trouble, tags=("long after NaN",))
    return [requirement for requirement, _ in story.findings() if requirement == "ROBUST-LIVES-ON"]


CLOSED, REFUSED, SILENT = (
    "connection: closed before a reply came",
    "no connection: Connection refused",
    "timeout: no whole reply within 10 s",
)


@pytest.mark.parametrize("trouble", [CLOSED, REFUSED, SILENT])
def test_a_gateway_that_answers_nothing_any_more_lives_on_no_more(trouble):
    assert after(("unusual", nack()), trouble=trouble, fronted=False)


@pytest.mark.parametrize(("trouble", "found"), [(CLOSED, False), (REFUSED, True), (SILENT, True)])
def test_something_in_front_may_close_connections_but_not_keep_silent(trouble, found):
    assert bool(after(("unusual", nack()), trouble=trouble, fronted=True)) == found


@pytest.mark.parametrize("tag", ["after NaN", "long after NaN"])
def test_silence_after_hostile_input_is_no_matter_of_answer_times(tag):
    story = begun()
    one_more(story, GET, None, trouble=SILENT, tags=(tag,))

    assert "REPLY-TIME" not in dict(story.findings())


@pytest.mark.parametrize("answer", [page(403), page(200), page(520)], ids=named)
def test_a_ban_does_not_tell_whether_a_gateway_lives_on(answer):
    judge = Judge(SPECIFICATION, CONFIG)
    call = exchange(GET, {"registration": {"id": "1"}}, answer, tags=("after NaN",))

    assert not [j for _, j in judge.judge_together([call]) if j.requirement == "ROBUST-LIVES-ON"]


@pytest.mark.parametrize("answer", [page(500), page(403), page(520)], ids=named)
def test_a_firewall_that_cannot_read_a_text_is_no_crash_of_the_gateway(answer):
    story = begun()
    mine = reply(body=story.mine.shown())
    for _ in range(2):
        story.get(answer=Reply(mine.status, (*mine.headers, ("Date", "now")), mine.content))
    front = Reply(answer.status, (*answer.headers, ("Server", "firewall")), answer.content)
    story.call(GET, {}, front, purpose="malformed", tags=("text cut short",))

    assert story.findings() == []


@pytest.mark.parametrize(("seconds", "findings"), [(1.5, []), (0.01, [("LARGE-ANSWERED", "/documents/0/data")])])
def test_a_large_document_on_a_slow_line_is_no_finding(seconds, findings):
    """What 32 KB take tells what a megabyte would take."""
    story = begun()
    usual = {**story.values.document(), "data": "A" * 43_000}
    story.add([usual], seconds=seconds)
    large = {**story.values.document(), "data": "A" * 350_000}
    body = {"registration": {"id": story.mine.id}, "documents": [large]}
    story.call(ADD, body, None, trouble="timeout: no whole reply within 10 s", purpose="large")

    assert story.findings() == findings


def test_no_part_of_a_token_is_shown_of_a_text_that_is_no_message():
    story = Story(binding=EnvelopeBinding())
    story.signup(token="t0" * 30)
    story.call(
        UPDATE,
        {"registration": {"id": story.mine.id}},
        page(500),
        purpose="malformed",
        tags=("x",),
        about=story.mine.id,
    )

    (finding,) = story.told()
    assert "t0t0" not in finding.sent
