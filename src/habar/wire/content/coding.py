"""In which alphabet a data coding scheme says that the data is (3GPP TS 23.038, 4).

Pure. Knows no message.
"""

from habar.wire.text import Encoding

_OF_BITS = {0: Encoding.GSM7, 2: Encoding.UCS2}


def alphabet_of(data_coding: int) -> Encoding | None:
    """The alphabet of TP-DCS; None: octets (8-bit data, compressed data, what is reserved).

    Without class and group (0 to 15) only 0 and 8 are texts: SMPP gives the others its own meaning
    (SMPP 3.4, 5.2.19).
    """
    group = data_coding >> 4
    if group in (0xC, 0xD):  # message waiting: discard, store
        return Encoding.GSM7
    if group == 0xE:  # message waiting: store, UCS-2
        return Encoding.UCS2
    if group == 0xF:  # data coding and message class
        return None if data_coding & 4 else Encoding.GSM7
    if group >= 8 or data_coding & 0x20:  # reserved; compressed
        return None
    if group == 0 and data_coding not in (0, 8):
        return None
    return _OF_BITS.get(data_coding >> 2 & 3)
