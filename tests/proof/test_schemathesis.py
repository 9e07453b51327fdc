"""What Schemathesis draws is enough, by itself, to find what its own checks cannot see, and accuses nobody."""

from functools import lru_cache

import pytest

import reference_server
from beckn_conformance.commands.spec.trial import findings, items, run

EXAMPLES = 40
SEEDS = range(1, 6)
"""What is drawn by chance is drawn again where it did not come upon a defect."""


@lru_cache(maxsize=1)
def _items():
    return {item.node_id.partition("::")[2]: item for item in items() if "test_schemathesis.py" in item.node_id}


@pytest.mark.parametrize(
    ("test", "defect"),
    [
        ("test_signup", "signup-info-phone-error-misplaced"),
        ("test_get", "get-token-foreign-accepted"),
        ("test_documents_add", "documents-add-second-of-two-lost"),
        ("test_documents_add", "documents-add-token-foreign-accepted"),
    ],
)
def test_a_defect_is_found_by_what_schemathesis_draws_alone(test, defect):
    chosen = [_items()[test]]

    assert any(
        reference_server.DEFECTS[defect].requirement in {found[0] for found in findings(session)}
        for session in (run(chosen, defects=(defect,), examples=EXAMPLES, seed=seed, shrinking=False) for seed in SEEDS)
    )


def test_what_is_found_is_made_small():
    session = run([_items()["test_info_update"]], defects=("info-update-token-foreign-accepted",), examples=EXAMPLES)

    (record,) = session.tally.found["TOKEN-NACK-FOREIGN"].values()

    assert record.finding.sent == "Provider/info/update with another registration's token"
