"""Time zones, paths and certificates of the machine are used, and a missing or unusable one is named."""

import datetime
import re
import sys
import zoneinfo
from pathlib import Path

import certifi
import pytest
from cryptography import x509
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ed25519

from beckn_conformance.client.client import Client
from beckn_conformance.config.paths import path_of
from beckn_conformance.errors import UsageError
from tests.config.configurations import declared


@pytest.fixture
def no_time_zones(monkeypatch):
    """A machine without time zone data, such as Windows or a small container."""
    monkeypatch.setitem(sys.modules, "tzdata", None)
    zoneinfo.ZoneInfo.clear_cache()
    zoneinfo.reset_tzpath(to=())
    yield
    zoneinfo.reset_tzpath()


@pytest.mark.usefixtures("no_time_zones")
def test_utc_needs_no_time_zone_data():
    gateway = Client(declared(timestamp_zone="UTC"))

    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d", gateway.timestamp())


@pytest.mark.usefixtures("no_time_zones")
def test_missing_time_zone_data_is_named_with_its_package():
    with pytest.raises(UsageError, match=r"timestamp_zone: this machine has no time zone data .* pip install tzdata"):
        declared(timestamp_zone="Asia/Kolkata")


def test_paths_may_begin_at_home(tmp_path, monkeypatch):
    monkeypatch.setenv("HOME", str(tmp_path))
    (tmp_path / "ca.pem").write_text(Path(certifi.where()).read_text())

    assert declared(tls={"ca": "~/ca.pem"}).tls == {"ca": "~/ca.pem"}
    assert path_of("~/x/y") == tmp_path / "x" / "y"
    assert path_of("~nobody-at-all/x") == Path("~nobody-at-all/x")


def test_an_encrypted_key_is_refused_without_a_prompt(tmp_path):
    key = ed25519.Ed25519PrivateKey.generate()
    locked = serialization.BestAvailableEncryption(b"secret")
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "client")])
    now = datetime.datetime.now(datetime.UTC)
    certificate = (
        x509.CertificateBuilder(name, name, key.public_key(), x509.random_serial_number())
        .not_valid_before(now)
        .not_valid_after(now + datetime.timedelta(days=1))
        .sign(key, None)
    )
    pem = serialization.Encoding.PEM
    content = key.private_bytes(pem, serialization.PrivateFormat.PKCS8, locked) + certificate.public_bytes(pem)
    (tmp_path / "client.pem").write_bytes(content)

    with pytest.raises(UsageError, match=r"tls.client_cert: the private key in '.*client.pem' is encrypted"):
        declared(tls={"client_cert": str(tmp_path / "client.pem")})


@pytest.mark.parametrize("key", ["ca", "client_cert"])
def test_a_file_that_is_no_certificate_is_refused(tmp_path, key):
    (tmp_path / "some.pem").write_text("no certificate")

    with pytest.raises(UsageError, match=rf"tls\.{key}: .*some\.pem"):
        declared(tls={key: str(tmp_path / "some.pem")})
