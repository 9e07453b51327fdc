"""A certificate that a stranger has written and signed is read or refused, whatever stands in it."""

import datetime

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from beckn_conformance.commands.certificate import statement
from beckn_conformance.commands.certificate.examination import Wanted, examine
from beckn_conformance.errors import UsageError
from beckn_conformance.specification.loading import load
from tests import changed_schemas

FINE = "2026-01-01T00:00:00+00:00"
DIGEST = "0" * 64
PREDICATE = {
    "verdict": "conformant",
    "waived": {},
    "class": "core",
    "gateway": dict.fromkeys(("url", "name", "vendor", "version", "binding"), ""),
    "requirements": {},
    "findings": [],
    "kit": {"name": "beckn-conformance", "version": "", "digest": DIGEST},
    "specification": {"title": "", "source": "", "digest": DIGEST},
    "catalogue": DIGEST,
    "configuration": DIGEST,
    "waivers": [],
    "run": {"id": "", "seed": 1, "exchanges": 1, "started": FINE, "finished": FINE},
    "record": {"exchanges": DIGEST, "course": DIGEST},
    "examples": 1,
    "masked": [],
    "tests": {"count": 1, "sha256": DIGEST},
    "issued": FINE,
    "expires": FINE,
}


def written(folder, **changes):
    """Writes a certificate, and returns the key that it is signed with."""
    key = Ed25519PrivateKey.generate()
    said = {"_type": statement.STATEMENT, "subject": [], "predicateType": statement.PREDICATE}
    (folder / statement.NAME).write_text(statement.sign({**said, "predicate": {**PREDICATE, **changes}}, key))
    return key.public_key()


def opened(folder, **changes):
    assert statement.opened(folder, written(folder, **changes))[1] == []


@pytest.mark.parametrize("name", ["issued", "expires", "started", "finished"])
@pytest.mark.parametrize(
    "time", ["9999-12-31T23:59:59-14:00", "0001-01-01T00:00:00+14:00", "9999-12-31T23:59:59+00:00", FINE[:-6]]
)
def test_a_time_that_cannot_be_compared_is_none(tmp_path, name, time):
    opened(tmp_path)

    with pytest.raises(UsageError, match="is not a certificate"):
        opened(tmp_path, **({name: time} if name in PREDICATE else {"run": {**PREDICATE["run"], name: time}}))


@pytest.mark.parametrize("change", [{"verdict": "fine"}, {"gateway": {}}, {"more": 1}, {"catalogue": "x"}])
def test_a_certificate_of_another_form_is_none(tmp_path, change):
    with pytest.raises(UsageError, match=r"certificate\.json is not a certificate: predicate"):
        opened(tmp_path, **change)


def test_what_is_conformant_by_a_waiver_only_is_not_called_conformant(tmp_path):
    key = written(tmp_path, waived={"MUST": ["SIGNUP-NACK-PHONE"]})

    def unmet(**wanted):
        now = datetime.datetime.fromisoformat(FINE)
        return examine(tmp_path, key, load(), now=now, wanted=Wanted(conformant=True, **wanted)).unmet

    assert unmet() == ()
    assert unmet(waivers=False) == ("it is conformant, 1 MUST waived, not conformant without waivers",)


def test_a_copy_of_the_schemas_does_not_say_what_a_certificate_is(tmp_path):
    copy = changed_schemas.copied(tmp_path / "schemas")
    nothing = {"type": "null"}
    changed_schemas.changed(copy, "certificate.json", lambda schema: schema.update(properties={"subject": nothing}))
    now = datetime.datetime.fromisoformat(FINE)

    found = examine(tmp_path, written(tmp_path), load(copy), now=now)

    assert "report.json is not covered" in found.problems


def test_a_file_instead_of_a_certified_folder_is_named(tmp_path):
    path = tmp_path / "uncertified.zip"
    path.touch()

    with pytest.raises(UsageError, match=r"uncertified\.zip holds no certificate\.json: its run was not certified"):
        statement.opened(path, Ed25519PrivateKey.generate().public_key())
