"""What shows after some calls, or beside others: planted defects and fair variations, seen from the outside."""

import asyncio
import json

import httpx
import pytest

from reference_server.variations import concurrency
from tests.reference_server.reference_messages import ADD, GET, INFO, JPEG, NEW_INFO, NOW, PDF, UPDATE, put, signup_body
from tests.reference_server.reference_provider import Provider

REFUSED = {**NEW_INFO, "phone": "none"}


@pytest.fixture
def made(planted):
    """Make a provider that has signed up."""

    def make(**options):
        provider = planted(**options)
        provider.sign_up()
        return provider

    return make


def another(provider):
    other = Provider(provider.app)
    other.sign_up(put(signup_body(), "/info/name", "Other"))
    return other


def at_once(provider, calls):
    """Make calls at the same time; status and body of each reply."""

    async def send():
        transport = httpx.ASGITransport(provider.app)
        header = {"Token": provider.token, "Timestamp": NOW}
        async with httpx.AsyncClient(transport=transport, base_url=provider.base) as client:
            sent = (
                client.post(
                    f"/{action}",
                    content=json.dumps({"registration": {"id": provider.id}, **body}),
                    headers={**header, "Action": action},
                )
                for action, body in calls
            )
            return list(await asyncio.gather(*sent))

    return [(reply.status_code, reply.json()) for reply in asyncio.run(send())]


def names(seen):
    return [document["name"] for document in seen.body["documents"]]


def test_a_refused_update_rolls_back_an_acknowledged_one_only(made):
    provider = made(defects=["update-refused-after-update-reverts"])

    assert provider.update(REFUSED).action == "NACK"
    assert provider.get().body["info"] == INFO
    provider.update(NEW_INFO)
    provider.update(REFUSED)
    assert provider.get().body["info"] == INFO


def test_a_refused_update_is_applied_by_the_next_addition(made):
    provider = made(defects=["documents-add-applies-refused-update"])
    provider.update(REFUSED)

    assert provider.get().body["info"] == INFO
    provider.add(PDF)
    assert provider.get().body["info"] == {**NEW_INFO, "phone": INFO["phone"]}


def test_the_second_update_after_an_addition_drops_it(made):
    provider = made(defects=["update-second-drops-first-addition"])
    provider.add({**PDF, "name": "Added.pdf"})

    assert "Added.pdf" in names(provider.update(NEW_INFO))
    assert "Added.pdf" not in names(provider.update(INFO))


def test_an_update_that_was_looked_at_has_the_next_one_ignored(made):
    provider = made(defects=["update-after-get-ignored"])
    provider.update(NEW_INFO)
    provider.get()

    assert provider.update({**INFO, "name": "Third"}).body["info"]["name"] == "Third"
    assert provider.get().body["info"] == NEW_INFO


def test_from_the_twentieth_call_on_replies_are_stale(made):
    provider = made(defects=["get-twentieth-call-stale"])
    provider.get()
    provider.update(NEW_INFO)
    shown = [provider.get().body["info"] for _ in range(18)]

    assert shown == [NEW_INFO] * 17 + [INFO]


def test_a_token_is_worn_out_for_its_registration_alone(made):
    provider = made(defects=["get-token-worn-out-after-sixth-call"])
    other = another(provider)

    assert [provider.get().status for _ in range(7)] == [200] * 6 + [401]
    assert other.get().status == 200


def test_three_refusals_lock_a_registration(made):
    provider = made(defects=["get-unknown-after-three-refusals"])
    for _ in range(2):
        provider.update(REFUSED)

    assert provider.get().action == "ACK"
    provider.add({"name": "x.pdf"})
    assert provider.get().action == "NACK"


def test_a_document_of_another_registration_is_shown(made):
    provider = made(defects=["get-shows-document-of-another-after-additions"])
    other = another(provider)
    other.add({**PDF, "name": "Theirs.pdf"})
    provider.add(PDF)

    assert "Theirs.pdf" not in names(provider.get())
    provider.add(JPEG)
    assert "Theirs.pdf" in names(provider.get())


