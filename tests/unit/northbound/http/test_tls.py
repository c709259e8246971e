"""The sandbox's certificate and the listener's context."""

from __future__ import annotations

import ssl
import stat
from datetime import UTC, datetime, timedelta

import pytest
from cryptography import x509

from habar.northbound.http.tls import sandbox_certificate, server_context

NOW = datetime(2026, 3, 1, tzinfo=UTC)


def test_it_is_made_at_first_and_kept_after(tmp_path):
    made = sandbox_certificate(tmp_path / "data", NOW)
    first = made.bundle.read_bytes()
    assert sandbox_certificate(tmp_path / "data", NOW + timedelta(days=300)) == made
    assert made.bundle.read_bytes() == first
    assert sorted(path.name for path in (tmp_path / "data").iterdir()) == [
        "tls-certificate.pem",
        "tls.pem",
    ]


def test_the_key_is_its_owner_s_only_and_not_in_the_public_file(tmp_path):
    made = sandbox_certificate(tmp_path, NOW)
    assert stat.S_IMODE(made.bundle.stat().st_mode) == 0o600
    assert b"PRIVATE KEY" in made.bundle.read_bytes()
    assert b"PRIVATE KEY" not in made.certificate.read_bytes()
    assert made.certificate.read_bytes() in made.bundle.read_bytes()


def test_it_is_for_this_machine(tmp_path):
    octets = sandbox_certificate(tmp_path, NOW).certificate.read_bytes()
    certificate = x509.load_pem_x509_certificate(octets)
    names = certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    assert names.get_values_for_type(x509.DNSName) == ["localhost"]
    addresses = [str(each) for each in names.get_values_for_type(x509.IPAddress)]
    assert addresses == ["127.0.0.1", "::1"]
    assert certificate.not_valid_before_utc < NOW < certificate.not_valid_after_utc


@pytest.mark.parametrize("later", [timedelta(days=-2), timedelta(days=391), timedelta(days=900)])
def test_it_is_remade_when_it_is_not_valid(tmp_path, later):
    first = sandbox_certificate(tmp_path, NOW).certificate.read_bytes()
    assert sandbox_certificate(tmp_path, NOW + later).certificate.read_bytes() != first


@pytest.mark.parametrize("rubbish", [b"", b"rubbish"])
def test_it_is_remade_when_it_cannot_be_read(tmp_path, rubbish):
    made = sandbox_certificate(tmp_path, NOW)
    made.bundle.write_bytes(rubbish)
    assert server_context(sandbox_certificate(tmp_path, NOW).bundle)


def test_it_is_remade_when_its_key_is_missing(tmp_path):
    made = sandbox_certificate(tmp_path, NOW)
    made.bundle.write_bytes(made.certificate.read_bytes())
    assert b"PRIVATE KEY" in sandbox_certificate(tmp_path, NOW).bundle.read_bytes()


def test_the_public_file_is_made_good(tmp_path):
    made = sandbox_certificate(tmp_path, NOW)
    public = made.certificate.read_bytes()
    made.certificate.unlink()
    assert sandbox_certificate(tmp_path, NOW).certificate.read_bytes() == public


def test_the_context_begins_at_tls_1_2(tmp_path):
    context = server_context(sandbox_certificate(tmp_path, NOW).bundle)
    assert context.minimum_version == ssl.TLSVersion.TLSv1_2
    assert context.verify_mode == ssl.CERT_NONE


def test_certificate_and_key_may_be_two_files(tmp_path):
    made = sandbox_certificate(tmp_path, NOW)
    assert server_context(made.certificate, made.bundle)


def test_files_that_cannot_be_used_are_told(tmp_path):
    with pytest.raises(FileNotFoundError):
        server_context(tmp_path / "none.pem")
    (tmp_path / "rubbish.pem").write_text("rubbish")
    with pytest.raises(ssl.SSLError):
        server_context(tmp_path / "rubbish.pem")
    one, other = tmp_path / "one", tmp_path / "other"
    with pytest.raises(ssl.SSLError):
        server_context(
            sandbox_certificate(one, NOW).certificate, sandbox_certificate(other, NOW).bundle
        )
