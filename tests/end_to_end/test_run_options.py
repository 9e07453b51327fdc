"""Options and configurations that cannot be used are told in one line, before any request, with status 4."""

import pytest

from tests.end_to_end.kit import ONE


def _assert_told_in_one_line(run, *words):
    assert not run.crashed, run.output
    assert run.status == 4, run.output
    assert len(run.lines) == 1, run.output
    assert run.lines[0].startswith("ERROR: ")
    for word in words:
        assert word in run.lines[0]
    assert not run.reported


@pytest.mark.parametrize("url", ["gw.example/api", "", "http://127.0.0.1:1/\x1b[31mapi"])
def test_a_url_that_no_request_can_be_sent_to_is_told(kit, url):
    run = kit.run(url, *ONE)

    _assert_told_in_one_line(run, "--gateway-url")
    assert "\x1b" not in run.output


@pytest.mark.parametrize(
    ("url", "nearest"),
    [
        ("reference:signup-ack-phon", "signup"),
        ("reference:nothing-like-this", "python -m reference_server --list"),
        ("reference:,,x", "'x'"),
    ],
)
def test_an_unknown_defect_or_variation_is_told_with_the_nearest(kit, url, nearest):
    _assert_told_in_one_line(kit.run(url, *ONE), url, nearest)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("\n\ngateway:\n  nmae: x", ["line 4", "'gateway.nmae'", "'name'"]),
        ("headers:\n  X-Key: env:NOT_SET_ANYWHERE", ["line 2", "headers.X-Key", "NOT_SET_ANYWHERE"]),
        ("binding: " + "[" * 2_000, ["line 1", "not YAML"]),
    ],
)
def test_a_configuration_that_cannot_be_used_is_told_with_file_line_and_key(kit, gateway, text, words):
    """``tests/config`` has every mistake."""
    server = gateway()

    run = kit.run(server.url, kit.configure(text), *ONE)

    _assert_told_in_one_line(run, "gateway.yaml", *words)
    assert server.connections == 0


@pytest.mark.parametrize("key", ["ca", "client_cert"])
def test_a_file_that_is_no_certificate_is_told(kit, gateway, tmp_path, key):
    server = gateway()
    (tmp_path / "some.pem").write_text("no certificate")

    run = kit.run(server.url, kit.configure(f"tls:\n  {key}: some.pem"), *ONE)

    _assert_told_in_one_line(run, f"tls.{key}", "some.pem")
    assert server.connections == 0


def test_a_configuration_that_is_not_there_is_told(kit):
    _assert_told_in_one_line(kit.run("reference", "--gateway-config=nowhere.yaml", *ONE), "nowhere.yaml")


@pytest.mark.parametrize(("option", "key"), [("--gateway-timeout=0", "timeout"), ("--gateway-rate=nan", "rate")])
def test_a_number_that_means_nothing_is_told(kit, gateway, option, key):
    server = gateway()

    run = kit.run(server.url, option, *ONE)

    _assert_told_in_one_line(run, key)
    assert server.connections == 0


def _a_file(folder):
    (folder / "taken").write_text("")
    return "taken"


def _beneath_a_file(folder):
    return _a_file(folder) + "/reports"


def _with_a_folder_for_a_report(folder):
    (folder / "reports" / "report.json").mkdir(parents=True)
    return "reports"


def _with_a_folder_for_a_journal(folder):
    (folder / "reports" / "exchanges.jsonl").mkdir(parents=True)
    return "reports"


@pytest.mark.parametrize(
    "obstacle",
    [
        _a_file,
        _beneath_a_file,
        pytest.param(_with_a_folder_for_a_report),
        pytest.param(_with_a_folder_for_a_journal),
    ],
)
def test_a_report_folder_that_cannot_be_written_is_told(kit, gateway, tmp_path, obstacle):
    server = gateway()
    folder = obstacle(tmp_path)

    run = kit.run(server.url, f"--conformance-report={folder}", *ONE)

    assert not run.crashed, run.output
    assert run.status == 4
    assert len(run.lines) == 1, run.output
    assert folder in run.lines[0]
    assert server.connections == 0


def test_a_folder_that_is_no_specification_is_told(kit, tmp_path):
    _assert_told_in_one_line(kit.run("reference", f"--conformance-spec={tmp_path}", *ONE), "requirements.yaml")


def test_a_bad_option_is_told_once_where_tests_are_spread_over_processes(kit):
    run = kit.run("gw.example", "-p", "xdist.plugin", "-n2", *ONE)

    _assert_told_in_one_line(run, "--gateway-url")


def test_nothing_selected_is_told_without_a_request(kit, gateway):
    server = gateway()

    run = kit.run(server.url, "-k", "nothing_is_named_like_this")

    assert run.status == 5
    assert not run.crashed
    assert server.connections == 0


def test_collecting_only_sends_nothing(kit, gateway):
    server = gateway()

    run = kit.run(server.url, "--collect-only", "-q", *ONE)

    assert run.status == 0
    assert server.connections == 0
