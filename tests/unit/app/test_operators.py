"""An operator's settings become its link's."""

import dataclasses
import re
import ssl
from collections.abc import Callable
from pathlib import Path
from typing import Any

import msgspec
import pytest
import trustme

from habar import operators as links
from habar.app.operators import link_settings
from habar.config import ConfigError, GroupSettings, OperatorSettings, profiles
from habar.config.fields import fields
from habar.operators.quirks import ELSEWHERE, THROTTLE

WHO: dict[str, Any] = {"name": "kcell", "host": "smsc.example", "port": 2775, "system_id": "habar"}
PLAIN = OperatorSettings(**WHO)
Reads = Callable[[links.OperatorSettings], object]


def made(**said: Any) -> links.OperatorSettings:
    return link_settings(7, OperatorSettings(**{**WHO, **said}))


def test_what_is_not_said_is_as_the_link_has_it() -> None:
    """Two lists of defaults that must not drift apart."""
    theirs = links.OperatorSettings(7, "kcell", "smsc.example", 2775, "habar", "")
    assert link_settings(7, PLAIN) == theirs


CASES: dict[str, tuple[Any, Reads, object]] = {
    "name": ("beeline", lambda x: x.name, "beeline"),
    "host": ("other.example", lambda x: x.host, "other.example"),
    "port": (2776, lambda x: x.port, 2776),
    "system_id": ("other", lambda x: x.system_id, "other"),
    "password": ("s3cret", lambda x: x.password, "s3cret"),
    "system_type": ("SMPP", lambda x: x.system_type, "SMPP"),
    "interface_version": ("3.3", lambda x: x.interface_version, 0x33),
    "address_range": ("^77", lambda x: x.address_range, "^77"),
    "address_numbering": ("1/8", lambda x: (x.address_ton, x.address_npi), (1, 8)),
    "binds": (4, lambda x: (x.binds, x.bind, x.groups), (4, links.BindKind.TRANSCEIVER, ())),
    "groups": (
        (
            GroupSettings(kind="transmitter", count=2, host="h", port=1, system_id="s"),
            GroupSettings(kind="receiver", password="p", system_type="t", address_range="a"),
        ),
        lambda x: (x.binds, x.groups),
        (
            3,
            (
                links.BindGroup(links.BindKind.TRANSMITTER, 2, "h", 1, "s"),
                links.BindGroup(
                    links.BindKind.RECEIVER, 1, password="p", system_type="t", address_range="a"
                ),
            ),
        ),
    ),
    "in_order": (True, lambda x: x.in_order, True),
    "service_type": ("CMT", lambda x: x.service_type, "CMT"),
    "alphanumeric": ("5/1", lambda x: x.alphanumeric, links.Numbering(5, 1)),
    "short_code": ("6/9", lambda x: x.short_code, links.Numbering(6, 9)),
    "number": ("2/8", lambda x: x.number, links.Numbering(2, 8)),
    "destination": ("2/1", lambda x: x.destination, links.Numbering(2, 1)),
    "window": (50, lambda x: x.window, 50),
    "throughput": (100, lambda x: x.throughput, 100),
    "enquire_link_seconds": (1.0, lambda x: x.enquire_link, 1.0),
    "response_seconds": (2.0, lambda x: x.response_timeout, 2.0),
    "connect_seconds": (3.0, lambda x: x.connect_timeout, 3.0),
    "reconnect_seconds": (0.5, lambda x: (x.reconnect_first, x.reconnect_last), (0.5, 0.5)),
    "long_text": ("payload", lambda x: x.long_text, links.LongText.PAYLOAD),
    "alphabet": ("latin-1", lambda x: x.alphabet, links.Alphabet.LATIN1),
    "cyrillic": ("iso-8859-5", lambda x: x.cyrillic, links.Cyrillic.ISO_8859_5),
    "data_coding_default": (1, lambda x: x.data_codings.default, 1),
    "data_coding_ucs2": (2, lambda x: x.data_codings.ucs2, 2),
    "data_coding_cyrillic": (3, lambda x: x.data_codings.cyrillic, 3),
    "data_coding_flash": (4, lambda x: x.data_codings.flash_default, 4),
    "data_coding_flash_ucs2": (5, lambda x: x.data_codings.flash_ucs2, 5),
    "priority_flag": (3, lambda x: x.urgent_priority_flag, 3),
    "validity": ("absolute", lambda x: x.validity, links.Validity.ABSOLUTE),
    "max_validity_seconds": (60.0, lambda x: x.max_validity, 60.0),
    "timezone": ("Asia/Almaty", lambda x: x.zone, "Asia/Almaty"),
    "receipts": ("message", lambda x: x.receipts, links.ReceiptKind.MESSAGE),
    "registered_delivery": (17, lambda x: x.registered_delivery, 17),
    "receipt_grace_seconds": (5.0, lambda x: x.receipt_grace, 5.0),
    "receipt_timezone": ("Asia/Oral", lambda x: x.quirks.receipt_zone, "Asia/Oral"),
    "receipt_source": ("tlv", lambda x: x.quirks.receipt_source, links.ReceiptSource.TLV),
    "receipt_pattern": (
        "(?P<id>.)(?P<stat>.)",
        lambda x: x.quirks.receipt_pattern,
        re.compile("(?P<id>.)(?P<stat>.)"),
    ),
    "receipt_states": (
        {"OK": "DELIVERED", "BAD": "UNDELIVERABLE"},
        lambda x: x.quirks.receipt_states,
        {"OK": 2, "BAD": 5},
    ),
    "response_id_base": ("hex", lambda x: x.quirks.response_id, links.IdForm.HEX),
    "receipt_id_base": ("decimal", lambda x: x.quirks.receipt_id, links.IdForm.DECIMAL),
    "guess_ids": (True, lambda x: x.quirks.guess_ids, True),
    "slow_codes": (("0x00000400",), lambda x: x.quirks.verdict(0x400), links.Verdict.THROTTLED),
    "wait_codes": (("0x00000400",), lambda x: x.quirks.verdict(0x400), links.Verdict.PASSING),
    "reroute_codes": (("0x00000400",), lambda x: x.quirks.verdict(0x400), links.Verdict.ELSEWHERE),
    "give_up_codes": (("ESME_RSYSERR",), lambda x: x.quirks.verdict(8), links.Verdict.PERMANENT),
    "unlisted_codes": ("wait", lambda x: x.quirks.verdict(0x400), links.Verdict.PASSING),
    "error_texts": ({"001": "absent"}, lambda x: x.quirks.error_texts, {"001": "absent"}),
    "in_doubt": ("hold", lambda x: x.in_doubt, links.InDoubt.HOLD),
    "reference_tlv": (0x1400, lambda x: x.reference_tlv, 0x1400),
    "cancel": (True, lambda x: x.cancel, True),
    "when_down": ("fail-over", lambda x: x.when_down, links.WhenDown.FAIL_OVER),
    "fail_over_seconds": (3.0, lambda x: x.fail_over_after, 3.0),
}
"""A setting's value, where it is to be found in the link's settings, and as what."""
IN_FILES = {"password_file", "tls", "tls_ca", "tls_certificate", "tls_key"}
NOT_OF_THE_LINK = {"profile"}
"""Its values have come into the others before."""


