"""A certificate that a stranger has written and signed is read or refused, whatever stands in it."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from beckn_conformance.commands.certificate import statement
from beckn_conformance.errors import UsageError

FINE = "2026-01-01T00:00:00+00:00"


def opened(folder, **times: str) -> None:
    anything: Any = SimpleNamespace(files={"certificate.json": {}})
    key = Ed25519PrivateKey.generate()
    said = {"issued": FINE, "expires": FINE, **times}
    run = {name: said.get(name, FINE) for name in ("started", "finished")}
    predicate = {"issued": said["issued"], "expires": said["expires"], "run": run}
    (folder / statement.NAME).write_text(statement.sign({"predicate": predicate}, key))
    assert statement.opened(folder, key.public_key(), anything)[1] == []


@pytest.mark.parametrize("name", ["issued", "expires", "started", "finished"])
@pytest.mark.parametrize(
    "time", ["9999-12-31T23:59:59-14:00", "0001-01-01T00:00:00+14:00", "9999-12-31T23:59:59+00:00", FINE[:-6]]
)
def test_a_time_that_cannot_be_compared_is_none(tmp_path, name, time):
    opened(tmp_path)

    with pytest.raises(UsageError, match="is no certificate"):
        opened(tmp_path, **{name: time})


def test_a_file_instead_of_a_certified_folder_is_named(tmp_path):
    path = tmp_path / "uncertified.zip"
    path.touch()

    with pytest.raises(UsageError, match=r"uncertified\.zip holds no certificate\.json: its run was not certified"):
        statement.opened(path, Ed25519PrivateKey.generate().public_key(), SimpleNamespace())
