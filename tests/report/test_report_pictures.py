"""The pictures of a page show transitions between statuses, and answer times."""

import itertools
import math

import pytest

from beckn_conformance.report.durations import histograms
from beckn_conformance.report.states import HEIGHT_OF_NODE, MOST_OTHERS, NODE, diagrams
from beckn_conformance.specification.loading import load
from tests.changed_schemas import copied
from tests.exchanges import ADD, GET, PENDING, SIGNUP, SPECIFICATION, UPDATE, VERIFIED
from tests.reports import statistics, transition

PENDED, FAILED = "UPDATE-PENDING", "UPDATE-FAIL"


def drawn(*transitions, configuration=None, statuses=None, specification=SPECIFICATION):
    (diagram,) = diagrams(transitions, configuration or {}, statuses or {}, specification)
    return diagram


def outcomes(diagram):
    return {(arrow.before, arrow.after): arrow.outcome for arrow in (*diagram.arrows, *diagram.stays) if arrow.rows}


@pytest.mark.parametrize(
    "one",
    [
        transition(None, "ANYTHING", SIGNUP),
        transition("ANYTHING", PENDED, UPDATE),
        transition("ANYTHING", PENDED, ADD),
        transition("ANYTHING", FAILED, UPDATE, answer="NACK"),
        transition(PENDED, VERIFIED),
        transition(PENDING, VERIFIED),
        transition(FAILED, "ANYTHING"),
        transition(None, PENDING, ADD, subject="document"),
        transition(PENDING, VERIFIED, UPDATE, subject="document"),
        transition(PENDING, VERIFIED, subject="api"),
    ],
)
def test_a_transition_of_the_specification_is_allowed(one):
    assert set(outcomes(drawn(one)).values()) == {"allowed"}


@pytest.mark.parametrize(
    "one",
    [
        transition(PENDING, "ELSE"),
        transition(PENDING, "ELSE", UPDATE),
        transition(VERIFIED, PENDING, subject="document"),
        transition(None, VERIFIED, SIGNUP, subject="api"),
        transition("ELSE", "OTHER", UPDATE, answer="NACK"),
    ],
)
def test_a_transition_without_a_finding_is_never_drawn_as_a_fault(one):
    assert set(outcomes(drawn(one)).values()) == {"silent"}


def test_the_words_of_a_changed_specification_are_drawn(tmp_path):
    folder = copied(tmp_path / "schemas")
    for file in folder.glob("*.json"):
        file.write_text(file.read_text(encoding="utf-8").replace("UPDATE-PENDING", "CHANGE-WAITS"), encoding="utf-8")

    diagram = drawn(transition(PENDING, "CHANGE-WAITS", UPDATE), specification=load(folder))

    assert set(outcomes(diagram).values()) == {"allowed"}
    assert "CHANGE-WAITS" in {node.name for node in diagram.nodes if node.of_page}


@pytest.mark.parametrize("status", ["failed", "warned", "waived"])
def test_a_transition_has_the_status_of_its_finding(status):
    one = transition(PENDING, "UPDATED", UPDATE, findings=["F", "gone"])

    diagram = drawn(one, transition(PENDING, "UPDATED", count=99), statuses={"F": status})

    assert outcomes(diagram) == {(PENDING, "UPDATED"): status}
    assert diagram.arrows[0].rows[0].findings == ("F",)


def test_a_finding_missing_from_the_report_colours_nothing():
    # It only followed from another one.
    assert outcomes(drawn(transition(PENDING, PENDED, UPDATE, findings=["gone"]))) == {(PENDING, PENDED): "allowed"}


def test_declared_statuses_and_immediate_verification_are_allowed():
    configuration = {"status_names": {"UPDATE-PENDING": "WAITS"}, "verification": "immediate"}

    assert outcomes(drawn(transition(PENDING, "WAITS", UPDATE), configuration=configuration)) == {
        (PENDING, "WAITS"): "allowed"
    }
    one = transition(None, VERIFIED, SIGNUP, subject="api")
    assert outcomes(drawn(one, configuration=configuration)) == {(None, VERIFIED): "allowed"}


