"""The sequential model of a registration: which histories some order of the calls explains, and which none does."""

import copy
import dataclasses

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.exchanges import (
    ADD,
    CONFIG,
    GET,
    INFO,
    PENDING,
    QUICK,
    UPDATE,
    VERIFIED,
    Story,
    configured,
    drop,
    nack,
    page,
    put,
    reply,
)

SETTLE = CONFIG.settle


def signed_up(config=CONFIG):
    story = Story(config)
    story.signup()
    story.wait()
    story.get()
    return story


def infos(info):
    """A change of a reply's body: the values of info."""
    return put("/info", copy.deepcopy(info))


def requirements(story):
    return [requirement for requirement, _ in story.findings()]


def updates_at_once(story, *sent):
    """Updates sent at the same moment and acknowledged one after the other; the info before them."""
    start, old = story.now + 0.1, story.mine.info.copy()
    for place, info in enumerate(sent):
        story.update(info, at=start, seconds=0.1 * (place + 1), change=infos({**old, **info}))
    return old


def looks(story, *shown):
    """Provider/gets one right after the other, with what each shows."""
    for info in shown:
        story.get(change=infos(info))


def drawn(story, count):
    return [story.values.info() for _ in range(count)]


# Which update is in force.


def test_the_later_of_two_parallel_updates_may_be_seen_later():
    story = signed_up()
    one, other = drawn(story, 2)
    updates_at_once(story, one, other)
    story.wait()
    looks(story, one, other, other)

    assert story.findings() == []


@pytest.mark.parametrize("updates", ["immediate", "deferred"])
def test_values_that_were_replaced_never_come_back(updates):
    story = signed_up(configured(updates=updates))
    one, other = drawn(story, 2)
    updates_at_once(story, one, other)
    for shown in (one, other, one):
        story.wait()
        looks(story, shown)

    assert story.findings() == [("UPDATE-STAYS", "/info")]


def test_values_that_come_back_at_once_are_a_finding_where_every_read_must_be_settled():
    story = signed_up()
    one, other = drawn(story, 2)
    updates_at_once(story, one, other)
    story.wait()
    looks(story, one, other, one)

    assert story.findings() == [("UPDATE-STAYS", "/info")]


def test_reads_of_lagging_replicas_may_alternate_until_everything_has_settled():
    story = signed_up()
    one, other = drawn(story, 2)
    old = updates_at_once(story, one, other)
    looks(story, one, old, other, one, old, other)
    story.wait()
    looks(story, other, other)

    assert story.findings() == []


def test_reads_of_lagging_replicas_may_alternate_after_an_approval_at_any_time():
    story = signed_up(configured(updates="deferred"))
    one, other = drawn(story, 2)
    old = updates_at_once(story, one, other)
    story.wait()
    looks(story, old, other, old, other)
    story.wait()
    looks(story, other, one, other, one)

    assert story.findings() == []


def test_deferred_updates_may_be_approved_in_any_order():
    story = signed_up(configured(updates="deferred"))
    old = story.mine.info.copy()
    sent = drawn(story, 3)
    for info in sent:
        story.update(info, change=infos(old))
        story.wait()
    for info in (old, sent[2], sent[0], sent[1]):
        story.wait()
        looks(story, info)

    assert story.findings() == []


def test_a_deferred_update_that_gives_way_to_the_values_of_the_signup_is_a_finding():
    story = signed_up(configured(updates="deferred"))
    old = story.mine.info.copy()
    (new,) = drawn(story, 1)
    story.update(new, change=infos(old))
    for info in (old, new, old):
        story.wait()
        looks(story, info)

    assert story.findings() == [("UPDATE-STAYS", "/info")]


def test_an_update_sent_after_the_reply_to_another_is_the_later_one():
    story = signed_up()
    one, other = drawn(story, 2)
    story.update(one)
    story.update(other)
    story.wait()
    looks(story, one)

    assert story.findings() == [("UPDATE-VISIBLE", "/info")]


def test_an_update_seen_in_the_race_that_a_write_back_undoes_is_a_finding():
    story = signed_up()
    old = story.mine.info.copy()
    start = story.now + 0.1
    story.update(at=start, seconds=0.1)
    story.get(at=start + 0.2)
    story.add(at=start, seconds=0.4, change=infos(old))
    story.wait()
    looks(story, old)

    assert story.findings() == [("UPDATE-STAYS", "/info")]


def test_an_update_lost_to_a_parallel_addition_is_late():
    story = signed_up()
    old = story.mine.info.copy()
    start = story.now + 0.1
    story.update(at=start, seconds=0.1)
    story.add(at=start, seconds=0.2, change=infos(old))
    story.wait()
    looks(story, old)

    assert story.findings() == [("UPDATE-VISIBLE", "/info")]


