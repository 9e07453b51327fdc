"""Shell commands are made of recorded requests, whatever those hold."""

import time

from beckn_conformance.run.curl import word_of


def test_looking_for_an_address_takes_time_in_proportion_to_the_text():
    text = "aaaaaaaaaa-transit." * 6000
    began = time.process_time()

    assert word_of(text) == ""

    assert time.process_time() - began < 5
