"""Hashes are mapped to hashes as by a dictionary, in little memory."""

import random

from hypothesis import given
from hypothesis import strategies as st

from beckn_conformance.judging.hashes import Hashes
from tests.exchanges import QUICK

HASH = st.integers(-(2**63), 2**63 - 1)


@QUICK
@given(st.lists(st.tuples(st.sampled_from([0, 1, -1, 64, 128, 2**63 - 1]) | HASH, HASH.filter(bool)), max_size=200))
def test_hashes_are_kept_as_by_a_dictionary(pairs):
    kept, expected = Hashes(), {}
    for key, value in pairs:
        kept[key] = expected[key] = value

    assert len(kept) == len(expected)
    assert {key: kept[key] for key in expected} == expected
    assert [kept[key] for key in range(2, 60) if key not in expected] == [
        0 for key in range(2, 60) if key not in expected
    ]


def test_many_hashes_that_follow_one_another_are_found():
    kept, drawn = Hashes(), random.Random(1).sample(range(2**62), 1500)
    for key in (*range(1500), *drawn):
        kept[key] = key + 1

    assert all(kept[key] == key + 1 for key in (*range(1500), *drawn))
    assert kept[1500] == 0
