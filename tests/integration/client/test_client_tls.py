"""Both clients over https: whom they trust."""

import ssl
import warnings
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import trustme

from habar_client import TransportError

BALANCE = "<balance><amount>1</amount></balance>"


@pytest.fixture
def authority() -> trustme.CA:
    return trustme.CA()


@pytest.fixture
def gateway(authority: trustme.CA, request: pytest.FixtureRequest, plain: Any) -> Iterator[Any]:
    """In place of the plain one: with a certificate for the name that a test sets, or its own."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    name = getattr(request, "param", "127.0.0.1")
    authority.issue_cert(name).configure_cert(context)
    gateway = type(plain)(context)
    yield gateway
    gateway.close()


@pytest.fixture
def ca(authority: trustme.CA, tmp_path: Path) -> Path:
    path = tmp_path / "ca.pem"
    authority.cert_pem.write_to_path(path)
    return path


def test_the_sandboxs_certificate_is_trusted_when_it_is_given(
    gateway: Any, shell: Any, ca: Path
) -> None:
    gateway.answers(gateway.package(BALANCE))
    assert shell.call("balance", settings={"ca": ca}).amount == 1


def test_a_stranger_is_not_told_the_password(gateway: Any, shell: Any) -> None:
    with pytest.raises(TransportError, match=r"certificate .* is not trusted") as caught:
        shell.call("balance")
    assert not caught.value.unknown
    assert gateway.requests == []


@pytest.mark.parametrize("gateway", ["elsewhere.example"], indirect=True)
def test_nor_is_another_host(gateway: Any, shell: Any, ca: Path) -> None:
    with pytest.raises(TransportError, match=r"certificate .* is not trusted"):
        shell.call("balance", settings={"ca": ca})
    assert gateway.requests == []


def test_who_trusts_everybody_says_so(gateway: Any, shell: Any) -> None:
    gateway.answers(gateway.package(BALANCE))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # urllib3 says at each request that this is unsafe
        assert shell.call("balance", settings={"verify": False}).amount == 1


def test_a_gateway_without_tls(plain: Any, shell: Any) -> None:
    https = plain.url.replace("http:", "https:")
    with pytest.raises(TransportError, match=r"does not speak TLS.* write http://") as caught:
        shell.call("balance", settings={"url": https})
    assert not caught.value.unknown
