"""What a vendor declares changes what is tested, and what cannot be reached is inconclusive, never failed."""

import asyncio

import httpx

import reference_server
from beckn_conformance.commands.spec.prove import exercising
from beckn_conformance.commands.spec.trial import ORIGIN, findings, items, play, session_of
from beckn_conformance.judging.outcome import INCONCLUSIVE

LATER = ("test_get.py", "test_info_update.py", "test_documents_add.py")


def _later():
    return [item for item in items() if item.node_id.split("::")[0].endswith(LATER)]


def _statuses(session, *requirements):
    """What became of requirements, once the tests that exercise them were played."""
    play(session, dict.fromkeys(item for name in requirements for item in exercising(name)))
    statuses = {outcome.requirement.id: outcome.status for outcome in session.conclude(narrowed=True).outcomes}
    return {name: statuses[name] for name in requirements}


async def _verified(app, count):
    """Registrations that a person has made and verified at a gateway beforehand."""
    made = []
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url=ORIGIN) as client:
        for number in range(count):
            answer = await client.post(
                "/Provider/signup",
                headers={"Action": "Provider/signup", "Token": "signup", "Timestamp": "2026-01-31T10:00:00"},
                json={
                    "info": {
                        "name": f"Beforehand {number}",
                        "phone": f"+91-802332999{number}",
                        "email": f"beforehand{number}@example.com",
                        "company_id": f"U72900KA2019PTC99900{number}",
                    },
                    "documents": [{"name": "Permit.pdf", "data": "JVBERi0xLjQK"}],
                    "api": {"endpoint_url": "https://api.beforehand.example.com/beckn"},
                },
            )
            body = answer.json()
            made.append({"id": body["registration"]["id"], "token": body["auth"]["token"]})
            await client.post(f"/operator/registrations/{made[-1]['id']}/verify")
    return made


def test_a_gateway_that_serves_nobody_unverified_is_inconclusive_without_a_declaration():
    app = reference_server.create_app(variations=("serves-verified-only",))
    session = session_of(app, {"binding": "http", "settle": 0.05})

    play(session, _later())
    verdict = session.conclude()

    assert findings(session) == []
    assert verdict.verdict == INCONCLUSIVE
    assert any("verification_hook or registrations" in note for note in session.run.notes)


def test_registrations_made_beforehand_take_the_place_of_fresh_ones():
    app = reference_server.create_app(variations=("serves-verified-only",))
    declared = asyncio.run(_verified(app, 3))
    session = session_of(app, {"binding": "http", "settle": 0.05, "registrations": declared})

    names = ("GET-ACK", "UPDATE-ACK", "DOCUMENTS-ACK", "UPDATE-NACK-PHONE")
    assert _statuses(session, *names) == dict.fromkeys(names, "passed")
    assert findings(session) == []


def test_a_pattern_for_company_ids_is_kept_to():
    app = reference_server.create_app()
    session = session_of(app, {"values": {"company_id": "[A-Z]{4}-[0-9]{6}"}, "binding": "http"})

    assert _statuses(session, "SIGNUP-ACK-COMPANY-ID") == {"SIGNUP-ACK-COMPANY-ID": "passed"}
    assert findings(session) == []


def test_updates_that_wait_for_a_person_are_no_failure_when_declared():
    app = reference_server.create_app(variations=("updates-after-approval",))
    session = session_of(app, {"updates": "deferred", "binding": "http"})

    left, told = ("UPDATE-VISIBLE", "UPDATE-STAYS"), ("UPDATE-ACK", "UPDATE-STATUS")
    expected = dict.fromkeys(left, "not-applicable") | dict.fromkeys(told, "passed")
    assert _statuses(session, *expected) == expected
    assert findings(session) == []