@pytest.mark.parametrize("name", [*CASES])
def test_what_is_said_reaches_the_link(name: str) -> None:
    value, reads, found = CASES[name]
    assert reads(made(**{name: value})) == found
    assert reads(link_settings(7, PLAIN)) != found


def test_no_setting_is_forgotten() -> None:
    assert {*CASES, *IN_FILES, *NOT_OF_THE_LINK} == set(fields(OperatorSettings))


def test_nothing_of_the_link_is_out_of_reach() -> None:
    """Every field of the link's settings, its quirks and data_codings is changed by a setting."""
    said = [made(**{name: value}) for name, (value, _, _) in CASES.items()]
    said += [made(binds="1 receiver, 1 transmitter"), link_settings(8, PLAIN, enabled=False)]
    plain = link_settings(7, PLAIN)
    fixed = {"stable_after", "tls"}  # nobody's choice; and not compared: tested below
    for here, others in (
        (plain, said),
        (plain.quirks, [each.quirks for each in said]),
        (plain.data_codings, [each.data_codings for each in said]),
    ):
        for field in dataclasses.fields(here):
            before = getattr(here, field.name)
            assert field.name in fixed or any(
                getattr(each, field.name) != before for each in others
            ), field.name


def test_disabled_by_staff() -> None:
    assert link_settings(7, PLAIN).sends
    assert not link_settings(7, PLAIN, enabled=False).sends


@pytest.mark.parametrize(
    ("binds", "groups"),
    [
        ("2 transmitter, 1 receiver", [("transmitter", 2), ("receiver", 1)]),
        ("1 receiver, 1 transmitter, 1 receiver", [("receiver", 1), ("transmitter", 1)] * 2),
    ],
)
def test_binds_of_several_kinds(binds: str, groups: list[tuple[str, int]]) -> None:
    link = made(binds=binds)
    expected = [links.BindGroup(links.BindKind(kind), count) for kind, count in groups]
    assert link.groups == tuple(expected[: len(link.groups)])
    assert link.binds == 3


def test_binds_of_one_kind_are_no_groups() -> None:
    link = made(binds="2 transmitter", receipts="none")
    assert (link.bind, link.binds, link.groups) == (links.BindKind.TRANSMITTER, 2, ())


