"""What of an operator's settings cannot be together.

Guarantees: each is one sentence that names the settings; looks at no file. Called with the values
that hold, own and the profile's: a profile that an own setting contradicts is told so too.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import combinations

from habar.config.operator import CODE_LISTS, OperatorSettings, parts_of
from habar.config.spelling import bind_counts
from habar.config.zones import zone_faults

_RECEIPT_ASKED = 0x03
"""The bits of registered_delivery that ask for a receipt (5.2.17)."""


def contradictions(operator: OperatorSettings) -> Iterator[str]:
    """Every such fault of one operator."""
    yield from zone_faults("timezone", operator.timezone)
    yield from zone_faults("receipt_timezone", operator.receipt_timezone)
    yield from _secrets(operator)
    yield from _binds(operator)
    if operator.interface_version == "3.3":
        yield from _old(operator)
    yield from _receipts(operator)
    yield from _codes(operator)
    if operator.in_doubt == "query" and not operator.reference_tlv:
        yield (
            'in_doubt = "query" needs reference_tlv: the operator has to know a part by a'
            " reference of ours, since its own id of it never came"
        )
    if operator.data_coding_default == operator.data_coding_ucs2:
        yield "data_coding_default and data_coding_ucs2 are the same number"


def kinds(operator: OperatorSettings) -> set[str]:
    """The kinds of its binds."""
    if operator.groups:
        return {group.kind for group in operator.groups}
    return {kind for kind, _ in bind_counts(operator.binds)}


def _secrets(operator: OperatorSettings) -> Iterator[str]:
    for number, part in enumerate(parts_of(operator)):
        if part.password and part.password_file:
            where = f"groups number {number} " if number else ""
            yield f"{where}password_file: there is a password too; give one of the two"
    for name in ("tls_ca", "tls_certificate", "tls_key"):
        if getattr(operator, name) and not operator.tls:
            yield f"{name}: of no use without tls = true"
    if operator.tls and bool(operator.tls_certificate) != bool(operator.tls_key):
        yield "tls_certificate and tls_key go together: one of the two is missing"


def _binds(operator: OperatorSettings) -> Iterator[str]:
    there = kinds(operator)
    if operator.groups and "binds" in operator.said:
        yield "binds and groups both say what binds there are; give one of the two"
    if not there & {"transceiver", "transmitter"}:
        yield f"{_of_binds(operator)}: no bind that sends; a transmitter or transceiver is needed"
    elif operator.receipts != "none" and not there & {"transceiver", "receiver"}:
        yield (
            f"{_of_binds(operator)}: no bind over which receipts could come; add a receiver, or say"
            ' receipts = "none"'
        )


def _of_binds(operator: OperatorSettings) -> str:
    return "groups" if operator.groups else "binds"


def _old(operator: OperatorSettings) -> Iterator[str]:
    """What SMPP 3.3 has not."""
    of_34 = 'interface_version = "3.3" has no'
    if "transceiver" in kinds(operator):
        yield (
            f"{_of_binds(operator)}: {of_34} transceivers; say for example"
            ' binds = "1 transmitter, 1 receiver"'
        )
    if operator.long_text in {"sar", "payload"}:
        yield f'long_text = "{operator.long_text}": {of_34} TLVs; udh8 and udh16 need none'
    if operator.reference_tlv:
        yield f"reference_tlv: {of_34} TLVs"
    if operator.receipt_source == "tlv":
        yield f'receipt_source = "tlv": {of_34} TLVs; a receipt\'s text is all there is'


def _receipts(operator: OperatorSettings) -> Iterator[str]:
    if operator.receipts == "none":
        if operator.guess_ids:
            yield 'guess_ids: of no use with receipts = "none"'
        if operator.receipt_pattern:
            yield 'receipt_pattern: of no use with receipts = "none"'
        return
    if not operator.registered_delivery & _RECEIPT_ASKED:
        yield (
            "registered_delivery asks for no receipts (its lowest two bits are 0), but receipts ="
            f' "{operator.receipts}"; say receipts = "none" where the operator gives none'
        )
    if operator.guess_ids and operator.receipt_id_base != "as-is":
        yield "guess_ids tries every base, receipt_id_base says which it is; give one of the two"
    if operator.receipt_pattern and operator.receipt_source == "tlv":
        yield 'receipt_pattern reads the text of receipts, which receipt_source = "tlv" ignores'


def _codes(operator: OperatorSettings) -> Iterator[str]:
    for first, second in combinations(CODE_LISTS, 2):
        both = set(getattr(operator, first)) & set(getattr(operator, second))
        for code in sorted(both):
            yield f"{code} stands in {first} and in {second}; it can mean one of the two"
