"""Lines of values in JSON and YAML."""

import pytest

from beckn_conformance.specification.pointer import escaped, parts_of
from beckn_conformance.untrusted import yaml_text

JSON = """{
  "a": {
    "b/c": [1,
      {"d": null}],
    "ä~": "\\u00e4"
  }
}
"""
YAML = """# a comment
- id: one
  text: of
    two lines
- id: two
"""


@pytest.mark.parametrize(
    ("text", "pointer", "line"),
    [
        (JSON, "", 1),
        (JSON, "/a", 2),
        (JSON, "/a/b~1c/0", 3),
        (JSON, "/a/b~1c/1/d", 4),
        (JSON, "/a/ä~0", 5),
        (JSON, "/a/nothing/there", 2),
        (YAML, "/0/text", 3),
        (YAML, "/1/id", 5),
        (YAML, "/7", 2),
        ("", "/x", 1),
    ],
)
def test_a_value_has_the_line_of_its_key(text, pointer, line):
    assert yaml_text.read(text).at(parts_of(pointer)).line == line
    assert "".join(f"/{escaped(part)}" for part in parts_of(pointer)) == pointer
