"""What is counted of a run: answer times, and which status followed which."""

import itertools

from beckn_conformance.judging.finding import Finding
from beckn_conformance.judging.statistics import BOUNDS, LONGEST_STATUS, MOST_TRANSITIONS, Statistics
from tests.exchanges import ADD, GET, PENDING, SIGNUP, UPDATE, VERIFIED, Story, exchange, nack, put, reply


def observed(story, findings=()):
    statistics = Statistics()
    by_exchange = {}
    for finding in findings:
        by_exchange.setdefault(finding.exchange, []).append(finding)
    statistics.observe(story.exchanges, by_exchange)
    return statistics


def transitions(statistics, subject="registration"):
    """Status before, status after, operation, answer and count of what was seen."""
    return {
        (row["before"], row["after"], row["operation"], row["answer"], row["count"])
        for row in statistics.to_json()["transitions"]
        if row["subject"] == subject
    }


def finding(exchange, pointer="/registration/status"):
    return Finding("UPDATE-STATUS", UPDATE, pointer, "wrong", "wrong", "sent", "due", "seen", exchange.id)


def test_statuses_are_followed_from_reply_to_reply():
    story = Story()
    story.signup()
    story.get()
    story.update()
    story.mine.verify()
    story.get()

    statistics = observed(story)

    assert transitions(statistics) == {
        (None, "REGISTERED", SIGNUP, "ACK", 1),
        ("REGISTERED", "REGISTERED", GET, "ACK", 1),
        ("REGISTERED", "UPDATE-PENDING", UPDATE, "ACK", 1),
        ("UPDATE-PENDING", VERIFIED, GET, "ACK", 1),
    }
    assert transitions(statistics, "api") == {
        (None, PENDING, SIGNUP, "ACK", 1),
        (PENDING, PENDING, GET, "ACK", 2),
        (PENDING, PENDING, UPDATE, "ACK", 1),
    }


def test_a_document_is_followed_by_content_and_name_wherever_it_stands():
    story = Story()
    story.signup()
    story.mine.documents[0]["status"] = VERIFIED
    story.get(change=lambda body: body["documents"].reverse())

    statistics = observed(story)

    assert transitions(statistics, "document") == {
        (None, PENDING, SIGNUP, "ACK", 2),
        (PENDING, VERIFIED, GET, "ACK", 1),
        (PENDING, PENDING, GET, "ACK", 1),
    }


def test_a_refused_update_shows_the_status_of_the_registration_and_no_other():
    story = Story()
    story.signup()
    body = {"registration": {"id": "no such", "status": "UPDATE-FAIL"}, "api": {"status": "a message"}}
    story.update(answer=nack(body))

    statistics = observed(story)

    assert ("REGISTERED", "UPDATE-FAIL", UPDATE, "NACK", 1) in transitions(statistics)
    assert transitions(statistics, "api") == {(None, PENDING, SIGNUP, "ACK", 1)}


def test_other_refusals_show_messages_and_no_status():
    story = Story()
    story.signup()
    story.get(answer=nack({"registration": {"status": "a message"}}))

    assert transitions(observed(story)) == {(None, "REGISTERED", SIGNUP, "ACK", 1)}


def test_what_was_found_of_a_status_stands_beside_its_transition():
    story = Story()
    story.signup()
    wrong = story.update(change=put("/registration/status", "UPDATED"))
    here, elsewhere = finding(wrong), finding(wrong, "/info/name")

    rows = observed(story, [here, elsewhere]).to_json()["transitions"]

    assert {row["after"]: row["findings"] for row in rows if row["subject"] == "registration"} == {
        "REGISTERED": [],
        "UPDATED": [here.id],
    }


def test_calls_side_by_side_tell_nothing_of_the_order():
    story = Story()
    story.signup()
    at = story.now + 1
    story.update(at=at, seconds=1.0)
    story.get(at=at + 0.2, seconds=0.1)
    story.look()
    story.mine.verify()
    story.get()

    assert transitions(observed(story)) == {
        (None, "REGISTERED", SIGNUP, "ACK", 1),
        ("UPDATE-PENDING", VERIFIED, GET, "ACK", 1),
    }


def test_a_forgotten_registration_starts_anew():
    story = Story()
    story.signup()
    statistics = observed(story)
    statistics.forget(story.mine.id)
    story.exchanges.clear()
    story.get()

    statistics.observe(story.exchanges, {})

    assert (None, "REGISTERED", GET, "ACK", 1) in transitions(statistics)


def test_a_request_that_is_no_message_counts_for_the_registration_it_is_about():
    story = Story()
    story.signup()
    unusual = exchange(
        UPDATE,
        {},
        reply("ACK", {"registration": {"id": story.mine.id, "status": "UPDATE-PENDING"}}),
        purpose="unusual",
        about=story.mine.id,
        at=story.now + 1,
    )
    story.keep(unusual)

    assert ("REGISTERED", "UPDATE-PENDING", UPDATE, "ACK", 1) in transitions(observed(story))


def test_answers_are_counted_by_operation_and_bucket():
    story = Story()
    story.signup(seconds=0.01)
    story.get(seconds=0.012)
    story.get(seconds=500.0)
    story.call(ADD, {}, None, trouble="timeout: none within 10 s")
    story.call(GET, {}, reply("ACK", {}), purpose="large")

    times = observed(story).to_json()["answer_times"]
    filled = {
        name: {bucket: count for bucket, count in enumerate(row["counts"]) if count}
        for name, row in times["operations"].items()
    }

    assert times["bounds"] == list(BOUNDS)
    assert filled == {SIGNUP: {BOUNDS.index(0.01): 1}, GET: {BOUNDS.index(0.015): 1, len(BOUNDS): 1}, ADD: {}}
    assert times["operations"][ADD]["unanswered"] == 1
    assert times["operations"][GET]["count"] == 2


def test_the_buckets_grow_evenly_on_a_logarithmic_scale():
    assert list(BOUNDS) == sorted(BOUNDS)
    assert all(1.2 < b / a < 1.8 for a, b in itertools.pairwise(BOUNDS))


def test_a_gateway_that_invents_statuses_does_not_grow_the_report():
    story = Story()
    story.signup()
    for number in range(MOST_TRANSITIONS + 50):
        story.mine.status = f"{number} {'x' * 200}"
        story.get()

    rows = observed(story).to_json()["transitions"]

    assert len(rows) == MOST_TRANSITIONS
    assert max(len(row["after"]) for row in rows) == LONGEST_STATUS + 1


def test_statuses_and_ids_of_other_types_are_left_out():
    story = Story()
    story.signup(change=put("/registration/id", 7))
    story.get(change=put("/registration/status", ["x"]))
    story.call(GET, ["no object"], reply("ACK", "no object"))
    story.call(GET, {"registration": {"id": True}}, reply("ACK", {"registration": {"status": "x"}}))

    assert {row[1] for row in transitions(observed(story))} == {"REGISTERED"}
