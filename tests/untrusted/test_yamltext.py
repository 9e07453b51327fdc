"""YAML is read as its writer sees it, and within bounds."""

import time

import pytest
import yaml

from beckn_conformance.specification.loading import load
from beckn_conformance.untrusted import yaml_text

LAUGHS = "a0: &a0 [x,x,x,x,x,x,x,x,x]\n" + "\n".join(
    f"a{n}: &a{n} [{','.join([f'*a{n - 1}'] * 9)}]" for n in range(1, 12)
)
TOWER = f"a0: &a0 {'[' * 50}x{']' * 50}\n" + "\n".join(
    f"a{n}: &a{n} {'[' * 10}*a{n - 1}{']' * 10}" for n in range(1, 50)
)


@pytest.mark.parametrize(
    ("word", "value"),
    [
        *((word, word) for word in ("on", "no", "Yes", "~", "2027-01-01", "2027-01-01 10:00:00", "12:30:00", "1_000")),
        *((word, word) for word in ("=", "1.2.3", "0b1", "a: b: c"[0:1], "9" * 101)),
        *((quoted, "true") for quoted in ('"true"', "'true'")),
        *((word, None) for word in ("", "null", "NULL")),
        *((word, True) for word in ("true", "True")),
        *((word, 1000.0) for word in ("1e3", "1000.", "+1.0E+3")),
        *((word, 17) for word in ("17", "+17", "017", "0o21", "0x11")),
        (".inf", float("inf")),
    ],
)
def test_words_are_read_as_yaml_1_2_has_them(word, value):
    node = yaml_text.read(f"key: {word}")

    assert node.value == {"key": value}
    assert type(node.value["key"]) is type(value)


def test_keys_are_texts_as_they_are_written():
    assert yaml_text.read("on: 1\n1e3: 2\nnull: 3\ntrue: 4\n2027-01-01: 5").value == {
        "on": 1,
        "1e3": 2,
        "null": 3,
        "true": 4,
        "2027-01-01": 5,
    }


@pytest.mark.parametrize(
    ("text", "line", "reason"),
    [
        ("a: 1\nb: 2\na: 3", 3, "the key 'a' stands on line 1 already"),
        ("a:\n  'x': 1\n  x: 2", 3, "the key 'x' stands on line 2 already"),
        ("b: {c: 1}\na:\n  <<: {c: 1}", 3, "the merge key << is not read"),
        ("a: !!python/object/apply:os.system [id]", 1, "the tag 'tag:yaml.org,2002:python/object/apply:os.system'"),
        ("a: !!str 1", 1, "the tag 'tag:yaml.org,2002:str' is not read"),
        ("a: 1\n? [b]\n: 2", 2, "a key is needed here"),
        ("a: 1\n---\nb: 2", 2, "a second document begins"),
        ("a: &x\n  b: *x", 2, "the alias *x stands for nothing that ends before it"),
        ("a: *x", 1, "the alias *x stands for nothing"),
        ("a: ]", 1, "not YAML: "),
        ("a: \x01", 1, "not YAML: "),
        ("- " * 65 + "x", 1, "it is nested in more than 64 levels"),
        ("[" * 100_000, 1, ""),
        ("? " * 100_000, 1, "a key is needed here"),
        (f"? {'x' * 2000}\n: 1", 1, "a key is longer than 1024 characters"),
        (LAUGHS, 6, "it holds more than 200000 values"),
        (TOWER, 3, "it is nested in more than 64 levels"),
    ],
)
def test_what_cannot_be_read_is_told_with_its_line(text, line, reason):
    began = time.process_time()

    with pytest.raises(yaml_text.YamlError) as raised:
        yaml_text.read(text)

    assert raised.value.line == line
    assert reason in str(raised.value)
    assert "\n" not in str(raised.value)
    assert time.process_time() - began < 5


def test_a_few_aliases_stand_for_what_they_name():
    node = yaml_text.read("a: &x {b: 1}\nc: [*x, *x]")

    assert node.value == {"a": {"b": 1}, "c": [{"b": 1}, {"b": 1}]}


def test_every_value_has_the_line_it_stands_on():
    node = yaml_text.read("a:\n  b:\n  - x\n  - c: y\n")

    assert [node.at(path).line for path in ((), ("a",), ("a", "b"), ("a", "b", 1), ("a", "b", 1, "c"))] == [
        1,
        1,
        2,
        4,
        4,
    ]
    assert node.at(("a", "b", 9, "z")) is node.at(("a", "b"))


def test_nothing_at_all_is_nothing():
    assert yaml_text.read("").value is None
    assert yaml_text.read("# only words\n").value is None


@pytest.mark.parametrize("path", sorted(load().folder.glob("*.*")), ids=lambda path: path.name)
def test_the_specification_says_the_same_to_any_reader(path):
    text = path.read_text(encoding="utf-8")
    if path.suffix in (".json", ".yaml"):
        assert yaml_text.read(text).value == yaml.safe_load(text)
