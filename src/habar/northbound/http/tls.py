"""TLS for the listener: a context from the operator's files, or a certificate of the sandbox's own.

Guarantees: TLS 1.2 at least; the sandbox's key is readable by its owner only, and key and
certificate are written in one step, so that they always belong together.
Does not know: how a connection is told to be TLS (door.py).
"""

from __future__ import annotations

import ipaddress
import os
import ssl
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

_VALID_FOR = timedelta(days=397)
_REMADE_BEFORE_END = timedelta(days=7)
_USAGE = x509.KeyUsage(
    digital_signature=True,
    key_cert_sign=True,  # it is its own authority, and strict clients want that said
    crl_sign=False,
    content_commitment=False,
    key_encipherment=False,
    data_encipherment=False,
    key_agreement=False,
    encipher_only=False,
    decipher_only=False,
)


@dataclass(frozen=True, slots=True)
class SandboxCertificate:
    """`bundle`: key and certificate, mode 0600; `certificate`: the public half, to be trusted."""

    bundle: Path
    certificate: Path


def server_context(certificate: Path, key: Path | None = None) -> ssl.SSLContext:
    """Make the listener's context from PEM files. Raises OSError or ssl.SSLError."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    context.set_alpn_protocols(["http/1.1"])
    context.options |= ssl.OP_NO_RENEGOTIATION
    context.load_cert_chain(certificate, key)
    return context


def sandbox_certificate(folder: Path, now: datetime) -> SandboxCertificate:
    """Give the sandbox's certificate in `folder`; make it where none is there or it runs out.

    Raises OSError where the folder cannot be written.
    """
    files = SandboxCertificate(folder / "tls.pem", folder / "tls-certificate.pem")
    public = _usable(files.bundle, now)
    if public is None:
        key = ec.generate_private_key(ec.SECP256R1())
        public = _self_signed(key, now).public_bytes(serialization.Encoding.PEM)
        private = key.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        )
        _replace(files.bundle, private + public, 0o600)
    if not files.certificate.exists() or files.certificate.read_bytes() != public:
        _replace(files.certificate, public, 0o644)
    return files


def _usable(bundle: Path, now: datetime) -> bytes | None:
    """The certificate in `bundle` as PEM, if it can be read and is valid for a while yet."""
    if not bundle.exists():
        return None
    octets = bundle.read_bytes()
    try:
        certificate = x509.load_pem_x509_certificate(octets)
        serialization.load_pem_private_key(octets, None)
    except ValueError:
        return None
    starts, ends = certificate.not_valid_before_utc, certificate.not_valid_after_utc
    if not starts <= now <= ends - _REMADE_BEFORE_END:
        return None
    return certificate.public_bytes(serialization.Encoding.PEM)


def _self_signed(key: ec.EllipticCurvePrivateKey, now: datetime) -> x509.Certificate:
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "Habar sandbox")])
    addresses = [x509.IPAddress(ipaddress.ip_address(text)) for text in ("127.0.0.1", "::1")]
    builder = (
        x509.CertificateBuilder(name, name, key.public_key(), x509.random_serial_number())
        .not_valid_before(now - timedelta(hours=1))
        .not_valid_after(now + _VALID_FOR)
        .add_extension(
            x509.SubjectAlternativeName([x509.DNSName("localhost"), *addresses]), critical=False
        )
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .add_extension(_USAGE, critical=True)
        .add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH]), critical=False)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
        .add_extension(
            x509.AuthorityKeyIdentifier.from_issuer_public_key(key.public_key()), critical=False
        )
    )
    return builder.sign(key, hashes.SHA256())


def _replace(path: Path, octets: bytes, mode: int) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    draft = path.with_name(f".{path.name}.{os.getpid()}")
    draft.unlink(missing_ok=True)
    descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, mode)
    with os.fdopen(descriptor, "wb") as file:
        file.write(octets)
        file.flush()
        os.fsync(file.fileno())
    draft.replace(path)
