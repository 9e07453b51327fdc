"""Options and configurations that cannot be used are told in one line, before any request, with status 4."""

import pytest

from tests.end_to_end.kit import ONE


def _assert_told_in_one_line(run, *words):
    assert run.status == 4, run.output
    assert len(run.lines) == 1, run.output
    assert run.lines[0].startswith("ERROR: ")
    for word in words:
        assert word in run.lines[0]
    assert not run.reported


def test_a_url_that_no_request_can_be_sent_to_is_told(kit):
    run = kit.run("http://127.0.0.1:1/\x1b[31mapi", *ONE)

    _assert_told_in_one_line(run, "--gateway-url")
    assert "\x1b" not in run.output


def test_a_configuration_that_cannot_be_used_is_told_with_file_line_and_key(kit, gateway):
    """``tests/config`` has every mistake."""
    server = gateway()

    run = kit.run(server.url, kit.configure("\n\ngateway:\n  nmae: x"), *ONE)

    _assert_told_in_one_line(run, "gateway.yaml", "line 4", "'gateway.nmae'", "'name'")
    assert server.connections == 0


def test_a_configuration_that_is_not_there_is_told(kit):
    _assert_told_in_one_line(kit.run("reference", "--gateway-config=nowhere.yaml", *ONE), "nowhere.yaml")


def test_a_folder_that_is_no_specification_is_told(kit, tmp_path):
    _assert_told_in_one_line(kit.run("reference", f"--conformance-spec={tmp_path}", *ONE), "requirements.yaml")


def test_no_examples_at_all_is_a_bad_option(kit):
    run = kit.run("reference", "--fuzz-examples=0")

    _assert_told_in_one_line(run, "--fuzz-examples 0: it takes a whole number, 1 or more")


def test_a_bad_option_is_told_once_where_tests_are_spread_over_processes(kit):
    run = kit.run("gw.example", "-p", "xdist.plugin", "-n2", *ONE)

    _assert_told_in_one_line(run, "--gateway-url")


@pytest.mark.parametrize("option", ["--gateway-timeout=soon", "--gateway-concurrency=2.5", "--fuzz-examples=many"])
def test_an_option_that_is_no_number_is_told(kit, option):
    name, _, value = option.partition("=")

    _assert_told_in_one_line(kit.run("reference", option, *ONE), name, value, "number")


def test_nothing_selected_is_told_without_a_request(kit, gateway):
    server = gateway()

    run = kit.run(server.url, "-k", "nothing_is_named_like_this")

    assert run.status == 5
    assert "nothing was selected" in run.output
    assert server.connections == 0


def test_collecting_only_sends_nothing(kit, gateway):
    server = gateway()

    run = kit.run(server.url, "--collect-only", "-q", *ONE)

    assert run.status == 0
    assert server.connections == 0
