"""The tally: findings by place, the exchange that stands for each, and what is only counted."""

import pytest

from beckn_conformance.judging.finding import MOST_PLACES, SLUG, slug
from beckn_conformance.judging.tally import KEPT_EXCHANGES
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
