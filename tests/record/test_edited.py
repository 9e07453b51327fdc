"""Messages that are not on record as they were sent are known by their length."""

import json

import pytest

from beckn_conformance.record.foreign.edited import _sizes, edited

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


def test_neither_a_masked_token_nor_a_length_by_chance_is_an_excuse_where_most_else_was_edited():
    def shortened(value):
        return compact(value).replace("https://acme.example", "x")

    calls = messages(compact, shortened)
    calls[2]["content"] = calls[2]["content"].replace('"ids":[2]', '"auth":{"token":"***"}')
    calls[3]["headers"] = [["Content-Length", str(len(calls[3]["content"]))]]
    refusal = {"headers": [["Content-Length", "2"]], "content": "{}"}

    assert edited([refusal, *calls, *messages(compact, shortened)]) == {*range(1, 9)}


@pytest.mark.parametrize("indent", ["\t", 1, 2, 3, 4])
def test_a_size_is_that_of_what_is_written(indent):
    values = [*BODIES, [], {}, [[], {"a": []}, [[1, "<é/>"]]], "Straße", 0, {"a": {"b": {"c": [{}]}}}]
    for value in values:
        for ascii_only in (False, True):
            text = json.dumps(value, indent=indent, ensure_ascii=ascii_only)
            assert len(text.encode()) in {size for (_, place, *_), size in _sizes(value) if place == 0}


def test_a_text_that_is_shorter_than_was_sent_was_edited_and_a_longer_one_compressed():
    assert edited(messages(lambda value: compact(value) * 3, compact)) == {0, 1, 2, 3}
    assert edited(messages(compact, lambda value: compact([value] * 3))) == set()


def test_a_writing_that_fits_few_messages_fits_by_chance():
    calls = messages(compact, compact)
    for place, call in enumerate(calls):
        call["headers"] = [["Content-Length", str(len(call["content"]) + (1 if place == 2 else 200 + place))]]

    assert edited(calls) == {0, 1, 2, 3}


def test_an_empty_token_is_none_that_was_masked_where_others_are_there():
    calls = messages(compact, compact)
    calls[1]["content"] = '{"header":{"Token":""}}'
    calls[3]["content"] = '{"header":{"Token":"t-1"}}'

    assert edited(calls) == {1, 3}
    assert edited(calls[:3]) == set()


def test_lengths_tell_nothing_where_a_message_is_compressed():
    assert edited(messages(compact, pretty, **{"Content-Encoding": "br"})) == set()
