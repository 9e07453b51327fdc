"""What other gateways of the region may show of a registration, and what they may not (X1)."""

import copy

import pytest

from beckn_conformance.judging.finding import Obligation
from beckn_conformance.judging.history import falters
from beckn_conformance.judging.obligations import obligations
from beckn_conformance.judging.outcome import conclude
from beckn_conformance.judging.tally import Tally
from beckn_conformance.messages.binding import HttpBinding
from beckn_conformance.record.rows import exchange_of, row_of
from beckn_conformance.run.reproduction import tell
from tests.exchanges import GET, SPECIFICATION, Story, configured, drop, nack, page, put, reply

PEER, OTHER = "https://peer.example/api", "https://other.example/api"
WITHIN = 5.0
CONFIG = configured(peers=(PEER, OTHER), clone_within=WITHIN)
SERVED, UPDATED, DOCUMENTS = "CLONE-SERVED", "CLONE-UPDATED", "CLONE-DOCUMENTS"


class Region(Story):
    """A story in which other gateways are asked as well: they show what a test has them know."""

    def __init__(self, config=CONFIG):
        super().__init__(config)
        self.signup()
        self.get()

    def known(self):
        """What the gateway itself shows now, for a peer to show later."""
        return copy.deepcopy(self.mine)

    def ask(self, *changes, known=None, answer=None, peer=PEER, **how):
        """A Provider/get at a peer, which shows what it knows, by default all."""
        body = (known or self.mine).shown()
        for change in changes:
            change(body)
        return self.call(GET, {"registration": {"id": self.mine.id}}, answer or reply("ACK", body), peer=peer, **how)


@pytest.fixture
def region():
    return Region()


def updated():
    """A region whose gateway shows an update, and what was known before it."""
    region = Region()
    before = region.known()
    region.update()
    region.get()
    return region, before


def added(count=1):
    region = Region()
    before = region.known()
    region.add([region.values.document() for _ in range(count)])
    region.get()
    return region, before


def test_a_peer_that_shows_all_brings_no_finding(region):
    region.update()
    region.add()
    region.get()
    region.ask()

    assert region.findings() == []
    assert {SERVED, UPDATED, DOCUMENTS} <= region.met()


def test_each_peer_is_an_obligation_of_its_own(region):
    region.ask()

    met = {j.obligation for j in region.judgements() if j.requirement == SERVED}

    assert met == {Obligation(GET, kind=f"at {PEER}")}
    assert obligations(SPECIFICATION, CONFIG)[SERVED] == {Obligation(GET, kind=f"at {peer}") for peer in (PEER, OTHER)}


UNKNOWN = nack({"registration": {"id": "unknown"}})
DUE = [
    (lambda: (Region(), None), {"answer": UNKNOWN}, (SERVED, "/registration/id")),
    (lambda: updated(), {}, (UPDATED, "/info")),
    (lambda: added(), {}, (DOCUMENTS, "/documents")),
]


@pytest.mark.parametrize("late", [False, True])
@pytest.mark.parametrize(("begin", "how", "finding"), DUE)
def test_what_the_gateway_has_shown_is_due_once_the_time_is_over(begin, how, finding, late):
    region, before = begin()
    region.wait(WITHIN + 1 if late else WITHIN - 1)
    region.ask(known=before, **how)

    assert region.findings() == ([finding] if late else [])


def test_the_second_update_follows_as_well_as_the_first():
    region, _ = updated()
    first = region.known()
    region.update()
    region.get()
    region.ask(known=first)
    region.wait()
    region.ask(known=first)

    assert region.findings() == [(UPDATED, "/info")]


def test_going_back_is_a_finding_too():
    region, before = updated()
    region.ask()
    region.wait()
    region.ask(known=before)

    assert region.findings() == [(UPDATED, "/info")]


def test_what_the_gateway_itself_has_not_shown_yet_nobody_has_to(region):
    before = region.known()
    region.update()
    region.add()
    region.wait()
    region.ask(known=before)
    region.ask()

    assert region.findings() == []


def test_an_update_that_waits_for_approval_is_cloned_after_it():
    region = Region(configured(peers=(PEER,), clone_within=WITHIN, updates="deferred"))
    before = region.known()
    region.update()
    region.wait()
    region.get(change=lambda body: {**before.shown(), "registration": body["registration"]})
    region.ask(known=before)

    assert region.findings() == []


def test_until_the_time_is_over_the_states_may_come_in_any_order():
    region, before = updated()
    region.ask()
    region.ask(known=before)
    region.ask()
    region.ask(answer=nack())

    assert region.findings() == []


AT_ONCE = [
    (put("/info/name", "Another Corporation"), (SERVED, "/info/name")),
    (put("/api/endpoint_url", "https://api.example.org/other"), (SERVED, "/api/endpoint_url")),
    (lambda body: body["documents"].append(copy.deepcopy(body["documents"][-1])), (DOCUMENTS, "/documents")),
]


@pytest.mark.parametrize(("change", "finding"), AT_ONCE)
def test_what_the_registration_never_was_is_a_finding_at_once(change, finding):
    region, _ = updated()
    region.ask(change)

    assert region.findings() == [finding]


def test_a_mix_of_two_updates_is_a_finding_at_once():
    region, before = updated()
    region.ask(put("/info/phone", before.info["phone"]))

    assert region.findings() == [(UPDATED, "/info/phone")]


def test_a_document_that_was_added_twice_may_come_twice(region):
    document = region.values.document()
    for _ in range(2):
        region.add([dict(document)])
    region.get()
    region.wait()
    region.ask()

    assert region.findings() == []


