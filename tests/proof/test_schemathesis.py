"""What Schemathesis draws is enough, by itself, to find what its own checks cannot see, and accuses nobody."""

from __future__ import annotations

from functools import lru_cache

import pytest
from proof.harness import Item, findings, items, run

import reference_server
from beckn_conformance.exchange import member
from beckn_conformance.journal import Journal
from beckn_conformance.session import Session

EXAMPLES = 30


@lru_cache(maxsize=1)
def _items() -> dict[str, Item]:
    return {
        item.node_id.partition("::")[2]: item for item in items() if "test_schemathesis.py" in item.node_id
    }


@pytest.mark.parametrize(
    ("test", "defect"),
    [
        ("test_signup", "signup-info-phone-no-dash-accepted"),
        ("test_signup", "signup-nack-phone-misplaced"),
        ("test_get", "get-token-foreign-accepted"),
        ("test_info_update", "info-update-token-foreign-accepted"),
        ("test_documents_add", "documents-add-second-of-two-lost"),
        ("test_documents_add", "documents-add-token-foreign-accepted"),
    ],
)
def test_a_defect_is_found_by_what_schemathesis_draws_alone(test: str, defect: str) -> None:
    session = run([_items()[test]], defects=(defect,), examples=EXAMPLES)

    assert reference_server.DEFECTS[defect].requirement in {found[0] for found in findings(session)}


def test_what_is_found_is_made_small() -> None:
    session = run([_items()["test_info_update"]], defects=("info-update-token-foreign-accepted",), examples=EXAMPLES)

    (record,) = session.tally.found["TOKEN-NACK-FOREIGN"].values()

    assert record.finding.sent == "Provider/info/update with another registration's token"
