"""The tally: findings by place, the exchange that stands for each, and what is only counted."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from beckn_conformance.judging.finding import LATER, MOST_PLACES, REGISTRATION_BLAMED, SLUG, VALUE, Obligation, slug
from beckn_conformance.judging.tally import KEPT_EXCHANGES, KEPT_REGISTRATIONS, Tally
from tests.exchanges import ADD, GET, QUICK, SIGNUP, UPDATE, changed, nack, put
from tests.judging.calls import begun, call
from tests.judging.verdicts import MUST, NAMES, concluded, finding, found, full, outcome


def test_the_finding_of_the_lowest_weight_is_reported():
    tally = full(
        *(found(exchange=exchange, weight=weight) for exchange, weight in (("x1", 50), ("x2", 70), ("x3", 20)))
    )

    ((record,),) = (records.values() for records in tally.found.values())
    assert record.finding.exchange == "x3"
    assert (record.count, record.exchanges) == (3, ["x1", "x2", "x3"])


def test_a_finding_at_many_documents_is_one():
    tally = full(*(found(NAMES, pointer=f"/documents/{n}/name", exchange=f"x{n}") for n in range(100)))

    (record,) = outcome(concluded(tally), NAMES).findings
    assert (record.count, len(record.exchanges), record.finding.exchange) == (100, KEPT_EXCHANGES, "x0")
    assert len(tally.found[NAMES]) == MOST_PLACES + 1


def test_an_item_far_down_a_list_is_not_told_apart_from_others():
    far, name = f"/documents/{MOST_PLACES}/name", f"/{'9' * 5000}"
    tally = full(found(NAMES, pointer=far), found(pointer=name))

    places = {record.place: record.finding.pointer for records in tally.found.values() for record in records.values()}
    assert places == {"/documents/*/name": far, "/*": name}


JUDGEMENTS = st.builds(
    lambda place, weight, exchange: found(
        NAMES, pointer=f"/documents/{place}/name", weight=weight, exchange=f"x{exchange}"
    ),
    st.integers(0, MOST_PLACES + 2),
    st.integers(0, 3),
    st.integers(0, 99),
)


@QUICK
@given(st.lists(JUDGEMENTS, max_size=60), st.lists(JUDGEMENTS, max_size=60))
def test_tallies_of_two_processes_join_to_that_of_both(first, second):
    joined = full(*first)
    joined.join(full(*second))

    both = full(*first, *second)
    assert joined.found == both.found
    assert [*joined.found.get(NAMES, {})] == [*both.found.get(NAMES, {})]
    assert (joined.exercised, joined.samples) == (both.exercised, both.samples)


def test_tests_and_what_hindered_them_join_in_order():
    joined, later = full(but=[MUST]), Tally()
    for tally, test in ((joined, "a"), (later, "b")):
        tally.tests[MUST] = [test]
        tally.hinder(MUST, "the same")
        tally.hinder(MUST, test)
        tally.doubled.add(test)

    joined.join(later)

    assert joined.tests[MUST] == ["a", "b"]
    assert joined.reasons[MUST] == {"the same": 2, "a": 1, "b": 1}
    assert joined.doubled == {"a", "b"}


def test_a_finding_about_more_registrations_than_are_kept_follows_from_no_shared_id():
    ids = [f"r-{number}" for number in range(KEPT_REGISTRATIONS + 1)]
    tally = Tally(doubled={*ids})
    for id_ in ids:
        (record,) = tally.found.get("GET-ROUND-TRIP", {"": None}).values()
        assert record is None or tally.follows(record)
        judgement = found("GET-ROUND-TRIP")
        tally.add(replace(judgement, finding=replace(judgement.finding, registration=id_)))

    (record,) = tally.found["GET-ROUND-TRIP"].values()
    assert not tally.follows(record)


@pytest.mark.parametrize("requirement", ["NACK-SOUND", "SIGNUP-ACK-CORRECTED"])
@pytest.mark.parametrize(("pointer", "follows"), [("/info/phone", True), ("/info/email", False)])
def test_a_value_that_is_never_accepted_is_one_finding(requirement, pointer, follows):
    tally = full(found("SIGNUP-ACK-PHONE"), found(requirement, pointer=pointer))

    (record,) = tally.found[requirement].values()
    assert tally.follows(record) is follows


def test_a_sound_member_that_is_blamed_alone_follows_from_more_of_them_that_are_blamed_together():
    together = [blamed("/info", member) for member in ("/info/name", "/info/email")]
    tally = full(*together, blamed("/info/name", "/info/name"), blamed("/info/phone", "/info/phone"))

    left = [r.finding.pointer for r in tally.found["NACK-SOUND"].values() if not tally.follows(r)]
    assert left == ["/info", "/info/phone"]


def blamed(pointer, member):
    judgement = found("NACK-SOUND", pointer=pointer)
    return replace(judgement, obligation=Obligation("Provider/signup", member))


@pytest.mark.parametrize("requirement", ["UPDATE-NACK-PHONE", "UPDATE-ACK-NAME-SYMBOLS"])
@pytest.mark.parametrize(("pointer", "follows"), [("/registration/id", True), ("/info/name", False)])
def test_a_registration_that_is_forgotten_is_one_finding(requirement, pointer, follows):
    tally = full(found("UPDATE-ACK", pointer=pointer), found(requirement, kind=REGISTRATION_BLAMED))

    (record,) = tally.found[requirement].values()
    assert tally.follows(record) is follows


@pytest.mark.parametrize(
    ("requirement", "kind", "pointer", "follows"),
    [
        ("UPDATE-NACK-UNCHANGED", VALUE, "/info/phone", True),
        ("DOCUMENTS-KEEPS-REST", VALUE, "/info/phone", True),
        ("GET-ROUND-TRIP", LATER, "/info/phone", True),
        ("GET-ROUND-TRIP", VALUE, "/info/phone", False),
        ("UPDATE-NACK-UNCHANGED", VALUE, "/info/name", False),
        ("UPDATE-NACK-UNCHANGED", "refused-value", "/info/phone", False),
    ],
)
def test_a_value_that_get_alters_from_the_start_is_one_finding(requirement, kind, pointer, follows):
    made = [found("GET-ROUND-TRIP", kind=VALUE), found(requirement, kind=kind, pointer=pointer)]
    tally = full(*(replace(one, finding=replace(one.finding, operation=GET)) for one in made))

    records = [r for r in tally.found[requirement].values() if (r.finding.kind, r.finding.pointer) == (kind, pointer)]
    assert [tally.follows(record) for record in records] == [follows]


ELSEWHERE = nack({"errors": [{"field": "somewhere", "message": "is wrong"}]})
PHONE, EMAIL, EMPTY_NAME = (("/info/phone", "12"), ("/info/email", "nobody"), ("/info/name", ""))


@pytest.mark.parametrize(
    ("faults", "right", "reported"),
    [
        ([PHONE, PHONE, EMAIL, EMPTY_NAME], None, {"NACK-TEXT"}),
        ([PHONE, PHONE, EMAIL], PHONE, {"SIGNUP-NACK-PHONE", "SIGNUP-NACK-EMAIL"}),
        ([PHONE, PHONE, PHONE], None, {"SIGNUP-NACK-PHONE"}),
        ([EMPTY_NAME, EMPTY_NAME, EMPTY_NAME, PHONE], None, {"SIGNUP-NACK-EMPTY", "SIGNUP-NACK-PHONE"}),
    ],
)
def test_nacks_that_never_blame_a_faulty_member_are_one_finding(faults, right, reported):
    story = begun()
    for place, value in faults:
        call(story, SIGNUP, ELSEWHERE, change=put(place, value))
    if right:
        call(story, SIGNUP, nack({"info": {"phone": "is wrong"}}), change=put(*right))
    tally = Tally()
    for judgement in story.judgements():
        tally.add(judgement)

    assert {o.requirement.id for o in concluded(tally).outcomes if o.findings} == reported


@pytest.mark.parametrize(("place", "follows"), [("/info/name", True), ("/info/email", False)])
def test_a_long_text_that_is_cut_follows_if_others_are_cut_too(place, follows):
    cut = found("SIGNUP-LONG-KEPT", pointer="/info/name", kind="long-text-lost")
    tally = full(cut, found("SIGNUP-ECHO", pointer=place, kind=VALUE))

    assert tally.follows(*tally.found["SIGNUP-LONG-KEPT"].values()) is follows


@pytest.mark.parametrize(
    ("requirement", "operation", "kind"),
    [
        ("DOCUMENTS-LISTED", ADD, "missing-after-change"),
        ("DOCUMENTS-KEPT", GET, "missing-after-change"),
        ("UPDATE-KEEPS-REST", UPDATE, "dropped"),
        ("UPDATE-KEEPS-REST", GET, "dropped"),
    ],
)
def test_documents_that_an_update_drops_are_one_finding(requirement, operation, kind):
    later = found(requirement, operation=operation, pointer="/documents", kind=kind)
    for cause, follows in ((UPDATE, True), (GET, True), (SIGNUP, False)):
        kept = found("SIGNUP-DOCUMENTS-KEPT", operation=cause, pointer="/documents", kind="document-missing")
        tally = full(kept, later)
        assert tally.follows(*tally.found[requirement].values()) is follows


@pytest.mark.parametrize(
    ("requirement", "operation", "kind"),
    [("DOCUMENTS-LISTED", ADD, "missing-after-change"), ("UPDATE-KEEPS-REST", GET, "dropped")],
)
def test_that_get_lacks_a_document_hides_no_failure_of_a_change(requirement, operation, kind):
    lacked = found("DOCUMENTS-KEPT", operation=GET, pointer="/documents", kind="added-missing")
    tally = full(lacked, found(requirement, operation=operation, pointer="/documents", kind=kind))

    assert not tally.follows(*tally.found[requirement].values())


@pytest.mark.parametrize(("kind", "follows"), [("document-missing", True), ("another-value", False)])
def test_that_a_document_is_replaced_follows_if_others_are_missing(kind, follows):
    replaced = found("DOCUMENTS-SAME-NAME", pointer="/documents", kind="document-replaced")
    tally = full(replaced, found("SIGNUP-DOCUMENTS-KEPT", kind=kind))

    assert tally.follows(*tally.found["DOCUMENTS-SAME-NAME"].values()) is follows


@pytest.mark.parametrize(
    ("faults", "places"),
    [([PHONE, PHONE, EMAIL], ["/info/phone", "/info/email"]), ([PHONE, EMAIL, EMPTY_NAME], [""])],
)
def test_messages_at_several_members_that_are_no_text_are_one_finding(faults, places):
    story, tally = begun(), Tally()
    for place, value in faults:
        call(story, SIGNUP, nack(changed({"info": {}}, put(place, [5]))), change=put(place, value))
    for judgement in story.judgements():
        tally.add(judgement)

    assert [r.finding.pointer for r in tally.found["NACK-TEXT"].values() if not tally.follows(r)] == places


def test_a_requirement_whose_findings_follow_from_another_says_so():
    story = begun()
    for place, value in (PHONE, PHONE, EMAIL):
        call(story, SIGNUP, ELSEWHERE, change=put(place, value))
    tally = full(but=("SIGNUP-NACK-PHONE", "NACK-TEXT"))
    for judgement in story.judgements():
        tally.add(judgement)

    phone = outcome(concluded(tally))
    assert (phone.status, phone.hindrance) == ("inconclusive", "what was found follows from another finding")


def test_what_replies_to_several_operations_show_is_one_finding():
    def shown(operation, weight, place="/documents"):
        return found("UPDATE-KEEPS-REST", pointer=place, operation=operation, weight=weight)

    tally = full(shown(GET, 30), shown(UPDATE, 20), shown(ADD, 20), shown(GET, 40, "/api"))

    reported = outcome(concluded(tally), "UPDATE-KEEPS-REST").findings
    assert [(one.finding.operation, one.place) for one in reported] == [(ADD, "/documents"), (GET, "/api")]


def test_of_many_exchanges_only_some_are_kept_and_all_are_counted():
    tally = full(*(found(exchange=f"x{number}") for number in range(KEPT_EXCHANGES + 5)))

    (record,) = tally.found[MUST].values()
    assert (len(record.exchanges), record.count) == (KEPT_EXCHANGES, KEPT_EXCHANGES + 5)


def test_the_id_of_a_finding_is_made_of_requirement_place_and_kind():
    same = [{"exchange": "x2"}, {"message": "another wording"}, {"weight": 99}]
    other = [{"requirement": NAMES}, {"pointer": "/info/name"}, {"kind": "other"}]

    assert {finding(**how).id for how in same} == {finding().id}
    assert len({finding(**how).id for how in other} | {finding().id}) == 4
    assert finding(pointer="/documents/0/name").id == finding(pointer="/documents/12/name").id


@pytest.mark.parametrize("kind", ["", "Wrong", "a value", "wrong-", "wrong\n"])
def test_a_kind_of_finding_is_a_slug(kind):
    with pytest.raises(ValueError, match="slug"):
        finding(kind=kind)


@pytest.mark.parametrize("tag", ["NaN", "10 KB", "名前", "-", ""])
def test_any_tag_of_a_recording_makes_a_slug(tag):
    assert SLUG.fullmatch(slug(f"silent after {tag}"))
