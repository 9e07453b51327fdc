"""Histories as a whole: ids, memory, and whatever a fair gateway can make of calls at any time (R2, X3)."""

import copy
import dataclasses
import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st

from beckn_conformance.judging.history.histories import MANY
from beckn_conformance.judging.judge import Judge
from beckn_conformance.judging.registry import CHECKS, FOR_EACH
from tests.exchanges import (
    ADD,
    CONFIG,
    GET,
    INFO,
    NOW,
    PENDING,
    QUICK,
    SIGNUP,
    SPECIFICATION,
    UPDATE,
    Story,
    configured,
    nack,
    put,
    reply,
)
from tests.judging.stories import requirements, signed_up


def test_every_requirement_on_histories_is_in_the_catalogue():
    named = {id_ for check in CHECKS if check.history for id_ in check.ids if not id_.startswith(FOR_EACH)}
    assert set(SPECIFICATION.requirements) >= named


# Ids (R2).


def test_the_same_id_for_two_signups_is_a_finding():
    story = Story()
    story.signup(id_="17")
    story.signup(id_="17")

    assert story.findings() == [("SIGNUP-ID-UNIQUE", "/registration/id")]


@pytest.mark.parametrize(
    ("ids", "found"),
    [
        ("abcabc", 0),
        ("abcbcd", 0),
        ("abcabcabc", 0),
        ("abcac", 0),
        ("aaa", 2),
        ("aabbcc", 3),
        ("abab", 0),
        ("abcdcba", 1),
    ],
)
def test_ids_that_begin_anew_on_record_may_be_of_another_gateway(ids, found):
    story = Story()
    for id_ in ids:
        story.signup(id_=id_)
        story.get()

    assert sum(j.finding is not None for j in story.judgements(closed=False)) == found


def test_ids_that_differ_in_case_are_different():
    story = Story()
    story.signup(id_="ab")
    story.signup(id_="AB")

    assert story.findings() == []


def test_parallel_signups_with_one_id_are_a_finding():
    story = Story()
    story.signup(id_="17", at=NOW, seconds=0.2)
    story.signup(id_="17", at=NOW, seconds=0.1)

    assert requirements(story) == ["SIGNUP-ID-UNIQUE"]


def test_that_ids_are_unique_is_seen_with_many_registrations_only():
    story = Story()
    for _ in range(MANY - 1):
        story.signup(body=story.values.signup())
    few = {str(j.obligation) for j in story.judgements() if j.requirement == "SIGNUP-ID-UNIQUE"}
    story.signup()
    many = {str(j.obligation) for j in story.judgements() if j.requirement == "SIGNUP-ID-UNIQUE"}

    assert few == {SIGNUP}
    assert many == {SIGNUP, f"{MANY} registrations"}


@pytest.mark.parametrize("again", [{}, {"name": "Another Name"}])
def test_a_provider_that_signs_up_again_may_be_given_its_registration(again):
    story = Story()
    body = story.values.signup()
    story.signup(body, id_="17")
    story.signup({**body, "info": {**body["info"], **again}}, id_="17")
    story.look()

    assert story.findings() == []


def test_what_is_forgotten_of_one_registration_is_kept_of_the_others():
    story = Story()
    story.signup(id_="17")
    story.signup(id_="18")
    story.look(change=put("/info/name", "wrong"))
    story.signup(id_="17")
    first, second, get, again = story.exchanges
    judge = Judge(SPECIFICATION, CONFIG)
    for made in (first, second):
        list(judge.judge(made))
    judge.forget("17")

    found = [j.finding.requirement for made in (get, again) for j in judge.judge(made) if j.finding]

    assert found == ["GET-ROUND-TRIP", "SIGNUP-ID-UNIQUE"]


def test_calls_are_judged_in_the_order_of_their_replies():
    story = signed_up()
    start = story.now + 0.1
    slow, quick = story.get(at=start, seconds=9.0), story.get(at=start + 1, seconds=0.1)
    judged = Judge(SPECIFICATION, CONFIG).judge_together(story.exchanges)

    order = [made.id for made, _ in itertools.groupby(made for made, _ in judged)]

    assert order == [story.exchanges[0].id, quick.id, slow.id]


# Anything that a fair gateway can make of calls at any time.


@dataclasses.dataclass
class Planned:
    """A call as it is going to happen: seconds are counted from the first one on."""

    kind: str
    start: float
    seconds: float
    point: float
    """Where between sending and reply it is carried out, or a Provider/get looks; 0 to 1."""
    lag: float
    """Of a Provider/get: seconds that what it looks at is behind. Of a deferred update: until it is approved."""

    @property
    def moment(self):
        return self.start + self.seconds * self.point