class TestCodes:
    def test_a_list_says_it_over_the_standing_ones(self) -> None:
        quirks = made(
            slow_codes=("ESME_RSYSERR",),
            wait_codes=("ESME_RTHROTTLED",),
            reroute_codes=("ESME_RINVDSTADR",),
            give_up_codes=("ESME_RMSGQFUL",),
        ).quirks
        verdict = links.Verdict
        assert [quirks.verdict(code) for code in (0x08, 0x58, 0x0B, 0x14, 0x0A)] == [
            verdict.THROTTLED,
            verdict.PASSING,
            verdict.ELSEWHERE,
            verdict.PERMANENT,
            verdict.PERMANENT,
        ]

    @pytest.mark.parametrize("unlisted", ["wait", "reroute"])
    def test_what_ends_a_message_does_so_whatever_the_others_mean(self, unlisted: str) -> None:
        quirks = made(give_up_codes=("ESME_RINVDSTADR",), unlisted_codes=unlisted).quirks
        assert quirks.verdict(0x0B) is links.Verdict.PERMANENT
        assert quirks.verdict(0x0A) is not links.Verdict.PERMANENT

    def test_without_lists_the_standing_ones_hold(self) -> None:
        quirks = link_settings(7, PLAIN).quirks
        assert (quirks.throttle, quirks.elsewhere) == (THROTTLE, ELSEWHERE)


class TestPassword:
    def test_it_is_read_from_its_file_each_time(self, tmp_path: Path) -> None:
        file = tmp_path / "password"
        for word in ("s3cret", "another"):
            file.write_text(f"{word}\n")
            assert made(password_file=str(file)).password == word

    def test_a_groups_too(self, tmp_path: Path) -> None:
        (tmp_path / "password").write_text("s3cret")
        group = GroupSettings(password_file=str(tmp_path / "password"))
        assert made(groups=(group,)).groups[0].password == "s3cret"

    def test_what_is_wrong_with_it_names_the_operator(self, tmp_path: Path) -> None:
        file = tmp_path / "password"
        with pytest.raises(ConfigError, match=f"^operator kcell password_file: cannot read {file}"):
            made(password_file=str(file))
        file.write_text("s3cret-much-too-long")
        with pytest.raises(
            ConfigError, match=r"^operator kcell groups number 2 password_file: "
        ) as e:
            made(groups=(GroupSettings(), GroupSettings(password_file=str(file))))
        assert "s3cret" not in str(e.value)


class TestTls:
    @pytest.mark.parametrize("own", [False, True])
    def test_the_operators_certificate_is_checked(self, tmp_path: Path, own: bool) -> None:
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

    def test_we_show_a_certificate_where_one_is_asked_for(self, tmp_path: Path) -> None:
        authority = trustme.CA()
        authority.cert_pem.write_to_path(str(tmp_path / "ca.pem"))
        ours = authority.issue_cert("habar.example")
        ours.cert_chain_pems[0].write_to_path(str(tmp_path / "cert.pem"))
        ours.private_key_pem.write_to_path(str(tmp_path / "key.pem"))
        theirs = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        authority.issue_cert("smsc.example").configure_cert(theirs)
        authority.configure_trust(theirs)
        theirs.verify_mode = ssl.CERT_REQUIRED
        link = made(
            tls=True,
            tls_ca=str(tmp_path / "ca.pem"),
            tls_certificate=str(tmp_path / "cert.pem"),
            tls_key=str(tmp_path / "key.pem"),
        )
        assert link.tls is not None
        seen = _handshake(link.tls, theirs)
        assert "habar.example" in str(seen)

    def test_what_is_no_pair_is_told(self, tmp_path: Path) -> None:
        for name in ("cert.pem", "key.pem"):
            (tmp_path / name).write_bytes(b"\x30\x82")
        with pytest.raises(ConfigError, match=r"^operator kcell tls_certificate: .* are not a PEM"):
            made(
                tls=True,
                tls_certificate=str(tmp_path / "cert.pem"),
                tls_key=str(tmp_path / "key.pem"),
            )

    @pytest.mark.parametrize("name", ["tls_ca", "tls_certificate"])
    def test_a_file_that_is_not_there_is_told_with_the_operator(
        self, tmp_path: Path, name: str
    ) -> None:
        with pytest.raises(ConfigError, match=f"^operator kcell {name}: cannot"):
            made(tls=True, **{name: str(tmp_path / "none.pem")})


def _handshake(client: ssl.SSLContext, server: ssl.SSLContext) -> object:
    """Both sides in memory; the client's certificate as the server sees it."""
    up, down = ssl.MemoryBIO(), ssl.MemoryBIO()
    ours = client.wrap_bio(down, up, server_hostname="smsc.example")
    theirs = server.wrap_bio(up, down, server_side=True)
    for _ in range(4):
        for side in (ours, theirs):
            try:
                side.do_handshake()
            except ssl.SSLWantReadError:
                continue
    return theirs.getpeercert()


@pytest.mark.parametrize("name", [*profiles()])
def test_a_link_can_be_made_of_every_profile(name: str) -> None:
    from habar.config import effective

    link = link_settings(7, effective({**WHO, "profile": name}))
    assert (link == link_settings(7, PLAIN)) is (name == "standard")
