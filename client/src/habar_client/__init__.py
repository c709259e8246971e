"""The customer's library for SMS gateways that speak the KazInfoTeh XML protocol.

    from habar_client import Client

    with Client("https://gateway.example", "demo", "demo") as client:
        sent = client.send("77771234567", "Salem!", id=1)
        if sent.accepted:
            print(client.wait(sent.sms_id).meaning)

`AsyncClient` is the same for asyncio. Works with Habar and with the original gateway.
"""

from habar_client.aio import AsyncClient
from habar_client.client import Client
from habar_client.codes import MessageError, State
from habar_client.errors import (
    AuthorizationError,
    Busy,
    HabarClientError,
    PackageError,
    TransportError,
    WaitTimeout,
)
from habar_client.values import Balance, Deleted, Message, Price, Sent, Status

__version__ = "0.1.0"

__all__ = [
    "Client",
    "AsyncClient",
    "Message",
    "Sent",
    "Status",
    "Deleted",
    "Balance",
    "Price",
    "State",
    "MessageError",
    "HabarClientError",
    "AuthorizationError",
    "Busy",
    "PackageError",
    "TransportError",
    "WaitTimeout",
    "__version__",
]