STEPS = st.integers(0, 80).map(lambda tenths: tenths / 10)


def plans(*kinds, most=12):
    """Draws calls at any time, and what each does."""
    call = st.builds(
        Planned,
        st.sampled_from(kinds),
        STEPS,
        st.sampled_from([0.05, 0.2, 0.7, 1.5]),
        st.sampled_from([0.0, 0.3, 0.9]),
        st.sampled_from([0.0, 0.0, 0.4, 1.9]),
    )
    return st.lists(call, min_size=2, max_size=most)


CERTAIN = ("get", "get", "get", "update", "update", "add", "refused update", "refused add", "verify")
ANYTHING = (*CERTAIN, "partial", "lost update", "lost add")


def lived(story, plans, *, deferred):
    """Has a gateway carry out calls at their moments, one by one, and writes down what each call is replied."""
    story.signup()
    story.wait()
    begun, made = story.now, story.mine
    versions = [(float("-inf"), made.shown())]
    bodies = {id(plan): written(story, plan) for plan in plans}
    effects = [
        (plan.moment + (plan.lag * 3 if deferred and "update" in plan.kind else 0.0), plan)
        for plan in plans
        if plan.kind in ("update", "partial", "add", "lost update", "lost add", "verify")
    ]
    replies = {}
    for moment, plan in sorted(effects, key=lambda effect: effect[0]):
        body = bodies[id(plan)]
        if plan.kind == "verify":
            story.mine.verify()
            versions.append((moment, made.shown()))
            continue
        made.info = {**made.info, **body.get("info", {})}
        made.documents += [
            {**d, "id": f"d-{len(made.documents)}", "status": PENDING} for d in body.get("documents", [])
        ]
        made.status = "UPDATE-PENDING"
        versions.append((moment, made.shown()))
        replies[id(plan)] = made.shown()
    for plan in sorted((plan for plan in plans if plan.kind != "verify"), key=lambda plan: plan.start):
        action = ADD if "add" in plan.kind else GET if plan.kind == "get" else UPDATE
        body = {"registration": {"id": made.id}, **bodies[id(plan)]}
        how = {"at": begun + plan.start, "seconds": plan.seconds}
        looked_at = [shown for moment, shown in versions if moment <= plan.moment - plan.lag][-1]
        if plan.kind == "refused update":
            blame = {"registration": {"status": "UPDATE-FAIL"}, "info": {"phone": "no number"}}
            story.call(action, body, nack(blame), **how)
        elif plan.kind == "refused add":
            story.call(action, body, nack({"documents": [{"data": "is missing"}]}), **how)
        elif plan.kind.startswith("lost"):
            story.call(action, body, None, trouble="connection: reset", **how)
        elif plan.kind == "get":
            story.call(action, body, reply(body=looked_at), **how)
        else:
            shown = copy.deepcopy(replies[id(plan)])
            if deferred and action == UPDATE:
                shown["info"] = [each for moment, each in versions if moment <= plan.moment][-1]["info"]
            shown["registration"]["status"] = "UPDATE-PENDING"
            story.call(action, body, reply(body=shown), **how)


def written(story, plan):
    match plan.kind:
        case "update" | "lost update":
            return {"info": story.values.info()}
        case "partial":
            return {"info": {"email": story.values.realistic.email()}}
        case "refused update":
            return {"info": {**story.values.info(), "phone": "12"}}
        case "add" | "lost add":
            return {"documents": [story.values.document()]}
        case "refused add":
            return {"documents": [{"name": "x.pdf"}]}
    return {}


@given(plans(*ANYTHING), st.booleans())
@QUICK
def test_whatever_overlaps_at_a_fair_gateway_brings_no_finding(planned, deferred):
    story = Story(configured(updates="deferred") if deferred else CONFIG)
    lived(story, planned, deferred=deferred)

    assert story.findings() == []


@given(plans(*CERTAIN, most=8), st.sampled_from([*(f"/info/{name}" for name in INFO), "/api/endpoint_url"]))
@QUICK
def test_a_value_lost_after_whatever_came_before_is_one_finding(planned, pointer):
    story = Story()
    lived(story, planned, deferred=False)
    story.look()
    story.get(change=put(pointer, "lost"))
    story.get(change=put(pointer, "lost"))

    assert [at for _, at in story.findings()] == [pointer]