def test_another_content_is_a_finding_where_it_is():
    region, _ = added()
    region.wait()
    region.ask(put("/documents/2/data", "JVBERi0xLjQK"))

    assert region.findings() == [(DOCUMENTS, "/documents/2/data")]


@pytest.mark.parametrize("data", ["", "***", "<redacted>", None])
def test_content_that_a_peer_withholds_is_no_finding(data):
    region, _ = added()
    region.wait()
    region.ask(put("/documents/2/data", data))

    assert region.findings() == []


def test_documents_of_another_registration_are_a_finding(region):
    other = region.mine
    region.signup()
    region.get()
    region.ask(lambda body: body["documents"].append(copy.deepcopy(other.documents[0])))

    assert region.findings() == [(DOCUMENTS, "/documents")]


def test_the_order_of_documents_and_the_form_of_values_are_free():
    region, _ = added(2)
    region.wait()
    region.ask(
        lambda body: body["documents"].reverse(),
        lambda body: body["info"].update(name=body["info"]["name"].upper(), email=f" {body['info']['email']}"),
        put("/registration/status", "ANYTHING"),
        drop("/documents/0/status"),
    )

    assert region.findings() == []


def test_what_the_gateway_itself_shows_wrongly_is_not_held_against_a_peer_again(region):
    wrong = put("/info/name", "Another Corporation")
    region.get(change=wrong)
    region.get(change=lambda body: body["documents"].pop())
    region.wait()
    own = region.findings()
    region.ask(wrong, lambda body: body["documents"].pop())

    assert own
    assert region.findings() == own


AWAY = {
    "not reached": {"trouble": "connection: refused"},
    "late": {"trouble": "timeout: 10 s"},
    "behind a proxy": {"answer": page(502)},
    "a page": {"answer": page(404)},
    "slow": {"answer": nack(), "seconds": WITHIN},
}


@pytest.mark.parametrize("how", AWAY.values(), ids=AWAY)
def test_a_peer_that_is_away_is_no_finding_and_the_time_starts_again_when_it_is_back(how):
    region, before = updated()
    region.wait()
    region.ask(**how)
    region.ask(known=before)
    region.ask(answer=nack())
    away = region.findings()
    region.ask(known=before, peer=OTHER)
    others = region.findings()
    region.wait(WITHIN)
    region.ask(known=before)

    assert away == []
    assert others == [(UPDATED, "/info")]
    assert region.findings() == [(UPDATED, "/info")] * 2


def test_a_peer_falters_without_a_usable_answer_in_good_time(region):
    assert not falters(region.ask(seconds=1.0), CONFIG)
    assert not falters(region.ask(answer=nack()), CONFIG)
    assert falters(region.ask(answer=page(200)), CONFIG)
    assert falters(region.ask(seconds=WITHIN), CONFIG)


def test_a_peer_is_judged_for_nothing_but_its_clone(region):
    region.ask(drop("/registration"), answer=None)
    region.ask(answer=reply("NACK", None, status=500, message=None))
    before = region.met()
    region.get()

    assert region.findings() == []
    assert "REPLY-MESSAGE" in before


def test_which_gateway_was_asked_is_on_record(region):
    asked = region.ask()
    own = region.exchanges[0]

    assert row_of(asked)["peer"] == PEER
    assert exchange_of(row_of(asked), HttpBinding()) == asked
    assert "peer" not in row_of(own)
    assert exchange_of(row_of(own), HttpBinding()) == own


def test_how_to_see_it_again_asks_the_other_gateway_once_and_after_the_time():
    region, before = updated()
    region.ask(known=before)
    region.wait()
    asked = region.ask(known=before)
    earlier = region.exchanges[:-1]

    told = tell(asked, [e for e in earlier if not e.peer], HttpBinding(), CONFIG, history=True)

    assert f"U2={PEER}" in told.curl.split("; ")
    assert told.curl.count('"$U2"/Provider/get') == 1
    assert told.curl.split("; ")[-2] == f"sleep {WITHIN:g}"
    assert len(told.steps) == 5
    assert "sleep 5\n" in told.script


def test_without_peers_clones_are_untested_and_held_against_nobody():
    verdict = conclude(Tally(), SPECIFICATION, configured(), strict=True)

    clones = [o for o in verdict.outcomes if o.requirement.needs == "peers"]
    assert {o.requirement.id for o in clones} == {SERVED, UPDATED, DOCUMENTS}
    assert {(o.status, o.reason) for o in clones} == {
        ("untested", "no peers are declared, so nothing is seen of the other gateways of the region")
    }


@pytest.mark.parametrize(("peers", "verdict"), [((), "conformant"), ((PEER,), "inconclusive")])
def test_peers_that_are_declared_have_to_be_seen_in_the_strict_class(peers, verdict):
    config = configured(peers=peers, clone_within=WITHIN if peers else None)
    tally = Tally()
    for requirement, names in obligations(SPECIFICATION, config).items():
        if SPECIFICATION.requirements[requirement].needs != "peers":
            tally.exercised[requirement] |= names

    strict = conclude(tally, SPECIFICATION, config, strict=True, can_verify=True)
    core = conclude(tally, SPECIFICATION, config, can_verify=True)

    assert strict.verdict == verdict
    assert core.verdict == "conformant"


def test_what_a_peer_serves_is_not_served_by_the_gateway():
    region = Story(CONFIG)
    region.signup()
    region.call(GET, {"registration": {"id": region.mine.id}}, reply("ACK", region.mine.shown()), peer=PEER)
    region.get(answer=page(404))

    assert region.findings() == [("GET-ENDPOINT", "")]
