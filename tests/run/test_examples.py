"""Examples of properties: the same for the same seed, each drawn once, and small where one fails."""

import pytest
from hypothesis import strategies as st

from beckn_conformance.config.gateway import GatewayConfig
from beckn_conformance.run.examples import MOST_TRIES, Enough, Examples
from beckn_conformance.run.properties import examples_of_part
from beckn_conformance.specification.loading import load
from beckn_conformance.suite.strategies import (
    headers,
    histories,
    joint_faults,
    long_histories,
    registrations,
    single_faults,
    spoil,
    texts,
)

NUMBERS = st.lists(st.integers(0, 1000), max_size=20)
STRATEGIES = (headers, histories, joint_faults, long_histories, registrations, single_faults)


def test_the_same_seed_draws_the_same_examples():
    one, same = Examples(lambda: NUMBERS, 7, "a"), Examples(lambda: NUMBERS, 7, "a")

    assert one.chunk(0, 50) == same.chunk(0, 50)
    assert one.chunk(3, 50) == same.chunk(3, 50)


@pytest.mark.parametrize(("seed", "name", "number"), [(8, "a", 0), (7, "b", 0), (7, "a", 1)])
def test_another_seed_property_or_chunk_draws_other_examples(seed, name, number):
    assert Examples(lambda: NUMBERS, 7, "a").chunk(0, 50) != Examples(lambda: NUMBERS, seed, name).chunk(number, 50)


def test_a_chunk_has_as_many_examples_as_are_asked_for_where_there_are_so_many():
    assert len(Examples(lambda: NUMBERS, 7, "a").chunk(0, 100)) == 100
    assert sorted(Examples(lambda: st.booleans(), 7, "a").chunk(0, 100)) == [False, True]


def test_a_failing_example_is_made_the_smallest_that_fails():
    examples = Examples(lambda: NUMBERS, 7, "a")

    def fails(numbers):
        return sum(n >= 100 for n in numbers) >= 2

    failing = next(place for place, drawn in enumerate(examples.chunk(0, 50)) if fails(drawn))

    assert examples.smaller(0, 50, failing, fails) == [100, 100]


def test_an_example_that_fails_only_once_is_left_alone():
    examples = Examples(lambda: NUMBERS, 7, "a")
    tried = []

    def fails(numbers):
        tried.append(numbers)
        return False

    assert examples.smaller(0, 50, 20, fails) is None
    assert tried == [examples.chunk(0, 50)[20]]


def test_making_smaller_comes_to_an_end():
    examples = Examples(lambda: st.lists(st.integers(), min_size=30), 7, "a")
    tried = []

    def fails(numbers):
        tried.append(numbers)
        return len(tried) % 3 != 0

    examples.smaller(0, 20, 10, fails)

    assert len(tried) <= MOST_TRIES


def test_nothing_more_is_drawn_once_it_is_enough():
    drawn = []
    examples = Examples(lambda: NUMBERS.map(lambda numbers: (drawn.append(numbers), numbers)[1]), 7, "a")
    places = []

    def fails(numbers):
        places.append(len(drawn))
        if len(places) == 3:
            raise Enough
        return len(places) == 1

    assert examples.smaller(0, 20, 10, fails) is not None
    assert places[-1] == len(drawn)


def test_nothing_is_left_in_the_folder_of_whoever_runs_it(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)

    Examples(texts, 1, "a").chunk(0, 20)

    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("strategy", STRATEGIES, ids=lambda s: s.__name__)
def test_what_is_drawn_is_plain_data(strategy):
    config = GatewayConfig("", verification_hook="true")

    for example in Examples(lambda: strategy(config), 3, strategy.__name__).chunk(0, 30):
        assert eval(repr(example), {"__builtins__": {}}) == example


def test_texts_are_names_that_every_gateway_is_held_to_keep():
    name = next(m for m in load().members("Provider/signup") if m.pointer == "/info/name")
    drawn = Examples(texts, 3, "names").chunk(0, 100)

    assert all(name.borders.nearly_safe(f"Word {text}".strip()) for text in drawn)
    assert sum(name.borders.safe(f"Word {text}".strip()) for text in drawn) > 50
    assert any(max(text, default="") > "\uffff" for text in Examples(texts, 3, "more").chunk(0, 100))


def test_histories_verify_only_where_somebody_can():
    def kinds(config):
        drawn = Examples(lambda: long_histories(config), 3, "histories").chunk(0, 20)
        return {step[0] for _, steps in drawn for step in steps}

    assert "verification" in kinds(GatewayConfig("", verification_hook="true"))
    assert "verification" not in kinds(GatewayConfig(""))


@pytest.mark.parametrize(
    ("pointer", "how", "value", "spoiled"),
    [
        ("/a", "value", 1, {"a": 1, "b": [{"c": 3}]}),
        ("/a", "missing", None, {"b": [{"c": 3}]}),
        ("/b/0/c", "value", None, {"a": 2, "b": [{"c": None}]}),
        ("/b/0", "value", "x", {"a": 2, "b": ["x"]}),
        ("/b/4/c", "value", "x", {"a": 2, "b": [{"c": 3}]}),
        ("/a/c", "value", "x", {"a": 2, "b": [{"c": 3}]}),
    ],
)
def test_spoiling_changes_one_member(pointer, how, value, spoiled):
    assert spoil({"a": 2, "b": [{"c": 3}]}, pointer, how, value) == spoiled


@pytest.mark.parametrize("count", [1, 25, 26, 220, 2500])
def test_two_parts_of_a_property_are_as_large_and_make_the_whole(count):
    first, second = (examples_of_part(count, part, 2) for part in range(2))

    assert first + second == count
    assert abs(first - second) <= (1 if count > 25 else count)
