"""Accounts are kept in a file that holds no token."""

import json
import stat
from concurrent.futures import ThreadPoolExecutor

import pytest

from beckn_conformance.commands.lab.accounts import Accounts
from beckn_conformance.errors import UsageError


@pytest.fixture
def path(tmp_path):
    return tmp_path / "accounts.json"


@pytest.fixture
def accounts(path):
    accounts = Accounts(path)
    accounts.add("chief", "officer")
    return accounts


def test_a_token_opens_its_account_only(accounts):
    token = accounts.add("acme", "vendor")

    assert accounts.with_token(token).name == "acme"
    assert not accounts.with_token(token).officer
    assert accounts.with_token(token + "x") is None
    assert accounts.with_token("") is None


def test_the_file_holds_hashes_and_is_for_its_owner_only(accounts, path):
    token = accounts.add("acme", "vendor")

    assert token not in path.read_text(encoding="utf-8")
    assert stat.S_IMODE(path.stat().st_mode) == 0o600


def test_another_process_s_change_is_seen_at_once(accounts, path):
    token = Accounts(path).add("acme", "vendor")
    assert accounts.with_token(token).name == "acme"

    Accounts(path).remove("acme")

    assert accounts.with_token(token) is None


def test_a_renewed_token_replaces_the_old_one(accounts):
    old = accounts.add("acme", "vendor")
    new = accounts.renew("acme")

    assert accounts.with_token(old) is None
    assert accounts.with_token(new).role == "vendor"


def test_accounts_added_at_once_are_all_kept(accounts, path):
    names = [f"vendor-{number}" for number in range(12)]
    with ThreadPoolExecutor(4) as pool:
        list(pool.map(lambda name: Accounts(path).add(name, "vendor"), names))

    assert accounts.present().keys() == {"chief", *names}


@pytest.mark.parametrize("name", ["", "a b", "../a", "<b>", "a" * 65, "-a", "é", "a\n"])
def test_a_name_that_could_mean_something_else_is_refused(accounts, name):
    with pytest.raises(UsageError, match="not a name for an account"):
        accounts.add(name, "vendor")


def test_two_names_never_differ_by_capitals_only(accounts):
    with pytest.raises(UsageError, match="already"):
        accounts.add("Chief", "vendor")


def test_the_last_officer_stays(accounts):
    with pytest.raises(UsageError, match="last officer"):
        accounts.remove("chief")

    accounts.add("deputy", "officer")
    accounts.remove("chief")
    assert [*accounts.present()] == ["deputy"]


def test_the_name_of_a_removed_account_is_not_used_again(accounts, path):
    accounts.add("acme", "vendor")
    accounts.remove("acme")

    for name in ("acme", "ACME"):
        with pytest.raises(UsageError, match="there was an account"):
            Accounts(path).add(name, "vendor")


@pytest.mark.parametrize(
    "content",
    [
        "[]",
        "{",
        json.dumps({"accounts": [{"name": "a", "role": "root", "token": "0" * 64}]}),
        json.dumps({"accounts": [{"name": "a", "role": "vendor", "token": ""}]}),
        json.dumps({"accounts": [{"name": "<b>", "role": "vendor", "token": "0" * 64}]}),
    ],
)
def test_a_file_of_something_else_is_refused(path, content):
    path.write_text(content, encoding="utf-8")

    with pytest.raises(UsageError, match=r"accounts\.json"):
        Accounts(path).present()