def test_an_update_overwrites_another_registration_once_both_have_added(made):
    provider = made(defects=["update-overwrites-info-of-another"])
    other = another(provider)
    provider.add(PDF)
    provider.update(NEW_INFO)

    assert other.get().body["info"]["name"] == "Other"
    other.add(PDF)
    provider.update(NEW_INFO)
    assert other.get().body["info"] == NEW_INFO


def test_a_lone_addition_loses_nothing_and_parallel_ones_do(made):
    provider = made(defects=["documents-add-reads-then-writes"])
    provider.add({**PDF, "name": "alone.pdf"})
    at_once(provider, [(ADD, {"documents": [{**PDF, "name": f"{n}.pdf"}]}) for n in range(3)])

    shown = names(provider.get())
    assert "alone.pdf" in shown
    assert len({"0.pdf", "1.pdf", "2.pdf"} & set(shown)) == 1


def test_an_addition_writes_the_info_of_before_back(made):
    provider = made(defects=["update-beside-addition-lost"])
    at_once(provider, [(ADD, {"documents": [PDF]}), (UPDATE, {"info": NEW_INFO})])

    assert provider.get().body["info"] == INFO
    provider.update(NEW_INFO)
    assert provider.get().body["info"] == NEW_INFO


def test_a_read_beside_an_update_shows_half_of_it(made):
    provider = made(defects=["get-beside-update-shows-half"])
    (_, updated), (_, got) = at_once(provider, [(UPDATE, {"info": NEW_INFO}), (GET, {})])

    assert updated["info"] == NEW_INFO
    assert got["info"] not in (INFO, NEW_INFO)
    assert provider.get().body["info"] == NEW_INFO


UPDATES = [(UPDATE, {"info": {**NEW_INFO, "name": f"Metro {n}"}}) for n in range(3)]


@pytest.mark.parametrize(
    ("variation", "statuses"),
    [
        ("conflicting-changes-refused", [200, 409, 409]),
        ("conflicting-changes-refused-by-framework", [200, 409, 409]),
        ("changes-in-turn", [200, 200, 200]),
        ("updates-coalesced", [200, 200, 200]),
        ("replies-overtake", [200, 200, 200]),
        ("replies-show-later-state", [200, 200, 200]),
    ],
)
def test_of_parallel_updates_an_acknowledged_one_is_left(made, variation, statuses):
    provider = made(variations=[variation])
    replies = at_once(provider, UPDATES)

    assert sorted(status for status, _ in replies) == statuses
    acknowledged = [body["info"] for (_, body), (status, _) in zip(UPDATES, replies, strict=True) if status == 200]
    assert provider.get().body["info"] in acknowledged


def test_held_updates_are_approved_the_latest_first(made):
    provider = made(variations=["updates-approved-last-first"])
    for _, body in UPDATES:
        assert provider.update(body["info"]).body["info"] == INFO
    shown = [provider.get().body["info"]["name"] for _ in range(7)]

    assert [name for place, name in enumerate(shown) if name != shown[place - 1]] == [
        INFO["name"],
        "Metro 2",
        "Metro 1",
        "Metro 0",
    ]


def test_every_second_look_is_at_a_replica_that_lags(made, monkeypatch):
    monkeypatch.setattr(concurrency, "_LAG", 3600)
    provider = made(variations=["replicas-take-turns"])
    provider.update(NEW_INFO)

    assert [provider.get().body["info"] for _ in range(4)] == [INFO, NEW_INFO, INFO, NEW_INFO]


def test_a_held_update_is_shown_once_it_is_approved(made):
    provider = made(variations=["updates-after-approval"])

    provider.update(NEW_INFO)
    held = provider.get().body["info"]
    provider.operate("verify")

    assert (held, provider.get().body["info"]) == (INFO, NEW_INFO)
