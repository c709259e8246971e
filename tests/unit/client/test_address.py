"""What people write as the gateway's address, and what is refused."""

import pytest

from habar_client.address import gateway_url


@pytest.mark.parametrize(
    ("written", "meant"),
    [
        ("gateway.example", "https://gateway.example/api"),
        ("gateway.example:809", "https://gateway.example:809/api"),
        ("http://gateway.example:809", "http://gateway.example:809/api"),
        ("http://gateway.example/", "http://gateway.example/api"),
        ("https://gateway.example/api", "https://gateway.example/api"),
        ("https://gateway.example/api?", "https://gateway.example/api"),
        ("https://proxy.example/sms/in", "https://proxy.example/sms/in"),
        (" HTTP://gateway.example ", "http://gateway.example/api"),
        ("127.0.0.1:8090", "http://127.0.0.1:8090/api"),
        ("localhost:8090", "http://localhost:8090/api"),
        ("sms.localhost", "http://sms.localhost/api"),
        ("[::1]:8090", "http://[::1]:8090/api"),
        ("https://127.0.0.1:8090", "https://127.0.0.1:8090/api"),
        ("10.0.0.1:8090/api", "https://10.0.0.1:8090/api"),
    ],
)
def test_an_address_is_completed(written: str, meant: str) -> None:
    assert gateway_url(written) == meant


@pytest.mark.parametrize(
    ("written", "complaint"),
    [
        ("", "no host"),
        ("   ", "no host"),
        ("http://", "no host"),
        ("ftp://gateway.example", "http:// or https://"),
        ("https://gateway.example/api?xml=1", "no query"),
        ("https://gateway.example/#top", "no query and no fragment"),
        ("gateway.example:port", "port is wrong"),
        ("gateway.example:70000", "port is wrong"),
        ("https://[::1", "port is wrong"),
        ("two words.example", "white space"),
        ("https://gateway.example/a b", "white space"),
    ],
)
def test_what_is_no_address_is_refused(written: str, complaint: str) -> None:
    with pytest.raises(ValueError, match=complaint):
        gateway_url(written)


@pytest.mark.parametrize("tail", ["gateway.example", "gateway.example:port"])
def test_credentials_in_the_address_are_refused_and_not_quoted(tail: str) -> None:
    with pytest.raises(ValueError) as caught:
        gateway_url(f"https://shop:s3cret@{tail}")
    assert "s3cret" not in str(caught.value)
    assert caught.value.__cause__ is None