def test_a_partial_update_lost_to_an_earlier_one_is_late():
    story = signed_up()
    old = story.mine.info.copy()
    first, second = {"email": story.values.email()}, {"phone": story.values.phone()}
    story.update(first)
    story.update(second, change=infos({**old, **first, **second}))
    story.wait()
    looks(story, {**old, **first})

    assert story.findings() == [("UPDATE-VISIBLE", "/info")]


def test_a_partial_update_may_be_laid_over_any_parallel_one():
    for over in (0, 1):
        story = signed_up()
        full, partial = story.values.info(), {"email": story.values.email()}
        updates_at_once(story, *((full, partial), (partial, full))[over])
        story.wait()
        looks(story, {**full, **partial})

        assert story.findings() == []


def test_values_sent_again_are_those_of_the_last_time():
    story = signed_up()
    first, second = drawn(story, 2)
    for info in (first, second, first, second):
        story.update(info)
        story.wait()
        looks(story, info, info)

    assert story.findings() == []


def test_values_sent_again_are_not_seen_where_it_may_be_the_first_time_that_is_seen():
    story = signed_up()
    old, new = story.mine.info.copy(), story.values.info()
    story.update(new)
    start = story.now + 0.1
    story.get(at=start + 0.1, change=infos(old))
    story.update(old, at=start, seconds=0.5)
    story.wait()
    looks(story, new)

    assert story.findings() == [("UPDATE-VISIBLE", "/info")]


def test_an_update_back_to_earlier_values_that_is_not_made_is_late():
    story = signed_up()
    old, new = story.mine.info.copy(), story.values.info()
    story.update(new)
    story.wait()
    looks(story, new)
    story.update(old)
    story.wait()
    looks(story, new)

    assert story.findings() == [("UPDATE-VISIBLE", "/info")]


def test_many_parallel_updates_are_all_candidates():
    story = signed_up()
    for _ in range(12):
        sent = drawn(story, 8)
        updates_at_once(story, *sent)
        story.wait()
        looks(story, sent[3])

    assert story.findings() == []
    assert "UPDATE-WHOLE" in story.met()


def test_so_many_partial_updates_that_anything_may_be_are_judged_by_nobody():
    story = signed_up()
    for number in range(20):
        story.update({INFO[number % 4]: story.values.info()[INFO[number % 4]]})
    story.wait()
    looks(story, {**story.mine.info, "name": "wrong"})

    assert story.findings() == []


# Torn values.


def test_half_an_update_in_a_read_beside_it_is_a_finding():
    story = signed_up()
    start, old, new = story.now + 0.1, story.mine.info.copy(), story.values.info()
    story.get(at=start + 0.1, seconds=0.05, change=infos({**old, "name": new["name"]}))
    story.update(new, at=start, seconds=0.4)

    assert requirements(story) == ["UPDATE-WHOLE"]


def test_values_of_another_registration_are_a_finding():
    story = signed_up()
    story.signup()
    one, other = story.registrations
    start = story.now + SETTLE
    first, second = drawn(story, 2)
    story.update(first, of=one, at=start, seconds=0.1)
    story.update(second, of=other, at=start, seconds=0.1)
    story.wait()
    story.get(of=one, change=infos(second))

    assert set(requirements(story)) == {"GET-ROUND-TRIP"}


# Documents.


@pytest.mark.parametrize("action", [UPDATE, ADD])
def test_an_addition_dropped_by_a_parallel_change_is_missing_from_the_last_lone_one(action):
    story = signed_up()
    start = story.now + 0.1
    story.add(at=start, seconds=0.1)
    lost = story.mine.documents.pop()
    change = story.update if action == UPDATE else story.add
    change(at=start, seconds=0.2)
    story.wait()
    story.add()

    assert lost not in story.mine.documents
    assert story.findings() == [("DOCUMENTS-LISTED", "/documents")]


def test_that_a_read_lacks_a_document_does_not_hide_that_the_lone_addition_does():
    story = signed_up()
    story.add()
    story.mine.documents.pop()
    story.wait()
    story.get()
    story.get()
    story.add()
    story.add()

    assert requirements(story) == ["DOCUMENTS-KEPT", "DOCUMENTS-LISTED"]


def test_an_addition_in_a_race_need_not_list_what_another_node_took_a_moment_ago():
    story = signed_up()
    story.add()
    start = story.now
    first = story.mine.documents[-1]
    story.add(at=start, seconds=0.2, change=lambda body: drop_named(body, first["name"]))
    story.update(at=start, seconds=0.3)
    story.wait()
    story.add()
    story.get()

    assert story.findings() == []


