"""An operator's settings become its link's."""

import ssl
from pathlib import Path

import msgspec
import pytest
import trustme

from habar import operators as links
from habar.app.operators import link_settings
from habar.config import OperatorSettings

PLAIN = OperatorSettings(name="kcell", host="smsc.example", port=2775, system_id="habar")


def test_what_is_not_said_is_as_the_link_has_it() -> None:
    """Two lists of defaults that must not drift apart."""
    ours, theirs = (
        link_settings(7, PLAIN),
        links.OperatorSettings(7, "kcell", "smsc.example", 2775, "habar", ""),
    )
    assert ours == theirs


def test_everything_that_is_said_reaches_the_link() -> None:
    link = link_settings(
        7,
        OperatorSettings(
            name="kcell",
            host="smsc.example",
            port=2775,
            system_id="habar",
            password="s3cret",
            system_type="SMPP",
            binds=4,
            window=50,
            throughput=100,
            receipts=False,
            validity="absolute",
            enquire_link_seconds=1,
            response_seconds=2,
            reconnect_seconds=0.5,
            response_id_base="hex",
            receipt_id_base="decimal",
            receipt_timezone="Asia/Almaty",
        ),
    )
    assert (link.id, link.name, link.host, link.port) == (7, "kcell", "smsc.example", 2775)
    assert (link.system_id, link.password, link.system_type) == ("habar", "s3cret", "SMPP")
    assert (link.binds, link.window, link.throughput, link.receipts) == (
        4,
        50,
        100,
        links.ReceiptKind.NONE,
    )
    assert (link.enquire_link, link.response_timeout) == (1, 2)
    assert (link.reconnect_first, link.reconnect_last) == (0.5, 0.5)
    assert link.validity is links.Validity.ABSOLUTE
    assert link.quirks == links.Quirks(
        response_id=links.IdForm.HEX, receipt_id=links.IdForm.DECIMAL, receipt_zone="Asia/Almaty"
    )
    assert link.tls is None


@pytest.mark.parametrize("own", [False, True])
def test_tls_checks_the_operators_certificate(tmp_path: Path, own: bool) -> None:
    ca = tmp_path / "ca.pem"
    trustme.CA(organization_name="The Operator").cert_pem.write_to_path(str(ca))
    settings = msgspec.structs.replace(PLAIN, tls=True, tls_ca=str(ca) if own else "")
    context = link_settings(7, settings).tls
    assert context is not None
    assert context.verify_mode is ssl.CERT_REQUIRED
    assert context.check_hostname
    trusted = str(context.get_ca_certs())
    assert ("The Operator" in trusted) is own
    if own:
        assert len(context.get_ca_certs()) == 1
