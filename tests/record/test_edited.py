"""Messages that are not on record as they were sent are known by their length."""

import json

import pytest

from beckn_conformance.record.foreign.edited import edited

BODIES = [
    {"info": {"name": f"Linie {number}", "site": "https://acme.example/<a>"}, "ids": [number]} for number in range(4)
]


def messages(sent, recorded, **header):
    """Messages of which one text was sent and another one is on record."""
    return [
        {"headers": [["Content-Length", str(len(one.encode()))], *header.items()], "content": other}
        for one, other in zip(map(sent, BODIES), map(recorded, BODIES), strict=True)
    ]


def compact(value):
    return json.dumps(value, separators=(",", ":"))


def as_php(value):
    return compact(value).replace("/", "\\/")


def as_go(value):
    return compact(value).replace("<", "\\u003c").replace(">", "\\u003e") + "\n"


def pretty(value):
    return json.dumps(value, indent=2, ensure_ascii=False)


@pytest.mark.parametrize("sent", [compact, json.dumps, pretty, as_php, as_go])
@pytest.mark.parametrize("recorded", [compact, pretty, json.dumps])
def test_a_recorder_may_write_a_value_in_its_own_way(sent, recorded):
    assert edited(messages(sent, recorded)) == set()


@pytest.mark.parametrize("sent", [compact, pretty, as_php])
def test_a_message_of_another_length_than_was_sent_was_edited(sent):
    calls = messages(sent, compact)
    calls[2]["content"] = calls[2]["content"].replace("Linie", "Name removed")

    assert edited([None, *calls]) == {3}


@pytest.mark.parametrize("mask", ['"[token redacted]"', '"<secret 2e3b>"', '"REDACTED"', '"***"', '""', "null"])
def test_a_masked_token_is_no_reason_to_leave_out_the_rest(mask):
    calls = messages(compact, compact)
    calls[2]["content"] = calls[2]["content"].replace('"ids":[2]', f'"auth":{{"token":{mask}}}')

    assert edited(calls) == set()


def test_lengths_tell_nothing_where_none_is_that_of_a_text():
    assert edited(messages(lambda value: compact(value) * 3, compact)) == set()
    assert edited(messages(compact, pretty, **{"Content-Encoding": "br"})) == set()
