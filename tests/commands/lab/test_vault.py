"""Declarations are stored encrypted, and only with the key that is kept from others."""

import stat

import pytest

from beckn_conformance.commands.lab.refusals import Conflict
from beckn_conformance.commands.lab.vault import Vault
from beckn_conformance.errors import UsageError

DECLARATION = {"signup_token": "token-of-signup", "gateway": {"name": "Ä"}}


def test_what_is_sealed_opens_with_the_same_key_only(tmp_path):
    sealed = Vault(tmp_path / "key").seal(DECLARATION, "g-1")

    assert b"token-of-signup" not in sealed
    assert Vault(tmp_path / "key").open(sealed, "g-1") == DECLARATION
    with pytest.raises(Conflict, match="cannot be read with this key; declare it again"):
        Vault(tmp_path / "other").open(sealed, "g-1")


@pytest.mark.parametrize("change", [lambda s: s[:-1], lambda s: b"", lambda s: bytes([s[0] ^ 1]) + s[1:]])
def test_what_was_changed_or_is_of_another_gateway_does_not_open(tmp_path, change):
    vault = Vault(tmp_path / "key")
    sealed = vault.seal(DECLARATION, "g-1")

    with pytest.raises(Conflict):
        vault.open(change(sealed), "g-1")
    with pytest.raises(Conflict):
        vault.open(sealed, "g-2")
    assert vault.seal(DECLARATION, "g-1") != sealed


def test_the_key_is_for_its_owner_only(tmp_path):
    path = tmp_path / "key"
    Vault(path)

    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    path.chmod(0o640)
    with pytest.raises(UsageError, match="can be read by others"):
        Vault(path)


def test_a_key_that_opens_nothing_is_refused_unless_the_right_one_was_lost(tmp_path):
    right, wrong = tmp_path / "right", tmp_path / "wrong"
    sealed = {"g-1": Vault(right).seal(DECLARATION, "g-1")}
    Vault(wrong)

    with pytest.raises(UsageError, match="wrong is not the key of this laboratory"):
        Vault(wrong, sealed)
    wrong.unlink()
    for _ in range(2):
        sealed["g-2"] = Vault(wrong, sealed).seal(DECLARATION, "g-2")
    assert Vault(right, sealed).open(sealed["g-1"], "g-1") == DECLARATION


@pytest.mark.parametrize("text", ["", "short", "A" * 43, "no base64!"])
def test_a_file_without_a_key_is_not_used(tmp_path, text):
    path = tmp_path / "key"
    path.write_text(text)
    path.chmod(0o600)

    with pytest.raises(UsageError, match="holds no key"):
        Vault(path)
    assert path.read_text() == text


def test_a_key_that_cannot_be_written_is_said_in_one_line(tmp_path):
    with pytest.raises(UsageError, match="cannot be written: No such file"):
        Vault(tmp_path / "none" / "key")