def test_an_unseen_transition_has_no_number():
    diagram = drawn(transition(None, PENDING, SIGNUP))

    unseen = {(arrow.before, arrow.after) for arrow in diagram.arrows if arrow.outcome == "unseen"}
    assert (PENDING, VERIFIED) in unseen
    assert (None, PENDING) not in unseen
    assert all((arrow.number == 0) == (arrow.outcome == "unseen") for arrow in diagram.arrows)


def test_staying_is_counted_at_the_status_unless_it_is_a_fault():
    diagram = drawn(
        transition(PENDED, PENDED, count=8),
        transition("UPDATED", "UPDATED", UPDATE, findings=["F"]),
        statuses={"F": "failed"},
    )

    assert {node.name: node.stayed for node in diagram.nodes if node.stayed} == {PENDED: 8, "UPDATED": 5}
    assert [(arrow.after, arrow.outcome) for arrow in diagram.stays] == [("UPDATED", "failed")]


@pytest.mark.parametrize("others", range(MOST_OTHERS + 4))
def test_parts_of_a_diagram_do_not_overlap(others):
    diagram = drawn(*(transition(PENDING, f"OWN-{number}") for number in range(others)), transition(PENDING, VERIFIED))

    assert len(diagram.nodes) == 5 + min(others, MOST_OTHERS)
    boxes = [node for node in diagram.nodes if node.name is not None]
    for one, other in itertools.combinations(boxes, 2):
        assert abs(one.x - other.x) > NODE or abs(one.y - other.y) > HEIGHT_OF_NODE
    for box in boxes:
        assert NODE / 2 <= box.x <= diagram.width - NODE / 2
        assert HEIGHT_OF_NODE / 2 <= box.y <= diagram.height - HEIGHT_OF_NODE / 2
    badges = [arrow.badge for arrow in diagram.arrows if arrow.line and arrow.number]
    assert len(badges) == len(set(badges))


def test_numbers_of_transitions_keep_their_distance():
    names = [PENDING, VERIFIED, PENDED, FAILED]
    pairs = [(one, other) for one in (None, *names) for other in names if one != other]
    diagram = drawn(*(transition(*pair) for pair in pairs))

    badges = [arrow.badge for arrow in diagram.arrows]
    assert len(badges) == len(pairs)
    assert min(math.dist(*two) for two in itertools.combinations(badges, 2)) > 22


def test_transitions_of_undrawn_statuses_are_listed():
    diagram = drawn(*(transition(PENDING, f"OWN-{number}") for number in range(MOST_OTHERS + 2)))

    assert len([arrow for arrow in diagram.arrows if arrow.number and arrow.line is None]) == 2


def test_only_seen_subjects_have_a_diagram():
    assert diagrams([], {}, {}, SPECIFICATION) == []
    api = transition(None, PENDING, SIGNUP, subject="api")
    assert [d.subject for d in diagrams([api], {}, {}, SPECIFICATION)] == ["api"]


def test_a_histogram_has_median_and_tail():
    (one,) = histograms(statistics()["answer_times"], [SIGNUP, GET])

    assert (one.operation, one.count, one.unanswered) == (SIGNUP, 20, 1)
    assert (one.median, one.most, one.slowest) == ("10 ms", "10 ms", "70 ms to 100 ms")
    assert [bar.count for bar in one.bars] == [19, 1]
    assert [tick.label for tick in one.ticks] == ["10 ms", "30 ms", "100 ms"]


def test_histograms_share_one_scale():
    times = statistics()["answer_times"]
    counts = [0] * len(times["operations"][SIGNUP]["counts"])
    counts[-1] = 4
    times["operations"][GET] = {"count": 4, "unanswered": 0, "counts": counts}

    get, signup = histograms(times, [GET, SIGNUP])

    assert (get.operation, get.width, get.ticks) == (GET, signup.width, signup.ticks)
    assert get.slowest == get.median == "more than 100 s"


def test_without_answers_there_are_no_histograms():
    assert histograms({"bounds": [1.0], "operations": {}}, []) == []
    assert histograms({"bounds": [1.0], "operations": {GET: {"count": 0, "unanswered": 3, "counts": [0, 0]}}}, []) == []
