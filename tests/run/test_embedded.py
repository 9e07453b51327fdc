"""The reference gateway that is named by ``--gateway-url reference:NAME``."""

import pytest

from beckn_conformance.errors import UsageError
from beckn_conformance.run.embedded import planted
from beckn_conformance.specification.loading import load


@pytest.mark.parametrize(
    ("url", "nearest"),
    [
        ("reference:signup-ack-phon", "did you mean 'signup-"),
        ("reference:nothing-like-this", "python -m reference_server --list"),
        ("reference:,,x", "is named 'x'"),
    ],
)
def test_an_unknown_defect_or_variation_is_refused_with_the_nearest(url, nearest):
    with pytest.raises(UsageError) as caught:
        planted(url, load())

    assert url in str(caught.value)
    assert nearest in str(caught.value)
