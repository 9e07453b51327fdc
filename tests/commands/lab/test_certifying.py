"""A run is certified on a page, downloaded, and verified on the page of another laboratory."""

import io
import zipfile

import pytest

from beckn_conformance.commands.certificate import keys
from tests.commands.lab.browsers import website
from tests.commands.lab.laboratories import OFFICER, begun, entered, over

pytestmark = pytest.mark.long


@pytest.fixture(scope="module")
def certified(tmp_path_factory):
    """What was downloaded of a certified whole run, and the public key as the laboratory shows it."""
    folder = tmp_path_factory.mktemp("issuer")
    keys.generate(folder / "lab.key")
    with website(folder, key=folder / "lab.key") as site:
        run = begun(site.laboratory, OFFICER, entered(site.laboratory, OFFICER, "reference"))
        assert over(site.laboratory, run).verdict == "conformant"
        olga = site.browser("olga")
        reply = olga.send(f"/runs/{run}/certify", {"days": "30"}, page=f"/runs/{run}")
        assert reply.headers["location"] == f"/runs/{run}#certificate"
        assert "Issued" in olga.read(f"/runs/{run}")
        yield olga.get(f"/runs/{run}/report.zip").content, site.browser().read("/lab.pub")


@pytest.fixture
def verify(certified, site):
    alice = site.browser("alice")

    def send(content, key=certified[1], name="report.zip"):
        return alice.send("/verify", {"key": key}, page="/verify", files={"file": (name, content)})

    return send


def test_a_download_holds_elsewhere(certified, verify):
    page = verify(certified[0]).text

    assert "It holds" in page
    assert "is conformant (core)" in page


def test_a_certificate_alone_needs_its_files_and_its_signature(certified, verify, tmp_path):
    with zipfile.ZipFile(io.BytesIO(certified[0])) as archive:
        alone = archive.read("certificate.json")

    assert "Its files are needed" in verify(alone, name="certificate.json").text
    keys.generate(tmp_path / "other")
    forged = verify(alone, key=(tmp_path / "other.pub").read_text(), name="certificate.json").text
    assert "It does not hold" in forged
    assert "is conformant" not in forged


def test_the_key_of_somebody_else_is_no_key_for_it(certified, verify, tmp_path):
    keys.generate(tmp_path / "other")

    page = verify(certified[0], key=(tmp_path / "other.pub").read_text()).text
    assert "It does not hold" in page
    assert "the signature is not of this key" in page
    assert 'id="key-error"' in verify(certified[0], key="nothing").text
