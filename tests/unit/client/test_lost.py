"""Faults of the network, in words and with what they mean."""

import ssl
from pathlib import Path

import pytest

from habar_client.lost import by_tls, os_words
from habar_client.tls import tls_context

URL = "https://gateway.example/api"


def test_a_certificate_that_is_not_trusted() -> None:
    error = ssl.SSLCertVerificationError(1, "verify failed")
    error.verify_message = "self-signed certificate"
    lost = by_tls(URL, error)
    assert (lost.posted, lost.passing) == (False, False)
    assert lost.words == f"the certificate of {URL} is not trusted: self-signed certificate"


def test_a_server_without_tls() -> None:
    error = ssl.SSLError(1, "x")
    error.reason = "WRONG_VERSION_NUMBER"
    lost = by_tls(URL, error)
    assert (lost.posted, lost.passing) == (False, False)
    assert "write http://" in lost.words


@pytest.mark.parametrize("error", [None, ssl.SSLError(1, "x"), ValueError("x")])
def test_of_another_fault_in_tls_nobody_knows(error: Exception | None) -> None:
    assert by_tls(URL, error).posted


def test_the_systems_words_are_found_under_the_librarys() -> None:
    outer = ValueError("outer")
    outer.__cause__ = ConnectionRefusedError(111, "Connection refused")
    assert os_words(outer) == "Connection refused"
    assert os_words(ValueError("alone")) == "no connection"
    assert os_words(None) == "no connection"


def test_errors_that_hold_one_another_are_no_trap() -> None:
    one, other = ValueError("one"), ValueError("other")
    one.__cause__, other.__cause__ = other, one
    assert os_words(one) == "no connection"


def test_certificates_are_checked_unless_told_otherwise() -> None:
    assert tls_context(None, verify=True).verify_mode is ssl.CERT_REQUIRED
    careless = tls_context(None, verify=False)
    assert (careless.verify_mode, careless.check_hostname) == (ssl.CERT_NONE, False)


def test_a_file_of_certificates_that_cannot_be_used(tmp_path: Path) -> None:
    missing = tmp_path / "missing.pem"
    with pytest.raises(ValueError, match=r"missing\.pem: No such file"):
        tls_context(missing, verify=True)
    other = tmp_path / "other.pem"
    other.write_text("not a certificate")
    with pytest.raises(ValueError, match=r"other\.pem: no PEM certificates"):
        tls_context(other, verify=True)


def test_to_trust_some_and_everybody_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="one of them"):
        tls_context(tmp_path / "ca.pem", verify=False)
