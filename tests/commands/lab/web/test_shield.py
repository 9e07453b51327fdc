"""Hosts are read from requests strictly, and loopback is this machine only."""

import pytest

from beckn_conformance.commands.lab.web.shield import host_name, is_loopback


@pytest.mark.parametrize(
    ("host", "name"),
    [("a:1", "a"), ("[::1]:1", "::1"), ("A.example.", "a.example"), ("", None), ("a:b", None), ("a@b", None)],
)
def test_the_name_is_taken_from_a_host_header(host, name):
    assert host_name(host) == name


def test_only_addresses_of_this_machine_are_loopback():
    assert all(map(is_loopback, ("localhost", "127.0.0.1", "127.9.9.9", "::1")))
    assert not any(map(is_loopback, ("0.0.0.0", "::", "10.0.0.1", "localhost.example", "")))
