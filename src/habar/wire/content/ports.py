"""The header that says for which program of the handset a message is (TS 23.040, 9.2.3.24.4).

Pure. Knows no program: whoever sends to one knows its port.
"""

from struct import pack

_APPLICATION_PORTS_16 = 0x05

CLASS_1_OCTETS = 0xF5
"""data_coding of what goes to a program: 8-bit data, class 1, the phone (TS 23.038, 4)."""


def ports(destination: int, source: int = 0) -> bytes:
    """The information element of a destination port and the port it came from."""
    return pack(">BBHH", _APPLICATION_PORTS_16, 4, destination, source)