def drop_named(body, name):
    body["documents"] = [d for d in body["documents"] if d["name"] != name]


def test_ids_of_documents_may_be_given_anew_where_additions_met():
    story = signed_up()
    start = story.now + 0.1
    for delay in (0.1, 0.2):
        story.add(at=start, seconds=delay)
    for number, document in enumerate(story.mine.documents):
        document["id"] = f"final-{number}"
    story.wait()
    story.add()
    story.add()

    assert story.findings() == []


def test_a_document_of_another_registration_is_a_finding():
    story = signed_up()
    theirs = copy.deepcopy(story.mine.documents[0])
    story.signup()
    story.wait()
    story.get(change=lambda body: body["documents"].append(theirs))

    assert story.findings() == [("GET-ROUND-TRIP", "/documents/2")]


def test_a_document_that_two_registrations_have_may_be_shown_at_both():
    story = signed_up()
    document = story.values.document()
    story.add([document])
    story.signup({**story.values.signup(), "documents": [document]})
    story.wait()
    story.get(change=lambda body: body["documents"].append({**document, "status": PENDING}))

    assert story.findings() == []


def test_a_verified_document_that_waits_again_though_nobody_touched_the_registration_is_a_finding():
    story = signed_up()
    story.verify()
    story.get()
    story.wait()
    story.get(change=put("/documents/0/status", PENDING))

    assert story.findings() == [("UPDATE-DOCUMENT-STATUS-KEPT", "/documents/0/status")]


def test_an_update_that_drops_an_addition_that_was_seen_is_a_finding():
    story = signed_up()
    story.add()
    story.wait()
    story.get()
    story.mine.documents.pop()
    story.update()

    assert story.findings() == [("UPDATE-KEEPS-REST", "/documents")]


# Refusals.

BUSY = [
    nack({"registration": {"id": "is being changed"}}, status=409),
    nack({}),
    page(409, b"Conflict", "text/plain"),
    page(423, b'{"error": "locked"}', "application/json"),
]


@pytest.mark.parametrize("answer", BUSY, ids=lambda answer: f"{answer.status}-{len(answer.content)}")
@pytest.mark.parametrize("fault", [{}, {"phone": "12"}], ids=["valid", "faulty"])
def test_a_change_may_be_refused_while_another_is_under_way(answer, fault):
    story = signed_up()
    start, old = story.now + 0.1, story.mine.info.copy()
    story.update(at=start, seconds=0.3)
    new = story.mine.info.copy()
    story.update({**story.values.info(), **fault}, at=start, seconds=0.2, answer=answer)
    story.add(at=start, seconds=0.1, answer=answer)
    looks(story, old)
    story.wait()
    looks(story, new)
    story.add()

    assert story.findings() == []


def test_a_refusal_of_a_lone_change_is_a_finding():
    story = signed_up()
    story.update(answer=nack({}))

    assert requirements(story) == ["UPDATE-ACK"]


def test_a_change_refused_in_a_race_that_is_made_nevertheless_is_a_finding():
    story = signed_up()
    start, refused = story.now + 0.1, story.values.info()
    story.update(at=start, seconds=0.2)
    story.update(refused, at=start, seconds=0.1, answer=nack({}))
    story.wait()
    looks(story, refused)

    assert set(requirements(story)) == {"UPDATE-NACK-UNCHANGED"}


def test_a_status_that_a_parallel_change_explains_is_no_trace_of_the_refused_one():
    story = signed_up()
    start = story.now + 0.1
    bad = {**story.values.info(), "phone": "12"}
    answer = nack({"registration": {"status": "UPDATE-FAIL"}, "info": {"phone": "no number"}})
    story.update(bad, at=start, seconds=0.1, answer=answer)
    new = story.values.info()
    pending = {**story.mine.shown(), "info": new}
    pending["registration"]["status"] = "UPDATE-PENDING"
    story.get(at=start + 0.2, seconds=0.1, answer=reply(body=pending))
    story.update(new, at=start, seconds=0.5)

    assert story.findings() == []


def test_a_refused_update_whose_values_the_next_addition_applies_is_a_finding():
    story = signed_up()
    bad = {**story.values.info(), "phone": "12"}
    answer = nack({"registration": {"status": "UPDATE-FAIL"}, "info": {"phone": "no number"}})
    story.update(bad, answer=answer)
    story.wait()
    story.get()
    story.add()
    story.wait()
    story.get(change=put("/info/name", bad["name"]))

    assert story.findings() == [("UPDATE-NACK-UNCHANGED", "/info/name")]


