"""When another gateway of the region shows the same of a registration (X1)."""

import pytest

from beckn_conformance.client.peers import _says_the_same
from tests.exchanges import GET, exchange, reply

BODY = {"registration": {"id": "1"}}
NAMES = ("name", "phone")
INFO = {"name": "Metro", "phone": "+91-8023329991"}
ONE, OTHER = {"name": "one.pdf"}, {"name": "other.pdf"}


def got(info, *documents):
    return exchange(GET, BODY, reply(body={**BODY, "info": info, "documents": [*documents]}))


@pytest.mark.parametrize(
    ("info", "documents", "same"),
    [
        (INFO, (ONE, OTHER), True),
        (INFO, (OTHER, ONE), True),
        ({**INFO, "name": " METRO"}, (ONE, OTHER), True),
        ({**INFO, "name": "City Bus"}, (ONE, OTHER), False),
        (INFO, (ONE,), False),
        (INFO, (ONE, ONE), False),
    ],
)
def test_what_a_peer_shows_is_compared_but_for_its_form_and_the_order_of_documents(info, documents, same):
    assert _says_the_same(got(info, *documents), got(INFO, ONE, OTHER), NAMES) is same
