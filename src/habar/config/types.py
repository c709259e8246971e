"""Limited types that settings have.

Guarantees: each says in words what it expects; `fields` tells a fault by these words and never by
the value, which may be a secret.
"""

from __future__ import annotations

from typing import Annotated

from msgspec import Meta

from habar.config.fields import Spelling
from habar.config.spelling import number

Text = Annotated[str, Meta(min_length=1, description="text in quotes, not empty")]
Port = Annotated[int, Meta(ge=0, le=65535, description="a port from 0 to 65535")]
PeerPort = Annotated[int, Meta(ge=1, le=65535, description="a port from 1 to 65535")]
Seconds = Annotated[
    float, Meta(gt=0, le=31_536_000, description="a number of seconds above 0, at most a year")
]
Hours = Annotated[
    float, Meta(gt=0, le=8784, description="a number of hours above 0, at most a year")
]
Count = Annotated[
    int, Meta(ge=1, le=1_000_000_000, description="a whole number from 1 to 1000000000")
]
CountOrNone = Annotated[
    int, Meta(ge=0, le=1_000_000_000, description="a whole number from 0 to 1000000000")
]
Days = Annotated[int, Meta(ge=0, le=36_500, description="a whole number of days from 0 to 36500")]
Window = Annotated[int, Meta(ge=1, le=10_000, description="a whole number from 1 to 10000")]
Name = Annotated[
    str,
    Meta(
        max_length=64,
        pattern=r"^[a-z0-9][a-z0-9_-]*\Z",
        description="1 to 64 small letters, digits, - and _",
    ),
]
PortOrNone = Annotated[
    int, Meta(ge=0, le=65535, description="a port from 1 to 65535, or 0 for none")
]
# What SMPP's C-Octet Strings hold, without their NUL (5.2.1 to 5.2.3, 5.2.7, 5.2.11).
SystemId = Annotated[
    str,
    Meta(
        max_length=15, pattern=r"^[\x20-\x7e]+\Z", description="1 to 15 ASCII characters in quotes"
    ),
]
SystemIdOrNone = Annotated[
    str,
    Meta(
        max_length=15,
        pattern=r"^[\x20-\x7e]*\Z",
        description="at most 15 ASCII characters in quotes",
    ),
]
SystemPassword = Annotated[
    str,
    Meta(
        max_length=8,
        pattern=r"^[\x20-\x7e]*\Z",
        description="at most 8 ASCII characters in quotes",
    ),
]
SystemType = Annotated[
    str,
    Meta(
        max_length=12,
        pattern=r"^[\x20-\x7e]*\Z",
        description="at most 12 ASCII characters in quotes",
    ),
]
AddressRange = Annotated[
    str,
    Meta(
        max_length=40,
        pattern=r"^[\x20-\x7e]*\Z",
        description="at most 40 ASCII characters in quotes",
    ),
]
ServiceType = Annotated[
    str,
    Meta(
        max_length=5,
        pattern=r"^[\x20-\x7e]*\Z",
        description="at most 5 ASCII characters in quotes",
    ),
]
Octet = Annotated[
    int, Meta(ge=0, le=255, description="a whole number from 0 to 255"), Spelling(number)
]
Tag = Annotated[
    int,
    Meta(ge=0, le=0xFFFF, description='a tag such as "0x1400", or 0 for none'),
    Spelling(number),
]
NodeName = Annotated[
    str,
    Meta(
        max_length=64,
        pattern=r"^([a-z0-9][a-z0-9_-]*)?\Z",
        description="1 to 64 small letters, digits, - and _, or nothing",
    ),
]
Connections = Annotated[int, Meta(ge=1, le=100, description="a whole number from 1 to 100")]
CallProcesses = Annotated[int, Meta(ge=0, le=16, description="a whole number from 0 to 16")]
CallHours = Annotated[float, Meta(gt=0, le=72, description="a number of hours above 0, at most 72")]
CallSeconds = Annotated[
    float, Meta(gt=0, le=300, description="a number of seconds above 0, at most 300")
]
Minutes = Annotated[
    float, Meta(gt=0, le=10_080, description="a number of minutes above 0, at most a week")
]
Networks = Annotated[
    tuple[str, ...], Meta(max_length=256, description='a list of networks: ["10.0.0.0/8"]')
]
Lease = Annotated[float, Meta(ge=1, le=3600, description="a number of seconds from 1 to 3600")]


def address(host: str, port: int) -> str:
    """host:port, with brackets around an IPv6 address."""
    return f"[{host}]:{port}" if ":" in host else f"{host}:{port}"