def test_blanks_after_a_refused_update_are_its_fault():
    story = signed_up()
    story.update()
    story.wait()
    story.get()
    answer = nack({"registration": {"status": "UPDATE-FAIL"}, "info": {"phone": "no number"}})
    story.update({**story.values.info(), "phone": "12"}, answer=answer)
    story.get(change=put("/info/name", "blank"))

    assert story.findings() == [("UPDATE-NACK-UNCHANGED", "/info/name")]


# Answers that were lost.


def test_an_update_whose_answer_was_lost_in_a_race_may_be_the_one_that_stays():
    for stays in (0, 1):
        story = signed_up()
        start = story.now + 0.1
        lost, kept = drawn(story, 2)
        body = {"registration": {"id": story.mine.id}, "info": lost}
        story.call(UPDATE, body, None, at=start, seconds=0.1, trouble="connection: reset")
        story.update(kept, at=start, seconds=0.2)
        story.wait()
        looks(story, (lost, kept)[stays])

        assert story.findings() == []


def test_a_mix_with_an_update_whose_answer_was_lost_is_a_finding():
    story = signed_up()
    lost, kept = drawn(story, 2)
    story.call(UPDATE, {"registration": {"id": story.mine.id}, "info": lost}, None, trouble="connection: reset")
    story.update(kept)
    story.wait()
    looks(story, {**kept, "phone": lost["phone"]})

    assert requirements(story) == ["UPDATE-WHOLE"]


def test_after_a_crash_in_an_update_anything_may_be_shown():
    story = signed_up()
    sent = story.values.info()
    story.call(UPDATE, {"registration": {"id": story.mine.id}, "info": sent}, page(500))
    story.wait()
    looks(story, {**story.mine.info, "phone": sent["phone"]})

    assert requirements(story) == ["REPLY-NO-CRASH"]


def test_other_registrations_are_judged_though_one_is_uncertain():
    story = signed_up()
    story.call(UPDATE, {"registration": {"id": story.mine.id}, "info": story.values.info()}, page(500))
    story.signup()
    story.wait()
    story.get(change=drop("/documents/0"))

    assert requirements(story) == ["REPLY-NO-CRASH", "SIGNUP-DOCUMENTS-KEPT"]


def test_verified_documents_are_still_verified_where_nobody_says_otherwise():
    story = signed_up()
    story.verify()
    story.get()
    story.wait()
    story.get()

    assert story.findings() == []
    assert all(document["status"] == VERIFIED for document in story.mine.documents)
    assert {made.action for made in story.exchanges[1:]} == {GET}


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


KINDS = ("get", "get", "get", "update", "update", "partial", "add", "refused update", "lost update", "lost add")
STEPS = st.integers(0, 80).map(lambda tenths: tenths / 10)
PLANS = st.lists(
    st.builds(
        Planned,
        st.sampled_from(KINDS),
        STEPS,
        st.sampled_from([0.05, 0.2, 0.7, 1.5]),
        st.sampled_from([0.0, 0.3, 0.9]),
        st.sampled_from([0.0, 0.0, 0.4, 1.9]),
    ),
    min_size=2,
    max_size=12,
)


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
        if plan.kind in ("update", "partial", "add", "lost update", "lost add")
    ]
    replies = {}
    for moment, plan in sorted(effects, key=lambda effect: effect[0]):
        body = bodies[id(plan)]
        made.info = {**made.info, **body.get("info", {})}
        made.documents += [
            {**d, "id": f"d-{len(made.documents)}", "status": PENDING} for d in body.get("documents", [])
        ]
        made.status = "UPDATE-PENDING"
        versions.append((moment, made.shown()))
        replies[id(plan)] = made.shown()
    for plan in sorted(plans, key=lambda plan: plan.start):
        action = ADD if "add" in plan.kind else GET if plan.kind == "get" else UPDATE
        body = {"registration": {"id": made.id}, **bodies[id(plan)]}
        how = {"at": begun + plan.start, "seconds": plan.seconds}
        looked_at = [shown for moment, shown in versions if moment <= plan.moment - plan.lag][-1]
        if plan.kind == "refused update":
            blame = {"registration": {"status": "UPDATE-FAIL"}, "info": {"phone": "no number"}}
            story.call(action, body, nack(blame), **how)
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
            return {"info": {"email": story.values.email()}}
        case "refused update":
            return {"info": {**story.values.info(), "phone": "12"}}
        case "add" | "lost add":
            return {"documents": [story.values.document()]}
    return {}


@given(PLANS, st.booleans())
@QUICK
def test_whatever_overlaps_at_a_fair_gateway_brings_no_finding(plans, deferred):
    story = Story(configured(updates="deferred") if deferred else CONFIG)
    lived(story, plans, deferred=deferred)

    assert story.findings() == []
