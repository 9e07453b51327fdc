"""Text of strangers, shown to people: nothing in it acts on a terminal, or in the log of a CI."""

import json

import pytest

from beckn_conformance.commands.terminal import say, say_json
from beckn_conformance.messages.text import shown
from beckn_conformance.untrusted.text import printable

MARKERS = [
    *("##[group]x", "##[add-mask]x", "##[error]x", "###[x]", "##vso[task.setvariable variable=x]y", "##VSO[x]"),
    *("##teamcity[testFailed]", "##octopus[setVariable]", "##myget[x]", "[[ATTACHMENT|/etc/passwd]]"),
    *("section_start:1560896352:x\r\x1b[0K", "section_end:1:x", "travis_fold:start:x", "travis_time:start:x"),
]
AT_LINE_STARTS = [
    "::error::x",
    "  ::set-output name=x::y",
    "::add-mask::x",
    "--- x",
    "+++ x",
    "~~~ x",
    "^^^ +++",
    "---",
]


@pytest.mark.parametrize("marker", MARKERS)
def test_no_marker_of_a_ci_is_left_anywhere_in_a_text(marker):
    core = marker.rstrip("\r\x1b[0K")

    assert core not in printable(marker)
    assert core not in printable(f"an answer {marker} and more")
    assert core not in shown({"a": marker})


@pytest.mark.parametrize("marker", AT_LINE_STARTS)
def test_no_marker_of_a_ci_is_left_at_the_start_of_a_line(marker):
    assert not printable(marker).lstrip().startswith(marker.lstrip()[:3])


@pytest.mark.parametrize("text", ["std::vector", "::1", "a --- b", "----", "C# [x]", "# [x]", "#[x]", "2 + 2", "[x]"])
def test_other_text_is_shown_as_it_is(text):
    assert printable(text) == text


@pytest.mark.parametrize("marker", [*MARKERS, *AT_LINE_STARTS])
def test_what_is_printable_stays_as_it_is(marker):
    assert printable(printable(marker)) == printable(marker)


@pytest.mark.parametrize("marker", MARKERS)
def test_commands_print_no_marker_of_a_ci(marker, capsys):
    say([f"observed {marker}"])
    say_json({"observed": f"x {marker}"})

    printed = capsys.readouterr().out
    assert marker.rstrip("\r\x1b[0K") not in printed
    assert json.loads(printed[printed.index("{\n") :]) == {"observed": f"x {marker}"}
