"""Options and configurations that cannot be used are told in one line, before any request, with status 4."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from tests.end_to_end.kit import ONE, Kit, Run
from tests.end_to_end.loopback import Loopback


def _assert_told_in_one_line(run: Run, *words: str) -> None:
    assert not run.crashed, run.output
    assert run.status == 4, run.output
    assert len(run.lines) == 1, run.output
    assert run.lines[0].startswith("ERROR: ")
    for word in words:
        assert word in run.lines[0]
    assert not run.reported


@pytest.mark.parametrize(
    "url",
    [
        "gw.example/api",
        "",
        "http://",
        "ftp://gw.example/api",
        "http://gw.example:99999/",
        "http://gw.example:0",
        "http://[::1",
        "http://gw.example/api?key=1",
        "http://gw.example/api#part",
        pytest.param("http://gw .example/", id="space in the host"),
        pytest.param("http://127.0.0.1:1/\x1b[31mapi", id="escape in the path"),
    ],
)
def test_a_url_that_no_request_can_be_sent_to_is_told(kit: Kit, url: str) -> None:
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
def test_an_unknown_defect_or_variation_is_told_with_the_nearest(kit: Kit, url: str, nearest: str) -> None:
    _assert_told_in_one_line(kit.run(url, *ONE), url, nearest)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("time_out: 3", ["line 1", "'time_out'", "'timeout'"]),
        ("\n\ngateway:\n  nmae: x", ["line 4", "'gateway.nmae'", "'name'"]),
        ("settle: 1\nsettle2: 2", ["line 2", "'settle'"]),
        ("settle: -1", ["line 1", "settle"]),
        ("timeout: .nan", ["line 1", "timeout"]),
        ("rate: .nan", ["line 1", "rate"]),
        ("rate: .inf", ["line 1", "rate"]),
        ("binding: soap", ["line 1", "binding", "envelope"]),
        ("timestamp_zone: Mars/Olympus", ["line 1", "timestamp_zone"]),
        ("timestamp_zone: ../../etc/passwd", ["line 1", "timestamp_zone"]),
        ("values:\n  company_id: '['", ["line 2", "company_id"]),
        ("optional: [/info/fone]", ["line 1", "/info/phone"]),
        ("tls:\n  ca: nowhere.pem", ["line 2", "tls.ca", "nowhere.pem"]),
        ("signup_token: env:NOT_SET_ANYWHERE", ["line 1", "signup_token", "NOT_SET_ANYWHERE"]),
        ("headers:\n  X-Key: env:NOT_SET_ANYWHERE", ["line 2", "headers.X-Key", "NOT_SET_ANYWHERE"]),
        ("headers:\n  'X Key': a", ["line", "headers"]),
        ("binding: [http", ["line", "not YAML"]),
        ("- binding", ["line 1", "mapping"]),
        ("\x00", ["not YAML"]),
        (
            "waivers:\n  - {requirement: SIGNUP-NACK-PHON, reason: r, owner: o, expires: 2999-01-01}",
            ["line", "waivers", "SIGNUP-NACK-PHONE"],
        ),
        (
            "waivers:\n  - {requirement: SIGNUP-NACK-PHONE, reason: r, owner: o, expires: soon}",
            ["line 2", "expires"],
        ),
        ("waivers:\n  - {requirement: SIGNUP-NACK-PHONE}", ["line 2", "waivers"]),
    ],
)
def test_a_configuration_that_cannot_be_used_is_told_with_file_line_and_key(
    kit: Kit, gateway: Callable[..., Loopback], text: str, words: list[str]
) -> None:
    server = gateway()

    run = kit.run(server.url, kit.configure(text), *ONE)

    _assert_told_in_one_line(run, "gateway.yaml", *words)
    assert server.connections == 0


@pytest.mark.parametrize(
    ("text", "word"),
    [
        pytest.param("headers: &a {X-Key: *a}", "gateway.yaml", id="a mapping that holds itself"),
        pytest.param("binding: " + "[" * 2_000, "gateway.yaml", id="nested deeply"),
        pytest.param('headers: {X-Key: "a\\nb"}', "X-Key", id="a line break in a header"),
        pytest.param("headers: {X-Key: Schlüssel}", "X-Key", id="a letter that no header can hold"),
        pytest.param('signup_token: "a\\nb"', "signup_token", id="a line break in the token"),
        pytest.param("signup_token: Schlüssel", "signup_token", id="a letter that no token can hold"),
    ],
)
def test_a_configuration_that_no_request_could_be_made_with_is_told(
    kit: Kit, gateway: Callable[..., Loopback], text: str, word: str
) -> None:
    server = gateway()

    run = kit.run(server.url, kit.configure(text), *ONE)

    _assert_told_in_one_line(run, word)
    assert server.connections == 0


@pytest.mark.parametrize("key", ["ca", "client_cert"])
def test_a_file_that_is_no_certificate_is_told(
    kit: Kit, gateway: Callable[..., Loopback], tmp_path: Path, key: str
) -> None:
    server = gateway()
    (tmp_path / "some.pem").write_text("no certificate")

    run = kit.run(server.url, kit.configure(f"tls:\n  {key}: some.pem"), *ONE)

    _assert_told_in_one_line(run, f"tls.{key}", "some.pem")
    assert server.connections == 0


def test_a_configuration_that_is_not_there_is_told(kit: Kit) -> None:
    _assert_told_in_one_line(kit.run("reference", "--gateway-config=nowhere.yaml", *ONE), "nowhere.yaml")


def test_a_configuration_that_is_a_folder_is_told(kit: Kit, tmp_path: Path) -> None:
    _assert_told_in_one_line(kit.run("reference", f"--gateway-config={tmp_path}", *ONE), str(tmp_path))


def test_a_configuration_that_is_no_text_is_told(kit: Kit, tmp_path: Path) -> None:
    (tmp_path / "binary.yaml").write_bytes(b"\xff\xfe\x00")

    _assert_told_in_one_line(kit.run("reference", "--gateway-config=binary.yaml", *ONE), "binary.yaml")


@pytest.mark.parametrize(
    ("option", "key"),
    [
        ("--gateway-timeout=0", "timeout"),
        ("--gateway-timeout=nan", "timeout"),
        ("--gateway-timeout=inf", "timeout"),
        ("--gateway-patience=-1", "patience"),
        ("--gateway-patience=nan", "patience"),
        ("--gateway-concurrency=0", "concurrency"),
        ("--gateway-concurrency=100000", "concurrency"),
        ("--gateway-rate=0", "rate"),
        ("--gateway-rate=nan", "rate"),
    ],
)
def test_a_number_that_means_nothing_is_told(kit: Kit, gateway: Callable[..., Loopback], option: str, key: str) -> None:
    server = gateway()

    run = kit.run(server.url, option, *ONE)

    _assert_told_in_one_line(run, key)
    assert server.connections == 0


@pytest.mark.parametrize(
    "option",
    [
        "--gateway-timeout=soon",
        "--gateway-concurrency=1.5",
        "--gateway-binding=soap",
        "--conformance-class=lax",
    ],
)
def test_a_value_of_the_wrong_kind_is_told_by_the_option_parser(
    kit: Kit, gateway: Callable[..., Loopback], option: str
) -> None:
    server = gateway()

    run = kit.run(server.url, option, *ONE)

    assert run.status == 4
    assert not run.crashed
    assert option.partition("=")[0] in run.output
    assert server.connections == 0


def _a_file(folder: Path) -> str:
    (folder / "taken").write_text("")
    return "taken"


def _beneath_a_file(folder: Path) -> str:
    return _a_file(folder) + "/reports"


def _with_a_folder_for_a_report(folder: Path) -> str:
    (folder / "reports" / "report.json").mkdir(parents=True)
    return "reports"


def _with_a_folder_for_a_journal(folder: Path) -> str:
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
def test_a_report_folder_that_cannot_be_written_is_told(
    kit: Kit, gateway: Callable[..., Loopback], tmp_path: Path, obstacle: Callable[[Path], str]
) -> None:
    server = gateway()
    folder = obstacle(tmp_path)

    run = kit.run(server.url, f"--conformance-report={folder}", *ONE)

    assert not run.crashed, run.output
    assert run.status == 4
    assert len(run.lines) == 1, run.output
    assert folder in run.lines[0]
    assert server.connections == 0


def test_a_folder_that_is_no_specification_is_told(kit: Kit, tmp_path: Path) -> None:
    _assert_told_in_one_line(kit.run("reference", f"--conformance-spec={tmp_path}", *ONE), "requirements.yaml")


def test_a_bad_option_is_told_once_where_tests_are_spread_over_processes(kit: Kit) -> None:
    run = kit.run("gw.example", "-p", "xdist.plugin", "-n2", *ONE)

    _assert_told_in_one_line(run, "--gateway-url")


def test_nothing_selected_is_told_without_a_request(kit: Kit, gateway: Callable[..., Loopback]) -> None:
    server = gateway()

    run = kit.run(server.url, "-k", "nothing_is_named_like_this")

    assert run.status == 5
    assert not run.crashed
    assert server.connections == 0


def test_collecting_only_sends_nothing(kit: Kit, gateway: Callable[..., Loopback]) -> None:
    server = gateway()

    run = kit.run(server.url, "--collect-only", "-q", *ONE)

    assert run.status == 0
    assert server.connections == 0
