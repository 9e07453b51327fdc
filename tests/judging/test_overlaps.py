"""Calls that are under way side by side (X3)."""

import itertools

import pytest

from beckn_conformance.judging.judge import Judge
from tests.exchanges import (
    ADD,
    CONFIG,
    GET,
    NOW,
    PENDING,
    SPECIFICATION,
    UPDATE,
    Story,
    drop,
    put,
    reply,
)
from tests.judging.stories import infos, requirements, signed_up

# Calls side by side (X3).


def together(calls):
    """Every order in which the replies to calls of the same time can come."""
    for order in itertools.permutations(range(len(calls))):
        yield [0.1 + 0.05 * place for place in order]


def race(story, actions, seconds):
    """Calls sent at once; each is acknowledged with what the gateway holds once it is made, in reply order."""
    start = story.now + 0.1
    prepared = []
    for action, delay in zip(actions, seconds, strict=True):
        parts = {
            UPDATE: {"info": story.values.info()},
            ADD: {"documents": [story.values.document()]},
            GET: {},
        }[action]
        prepared.append((delay, action, {"registration": {"id": story.mine.id}, **parts}))
    made = story.mine
    ready = []
    for delay, action, body in sorted(prepared, key=lambda row: row[0]):
        if action == UPDATE:
            made.info = dict(body["info"])
        if action == ADD:
            made.documents.append({**body["documents"][0], "status": PENDING, "id": f"d-{len(made.documents)}"})
        if action != GET:
            made.status = "UPDATE-PENDING"
        ready.append((action, body, reply(body=made.shown()), delay))
    for action, body, answer, delay in ready:
        story.call(action, body, answer, at=start, seconds=delay)


@pytest.mark.parametrize(
    "actions",
    [(UPDATE, UPDATE, UPDATE), (ADD, ADD, ADD), (UPDATE, ADD, GET), (UPDATE, UPDATE, GET), (ADD, ADD, GET)],
    ids=lambda actions: "+".join(action.rpartition("/")[2] for action in actions),
)
def test_parallel_changes_of_a_fair_gateway_bring_no_finding_in_any_order(actions):
    for seconds in together(actions):
        story = signed_up()
        race(story, actions, seconds)
        story.wait()
        story.get()
        story.add()
        story.wait()
        story.get()

        assert story.findings() == []


@pytest.mark.parametrize("winner", range(3))
def test_any_of_parallel_updates_may_be_the_one_that_stays(winner):
    for seconds in together(range(3)):
        story = signed_up()
        start = story.now + 0.1
        sent = [story.values.info() for _ in range(3)]
        for info, delay in zip(sent, seconds, strict=True):
            story.update(info, at=start, seconds=delay)
        story.mine.info = sent[winner]
        story.wait()
        story.get()
        story.get()

        assert story.findings() == []


def test_calls_are_judged_in_the_order_of_their_replies():
    story = signed_up()
    start = story.now + 0.1
    slow, quick = story.get(at=start, seconds=9.0), story.get(at=start + 1, seconds=0.1)
    judged = Judge(SPECIFICATION, CONFIG).judge_together(story.exchanges)

    order = [made.id for made, _ in itertools.groupby(made for made, _ in judged)]

    assert order == [story.exchanges[0].id, quick.id, slow.id]


def test_a_mix_of_parallel_updates_is_a_finding():
    story = signed_up()
    start = story.now + 0.1
    first, second = story.values.info(), story.values.info()
    story.update(first, at=start, seconds=0.1)
    story.update(second, at=start, seconds=0.2)
    story.wait()
    story.get(change=infos({**first, "email": second["email"]}))

    assert requirements(story) == ["UPDATE-WHOLE"]


@pytest.mark.parametrize("shows", ["old", "new"])
def test_a_read_beside_an_update_may_show_old_or_new(shows):
    for seconds in ((0.1, 0.2), (0.2, 0.1)):
        story = signed_up()
        start = story.now + 0.1
        old, new = story.mine.info.copy(), story.values.info()
        story.update(new, at=start, seconds=seconds[0])
        story.get(at=start, seconds=seconds[1], change=infos(old if shows == "old" else new))
        story.wait()
        story.get()

        assert story.findings() == []


def test_a_document_lost_among_parallel_additions_is_a_finding():
    story = signed_up()
    start = story.now + 0.1
    for delay in (0.1, 0.2, 0.3):
        story.add(at=start, seconds=delay)
    lost = story.mine.documents.pop(3)
    story.wait()
    story.add(change=lambda body: body)

    assert lost["name"] not in str(story.mine.documents)
    assert story.findings() == [("DOCUMENTS-LISTED", "/documents")]


def test_parallel_additions_need_not_see_each_other():
    story = signed_up()
    start = story.now + 0.1
    documents = [story.values.document() for _ in range(3)]
    for document, delay in zip(documents, (0.1, 0.2, 0.3), strict=True):
        story.add(
            [document],
            at=start,
            seconds=delay,
            change=lambda body, name=document["name"]: body.update(
                documents=[d for d in [*body["documents"][:2], body["documents"][-1]] if d]
            ),
        )
    story.wait()
    story.add()
    story.get()

    assert story.findings() == []


def test_parallel_signups_with_one_id_are_a_finding():
    story = Story()
    story.signup(id_="17", at=NOW, seconds=0.2)
    story.signup(id_="17", at=NOW, seconds=0.1)

    assert requirements(story) == ["SIGNUP-ID-UNIQUE"]


def test_a_document_just_added_may_be_missing_from_a_stale_read_after_an_update():
    story = signed_up()
    story.add()
    story.get()
    story.update()
    story.get(change=drop("/documents/2"))

    assert story.findings() == []


def test_a_document_just_verified_may_wait_in_a_stale_read_after_an_update():
    story = signed_up()
    story.verify()
    story.get()
    story.update()
    story.get(change=put("/documents/0/status", PENDING))

    assert story.findings() == []


def test_an_endpoint_or_a_document_of_the_signup_is_in_every_read():
    story = signed_up()
    story.update()
    story.get(change=drop("/documents/0"))

    assert story.findings() == [("SIGNUP-DOCUMENTS-KEPT", "/documents")]
