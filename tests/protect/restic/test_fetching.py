"""How restic is fetched where the way there is named in the file of variables, or in the environment."""

from __future__ import annotations

import datetime
import ipaddress
import os
import ssl
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID
from zagent.errors import CredentialsRefused, ResticUnavailable
from zagent.protect.restic import binary, credentials, fetching

from tests.protect.restic.test_binary import Releases, bin_folder, releases

__all__ = ["bin_folder", "releases"]

ELSEWHERE = "releases.example"
NOWHERE = "http://127.0.0.1:1"
"""Nobody listens there."""


@pytest.fixture(autouse=True)
def file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The file of variables, with nothing in it; nor has the environment a say."""
    for name in [*fetching.CERTIFICATES, *(one for one in os.environ if one.lower().endswith("_proxy"))]:
        monkeypatch.delenv(name, raising=False)
    path = tmp_path / "backup.env"
    monkeypatch.setattr(credentials, "BACKUP_ENV", path)
    path.write_text("")
    path.chmod(0o600)
    return path


@pytest.mark.parametrize("name", ["http_proxy", "HTTP_PROXY"])
def test_through_the_proxy_that_the_file_names(
    file: Path, releases: Releases, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    """The name of the machine beyond is the proxy's to know."""
    file.write_text(f"{name}={releases.address}\n")
    monkeypatch.setenv(binary.MIRROR, f"http://{ELSEWHERE}")
    assert binary.obtain().path == binary.place()
    assert [one.partition("/v")[0] for one in releases.asked] == [f"http://{ELSEWHERE}"]


def test_also_to_what_is_encrypted(file: Path, releases: Releases, monkeypatch: pytest.MonkeyPatch) -> None:
    """As restic's own releases are; the proxy is asked for a tunnel, of which this one knows nothing."""
    file.write_text(f"https_proxy={releases.address}\n")
    monkeypatch.setenv(binary.MIRROR, f"https://{ELSEWHERE}")
    with pytest.raises(ResticUnavailable, match="Tunnel connection failed: 501"):
        binary.obtain()


def test_around_the_proxy_where_the_file_says_so(file: Path, releases: Releases) -> None:
    """Else it would fail."""
    file.write_text(f"http_proxy={NOWHERE}\n")
    with pytest.raises(ResticUnavailable):
        binary.obtain()
    file.write_text(f"http_proxy={NOWHERE}\nno_proxy=127.0.0.1\n")
    assert binary.obtain().path == binary.place()
    assert len(releases.asked) == 1


def test_what_the_environment_says_wins(file: Path, releases: Releases, monkeypatch: pytest.MonkeyPatch) -> None:
    """As it does for restic, be it that there is no proxy."""
    file.write_text(f"http_proxy={NOWHERE}\n")
    monkeypatch.setenv("http_proxy", "")
    assert binary.obtain().path == binary.place()
    assert len(releases.asked) == 1


@pytest.mark.parametrize(("environment", "file_s"), [("HTTP_PROXY", "http_proxy"), ("http_proxy", "HTTP_PROXY")])
def test_it_wins_however_either_is_spelled(
    file: Path, releases: Releases, monkeypatch: pytest.MonkeyPatch, environment: str, file_s: str
) -> None:
    """A proxy is the same in capitals and in small letters."""
    file.write_text(f"{file_s}={NOWHERE}\n")
    monkeypatch.setenv(environment, releases.address)
    monkeypatch.setenv(binary.MIRROR, f"http://{ELSEWHERE}")
    assert binary.obtain().path == binary.place()
    assert len(releases.asked) == 1


def test_of_the_files_variables_those_are_left_that_the_environment_does_not_set() -> None:
    """Other variables than proxies are what their letters say."""
    own = {"https_proxy": "a", "HTTP_PROXY": "b", "no_proxy": "c", "aws_region": "d", "AWS_KEY": "e"}
    environment = {"HTTPS_PROXY": "A", "http_proxy": "", "AWS_REGION": "D", "AWS_KEY": "E"}
    assert credentials.left(own, environment) == {"no_proxy": "c", "aws_region": "d"}


def test_capitals_win() -> None:
    """As they do for restic, which is Go; what is empty is none, and other variables are no proxies."""
    given = {"https_proxy": "small", "HTTPS_PROXY": "large", "NO_PROXY": "a,b", "http_proxy": "x", "HTTP_PROXY": ""}
    assert fetching.proxies({**given, "AWS_REGION": "y"}) == {"https": "large", "http": "x", "no": "a,b"}
    assert fetching.proxies({"http_proxy": "", "HTTP_PROXY": ""}) == {}


def test_a_file_that_can_not_be_used_is_told(file: Path, releases: Releases) -> None:
    """With its own remedy: nothing is asked for by another way than the one that it may name."""
    file.write_text("junk\n")
    with pytest.raises(CredentialsRefused):
        binary.obtain()
    assert releases.asked == []


def test_whose_certificates_the_file_names_is_believed(
    file: Path, releases: Releases, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """And nobody else whom the system does not know; where there are none it is said."""
    names = _certificate(tmp_path / "certificate.pem")
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(names)
    releases.socket = context.wrap_socket(releases.socket, server_side=True)
    monkeypatch.setenv(binary.MIRROR, f"https://127.0.0.1:{releases.server_port}")
    for said, why in (("", "CERTIFICATE_VERIFY_FAILED"), (f"SSL_CERT_FILE={tmp_path}/none\n", "No such file")):
        file.write_text(said)
        with pytest.raises(ResticUnavailable, match=why):
            binary.obtain()
    file.write_text(f"SSL_CERT_FILE={names}\n")
    assert binary.obtain().path == binary.place()


def _certificate(path: Path) -> Path:
    """One of 127.0.0.1, signed by itself, with its key."""
    key, name = ec.generate_private_key(ec.SECP256R1()), x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "test")])
    here = x509.SubjectAlternativeName([x509.IPAddress(ipaddress.ip_address("127.0.0.1"))])
    now, day = datetime.datetime.now(datetime.timezone.utc), datetime.timedelta(days=1)
    begun = x509.CertificateBuilder(name, name, key.public_key(), x509.random_serial_number(), now - day, now + day)
    made = begun.add_extension(here, critical=False).sign(key, hashes.SHA256())
    pem, plain = serialization.Encoding.PEM, serialization.NoEncryption()
    secret = key.private_bytes(pem, serialization.PrivateFormat.PKCS8, plain)
    path.write_bytes(secret + made.public_bytes(pem))
    return path
