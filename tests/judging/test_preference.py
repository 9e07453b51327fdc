"""Of the exchanges that show one finding, the one that explains most is reported."""

from dataclasses import replace

from beckn_conformance.judging.judge import Judge
from beckn_conformance.judging.preference import DRAWN, UNUSUAL, Surroundings, Weight
from tests.exchanges import CONFIG, GET, NOW, SIGNUP, SPECIFICATION, Story, exchange, reply

PLAIN = exchange(GET, {"registration": {"id": "1"}}, None, at=NOW + 10, seconds=1.0, trouble="timeout: none")
EARLIER = exchange(GET, {}, None, at=NOW, seconds=1.0, trouble="timeout: none")
BESIDE = exchange(GET, {}, None, at=NOW + 10.5, seconds=1.0, trouble="timeout: none")


def rank(*others, **how):
    return Surroundings((PLAIN, *others)).preference(PLAIN, **how)


def test_a_short_request_on_its_own_ranks_first():
    ranks = [
        rank(),
        rank(remarkable=True),
        rank(EARLIER, history=True),
        rank(doubtful=True),
        rank(weight=Weight(offset=DRAWN)),
        rank(BESIDE),
    ]

    assert ranks == sorted(ranks)
    assert ranks[0] == len(PLAIN.request.content)
    assert len(set(ranks)) == len(ranks)


def test_earlier_calls_count_only_for_a_finding_that_depends_on_them():
    assert rank(EARLIER) == rank()


def test_calls_one_after_the_other_rank_before_calls_at_the_same_time():
    at_once = exchange(GET, {}, None, at=NOW + 0.5, seconds=1.0, trouble="timeout: none")
    later = exchange(GET, {}, None, at=NOW + 2, seconds=1.0, trouble="timeout: none")

    assert rank(EARLIER, later, history=True) < rank(EARLIER, at_once, history=True)


def test_a_finding_without_hostile_input_ranks_first():
    hostile = replace(EARLIER, purpose="unusual")
    content = replace(PLAIN, request=replace(PLAIN.request, content=b""), purpose="malformed")

    assert rank(EARLIER, history=True) < rank(hostile, history=True)
    assert rank(hostile) == rank()
    assert rank() < Surroundings([content]).preference(content)


def test_each_smaller_example_replaces_the_one_before():
    assert rank(weight=Weight(exact=DRAWN - 2)) < rank(weight=Weight(exact=DRAWN - 1)) < rank(weight=Weight(DRAWN))


def test_a_later_example_of_more_calls_does_not_replace_one_of_few():
    assert rank(history=True, weight=Weight(DRAWN)) < rank(EARLIER, history=True, weight=Weight(exact=DRAWN - 9))


def test_of_signups_that_share_something_two_of_one_scenario_rank_first():
    first, second, other = (
        exchange(SIGNUP, {}, reply("ACK", {"registration": {"id": id_}, "auth": {"token": token}}), at=NOW + at)
        for id_, token, at in (("1", "shared", 0), ("2", "shared", 2), ("3", "own", 4))
    )

    def rank(*before):
        return Surroundings((*before, second)).preference(second, shared=True)

    assert rank(first) == rank(other, first) < rank(other) == rank()


def test_an_id_given_twice_in_one_test_ranks_before_one_given_in_two():
    story = Story()
    first, second = story.signup(id_="17"), story.signup(id_="17")

    def rank(*tests):
        judge = Judge(SPECIFICATION, CONFIG)
        told = [judgement.finding for test in tests for _, judgement in judge.judge_together(test)]
        (finding,) = filter(None, told)
        return finding.weight

    assert rank([first, second]) < rank([first], [second])


def test_a_test_is_described_by_its_own_exchanges():
    story, judge = Story(), Judge(SPECIFICATION, CONFIG)
    first, second = story.signup(), story.signup()
    for one in (first, second):
        assert [*judge.judge_together([one])]

    assert judge.observation(first) is None
    assert judge.observation(second) is not None


def test_what_a_request_with_a_doubtful_value_shows_ranks_last():
    def rank(name):
        story = Story()
        body = story.values.signup()
        body["info"]["name"] = name
        story.signup(body, answer=reply(None, {}))
        return story.told()[0].weight

    assert rank("Metro") < UNUSUAL <= rank("M" * 200)
    assert rank("Metropolitan") < rank("地铁") < UNUSUAL
