"""The files that settings name: certificates, authorities, relative paths."""

from collections.abc import Callable
from pathlib import Path

import pytest
import trustme
from cryptography.hazmat.primitives import serialization

from habar.config import Settings

Faults = Callable[..., list[str]]
Read = Callable[..., Settings]
TLS = '[tls]\ncertificate = "cert.pem"\nkey = "key.pem"\n'
CA = 'tls = true\ntls_ca = "ca.pem"\n'


class TestKeeping:
    def test_no_text_outlives_its_message(self, faults: Faults) -> None:
        (fault,) = faults("[messages]\nkeep_days = 30\n[texts]\nkeep_days = 31\n")
        assert fault.startswith("[texts] keep_days: more than [messages] keep_days")

    @pytest.mark.parametrize(("messages", "texts"), [(0, 0), (0, 30), (30, 30), (30, 0), (30, 1)])
    def test_what_makes_sense(self, read: Read, messages: int, texts: int) -> None:
        settings = read(f"[messages]\nkeep_days = {messages}\n[texts]\nkeep_days = {texts}\n")
        assert (settings.messages.keep_days, settings.texts.keep_days) == (messages, texts)

    @pytest.mark.parametrize("days", ["-1", "36501", "1.5", '"30"'])
    def test_days_are_whole_and_not_without_end(self, faults: Faults, days: str) -> None:
        (fault,) = faults(f"[messages]\nkeep_days = {days}\n")
        assert "[messages] keep_days: expected a whole number of days from 0 to 36500" in fault


@pytest.mark.usefixtures("pair")
class TestCertificate:
    def test_paths_are_relative_to_the_file(
        self, read: Read, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        (tmp_path / "elsewhere").mkdir()
        monkeypatch.chdir(tmp_path / "elsewhere")
        settings = read(TLS)
        assert settings.tls is not None
        assert settings.tls.certificate == str(tmp_path / "cert.pem")
        assert settings.tls.key == str(tmp_path / "key.pem")

    def test_absolute_ones_stay(self, read: Read, tmp_path: Path) -> None:
        settings = read(TLS, HABAR_TLS_KEY=str(tmp_path / "key.pem"))
        assert settings.tls is not None
        assert settings.tls.key == str(tmp_path / "key.pem")

    def test_both_files_must_be_readable(self, faults: Faults, tmp_path: Path) -> None:
        (tmp_path / "cert.pem").unlink()
        (tmp_path / "key.pem").unlink()
        (tmp_path / "key.pem").mkdir()
        assert faults(TLS) == [
            f"[tls] certificate: cannot read {tmp_path}/cert.pem: No such file or directory",
            f"[tls] key: cannot read {tmp_path}/key.pem: Is a directory",
        ]

    @pytest.mark.parametrize("name", ["cert.pem", "key.pem"])
    def test_what_is_no_pem(self, faults: Faults, tmp_path: Path, name: str) -> None:
        (tmp_path / name).write_bytes(b"\x30\x82")
        (fault,) = faults(TLS)
        assert fault.startswith(f"[tls]: {tmp_path}/cert.pem and {tmp_path}/key.pem are not a PEM")

    def test_a_key_of_another_certificate(self, faults: Faults, tmp_path: Path) -> None:
        other = trustme.CA().issue_cert("other.example")
        other.private_key_pem.write_to_path(str(tmp_path / "key.pem"))
        (fault,) = faults(TLS)
        assert "(KEY_VALUES_MISMATCH)" in fault

    def test_an_encrypted_key_is_a_fault_and_asks_nobody(
        self, faults: Faults, pair: trustme.LeafCert, tmp_path: Path
    ) -> None:
        key = serialization.load_pem_private_key(pair.private_key_pem.bytes(), None)
        (tmp_path / "key.pem").write_bytes(
            key.private_bytes(
                serialization.Encoding.PEM,
                serialization.PrivateFormat.PKCS8,
                serialization.BestAvailableEncryption(b"s3cret"),
            )
        )
        (fault,) = faults(TLS)
        assert "unencrypted key" in fault


class TestAuthorities:
    def test_they_are_read_beside_the_file(self, read: Read, tmp_path: Path) -> None:
        trustme.CA().cert_pem.write_to_path(str(tmp_path / "ca.pem"))
        assert read(CA).operators[0].tls_ca == str(tmp_path / "ca.pem")

    def test_the_file_must_be_there(self, faults: Faults, tmp_path: Path) -> None:
        path = tmp_path / "ca.pem"
        assert faults(CA) == [
            f"[[operators]] kcell tls_ca: cannot read {path}: No such file or directory"
        ]

    def test_it_must_hold_certificates(self, faults: Faults, tmp_path: Path) -> None:
        path = tmp_path / "ca.pem"
        path.write_text("nothing")
        assert faults(CA) == [f"[[operators]] kcell tls_ca: {path}: no PEM certificates"]

    def test_without_tls_they_would_mislead(self, faults: Faults) -> None:
        assert faults('tls_ca = "ca.pem"') == [
            "[[operators]] kcell tls_ca: of no use without tls = true"
        ]
