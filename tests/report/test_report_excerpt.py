"""An excerpt marks the member that a finding is about, and is short."""

import json

from hypothesis import given
from hypothesis import strategies as st

from beckn_conformance.report.excerpt import MOST_LINES, excerpt
from tests.exchanges import QUICK
from tests.reports import BODY
from tests.texts import texts


def marked(value, pointer):
    return [line.text.strip() for line in excerpt(value, pointer) if line.marked]


def test_the_member_is_marked_and_its_neighbours_are_short():
    lines = [line.text for line in excerpt(BODY, "/info/phone")]

    assert marked(BODY, "/info/phone") == ['"phone": "+918023329991",']
    assert '    "name": "Acme Buses",' in lines
    assert '  "documents": [… 1],' in lines
    assert '  "api": {…}' in lines


def test_an_object_is_marked_as_a_whole():
    assert marked({"api": {"a": [1, {}]}}, "/api") == ['"api": {', '"a": [', "1,", "{}", "]", "}"]


def test_a_member_of_a_list_is_found_by_its_index():
    assert marked({"documents": [{"name": "a"}, {"name": "b"}]}, "/documents/1/name") == ['"name": "b"']


def test_a_missing_member_has_a_line():
    assert marked({"info": {"name": "a"}}, "/info/phone") == ["phone: not there"]
    assert marked({"documents": []}, "/documents/0") == ["0: not there"]


def test_nothing_is_marked_if_the_parent_is_missing():
    for value in ({}, {"info": None}, {"info": "text"}, [], "text", None):
        assert marked(value, "/info/phone/more") == []


def test_the_whole_body_has_no_mark():
    assert marked(BODY, "") == []
    assert [line.text for line in excerpt({"a": [1]}, "")] == ["{", '  "a": [… 1]', "}"]


def test_long_texts_are_cut_and_measured():
    (line,) = [line.text for line in excerpt({"data": "x" * 900}, "/data") if line.marked]

    assert len(line) < 90
    assert line.endswith("(900 characters)")


@given(
    st.recursive(
        st.none() | st.booleans() | st.integers() | texts(max_size=200),
        lambda inner: st.lists(inner, max_size=60) | st.dictionaries(texts(max_size=8), inner, max_size=60),
        max_leaves=80,
    ),
    st.sampled_from(["", "/", "/a", "/0", "/0/0/0", "/a/b", "/*", "/²", "/info/phone"]),
)
@QUICK
def test_every_excerpt_is_short(value, pointer):
    lines = excerpt(value, pointer)

    assert 0 < len(lines) <= MOST_LINES + 1
    assert json.dumps([line.text for line in lines])
