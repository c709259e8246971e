"""What binds say, versions, TLS, and operations on messages, seen through a socket."""

import ssl
from collections.abc import Awaitable, Callable
from typing import Any

import pytest
import trustme

from habar.simulator import Bind, Faults, Settings, Simulator, Times
from habar.wire.smpp import (
    CommandId,
    CommandStatus,
    MessageState,
    SubmitResult,
    Tlv,
    encode_tlvs,
    receipt_of,
)

Connect = Callable[..., Awaitable[Any]]


async def test_what_a_bind_said_is_recorded(smsc: Simulator, connect: Connect) -> None:
    await (await connect(smsc)).bind(
        command_id=CommandId.BIND_RECEIVER,
        interface_version=0x33,
        system_type=b"SMPP",
        addr_ton=1,
        addr_npi=2,
        address_range=b"^7701",
    )
    refused = await connect(smsc)
    await refused.refused(b"nobody", b"habar")
    first, second = smsc.binds
    assert first == Bind(1, "receiver", "habar", "SMPP", 0x33, 1, 2, "^7701", 0, secure=False)
    assert (second.system_id, second.status) == ("nobody", CommandStatus.ESME_RINVSYSID)


@pytest.mark.parametrize(
    ("ours", "theirs", "said", "tlvs"),
    [(0x34, 0x34, 0x34, True), (0x34, 0x33, None, False), (0x33, 0x34, None, False)],
)
async def test_interface_versions(
    connect: Connect, ours: int, theirs: int, said: int | None, tlvs: bool
) -> None:
    async with Simulator(Settings(port=0, receipt_delay=0, interface_version=ours)) as smsc:
        esme = await (await connect(smsc)).bind(interface_version=theirs)
        assert esme.bound.tlv_number(Tlv.SC_INTERFACE_VERSION) == said
        await esme.submit("77771234567")
        pdu = await esme.deliver()
        assert bool(pdu.tlvs) is tlvs
        assert receipt_of(pdu) is not None


@pytest.fixture(scope="module")
def authority() -> trustme.CA:
    return trustme.CA()


def server_of(authority: trustme.CA) -> ssl.SSLContext:
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    authority.issue_cert("localhost").configure_cert(context)
    authority.configure_trust(context)
    return context


def client_of(authority: trustme.CA) -> ssl.SSLContext:
    context = ssl.create_default_context()
    authority.configure_trust(context)
    return context


async def test_tls(authority: trustme.CA, connect: Connect) -> None:
    async with Simulator(Settings(port=0, receipt_delay=0), tls=server_of(authority)) as smsc:
        esme = await (await connect(smsc, client_of(authority))).bind()
        await esme.submit("77771234567")
        assert receipt_of(await esme.deliver()) is not None
        [bind] = smsc.binds
        assert (bind.secure, bind.certificate) == (True, "")


async def test_tls_with_a_certificate_of_the_client(
    authority: trustme.CA, connect: Connect
) -> None:
    server, client = server_of(authority), client_of(authority)
    server.verify_mode = ssl.CERT_REQUIRED
    certificate = authority.issue_cert("gateway.example", common_name="gateway")
    async with Simulator(Settings(port=0), tls=server) as smsc:
        stranger = await connect(smsc, client_of(authority))
        await stranger.until_lost()
        certificate.configure_cert(client)
        await (await connect(smsc, client)).bind()
        assert [bind.certificate for bind in smsc.binds] == ["gateway"]


async def test_query_and_cancel(connect: Connect) -> None:
    settings = Settings(port=0, receipt_delay=60.0, reference_tlv=0x1401)
    async with Simulator(settings) as smsc:
        esme = await (await connect(smsc)).bind()
        esme.send("77771234567", tlvs=encode_tlvs({0x1401: b"4711-1"}))
        name = (await esme.next(SubmitResult)).message_id
        own = {"source_addr": b"INFO_KAZ"}
        found = await esme.ask(CommandId.QUERY_SM, message_id=b"4711-1", **own)
        assert (found.octets("message_id"), found.number("message_state")) == (
            name,
            MessageState.ENROUTE,
        )
        cancelled = await esme.ask(CommandId.CANCEL_SM, message_id=name, **own)
        receipt = receipt_of(await esme.deliver())
        assert cancelled.command_status == CommandStatus.ESME_ROK
        assert receipt is not None
        assert receipt.state == MessageState.DELETED
        again = await esme.ask(CommandId.CANCEL_SM, message_id=name, **own)
        assert again.command_status == CommandStatus.ESME_RCANCELFAIL


async def test_a_query_that_is_never_answered(smsc: Simulator, esme: Any) -> None:
    smsc.faults = Faults(operations_ignored=Times(1))
    pdu_fields = {"message_id": b"1", "source_addr": b"INFO_KAZ"}
    esme.send_request(CommandId.QUERY_SM, **pdu_fields)
    answer = await esme.ask(CommandId.QUERY_SM, **pdu_fields)
    assert answer.command_status == CommandStatus.ESME_RINVMSGID
    assert len(esme.connection.outstanding) == 1
