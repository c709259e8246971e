"""From the settings of an operator to the link's.

Guarantees: a fault is a ConfigError that names the operator, and no password is in it. The files
that settings name are read here, each time that a link's settings are made.
"""

from __future__ import annotations

import re
from typing import Any

from habar import operators as links
from habar.config import (
    ConfigError,
    GroupSettings,
    OperatorSettings,
    Unfit,
    bind_counts,
    client_context,
    code_number,
    password_of,
    state_number,
)
from habar.operators.quirks import ELSEWHERE, THROTTLE

_VERDICTS = {
    "give-up": links.Verdict.PERMANENT,
    "wait": links.Verdict.PASSING,
    "reroute": links.Verdict.ELSEWHERE,
}
_VERSIONS = {"3.3": 0x33, "3.4": 0x34}


def link_settings(
    operator_id: int, settings: OperatorSettings, *, enabled: bool = True
) -> links.OperatorSettings:
    """What the link of this operator is to be like; `enabled`: whether anything may go to it.

    Raises ConfigError where a file that the settings name cannot be used.
    """
    try:
        return links.OperatorSettings(
            id=operator_id,
            sends=enabled,
            quirks=_quirks(settings),
            tls=client_context(settings) if settings.tls else None,
            **_who(settings),
            **_binds(settings),
            **_pace(settings),
            **_texts(settings),
            **_ends(settings),
        )
    except Unfit as unfit:
        raise ConfigError([f"operator {settings.name} {unfit}"]) from None


def _who(settings: OperatorSettings) -> dict[str, Any]:
    """Whom to call, and as whom."""
    numbering = _numbering(settings.address_numbering)
    return {
        "name": settings.name,
        "host": settings.host,
        "port": settings.port,
        "system_id": settings.system_id,
        "password": _password(settings, ""),
        "system_type": settings.system_type,
        "address_range": settings.address_range,
        "address_ton": numbering.ton,
        "address_npi": numbering.npi,
        "interface_version": _VERSIONS[settings.interface_version],
    }


def _binds(settings: OperatorSettings) -> dict[str, Any]:
    """Which binds, where they are said by number and kind and where in groups."""
    counts = bind_counts(settings.binds)
    groups: tuple[links.BindGroup, ...] = ()
    if settings.groups:
        groups = tuple(_group(number, each) for number, each in enumerate(settings.groups, 1))
    elif len(counts) > 1:
        groups = tuple(links.BindGroup(links.BindKind(kind), count) for kind, count in counts)
    return {
        "bind": groups[0].kind if groups else links.BindKind(counts[0][0]),
        "binds": sum(group.count for group in groups) if groups else counts[0][1],
        "groups": groups,
        "in_order": settings.in_order,
    }


def _group(number: int, group: GroupSettings) -> links.BindGroup:
    own_password = group.password or group.password_file
    return links.BindGroup(
        kind=links.BindKind(group.kind),
        count=group.count,
        host=group.host,
        port=group.port,
        system_id=group.system_id,
        password=_password(group, f"groups number {number} ") if own_password else None,
        system_type=group.system_type or None,
        address_range=group.address_range or None,
    )


def _password(part: OperatorSettings | GroupSettings, where: str) -> str:
    try:
        return password_of(part)
    except Unfit as unfit:
        raise Unfit(f"{where}password_file: {unfit}") from None


def _pace(settings: OperatorSettings) -> dict[str, Any]:
    """How fast, and how long anything is waited for."""
    return {
        "window": settings.window,
        "throughput": settings.throughput,
        "enquire_link": settings.enquire_link_seconds,
        "response_timeout": settings.response_seconds,
        "connect_timeout": settings.connect_seconds,
        "reconnect_first": min(1.0, settings.reconnect_seconds),
        "reconnect_last": settings.reconnect_seconds,
    }


def _texts(settings: OperatorSettings) -> dict[str, Any]:
    """What a submit_sm is like."""
    return {
        "service_type": settings.service_type,
        "alphanumeric": _numbering(settings.alphanumeric),
        "short_code": _numbering(settings.short_code),
        "number": _numbering(settings.number),
        "destination": _numbering(settings.destination),
        "long_text": links.LongText(settings.long_text),
        "alphabet": links.Alphabet(settings.alphabet),
        "cyrillic": links.Cyrillic(settings.cyrillic),
        "data_codings": links.DataCodings(
            default=settings.data_coding_default,
            ucs2=settings.data_coding_ucs2,
            cyrillic=settings.data_coding_cyrillic,
            flash_default=settings.data_coding_flash,
            flash_ucs2=settings.data_coding_flash_ucs2,
        ),
        "urgent_priority_flag": settings.priority_flag,
        "validity": links.Validity(settings.validity),
        "max_validity": settings.max_validity_seconds,
        "zone": settings.timezone,
        "reference_tlv": settings.reference_tlv,
    }


def _ends(settings: OperatorSettings) -> dict[str, Any]:
    """What becomes of a message: receipts, doubt, an operator that is not there."""
    return {
        "receipts": links.ReceiptKind(settings.receipts),
        "registered_delivery": settings.registered_delivery,
        "receipt_grace": settings.receipt_grace_seconds,
        "in_doubt": links.InDoubt(settings.in_doubt),
        "cancel": settings.cancel,
        "when_down": links.WhenDown(settings.when_down),
        "fail_over_after": settings.fail_over_seconds,
    }


def _quirks(settings: OperatorSettings) -> links.Quirks:
    slow, wait, reroute, give_up = (
        frozenset(map(code_number, codes))
        for codes in (
            settings.slow_codes,
            settings.wait_codes,
            settings.reroute_codes,
            settings.give_up_codes,
        )
    )
    return links.Quirks(
        # What a list of the operator's says of an error, the standing lists no longer say.
        throttle=(THROTTLE | slow) - wait - reroute - give_up,
        passing=wait,
        elsewhere=(ELSEWHERE | reroute) - slow - wait - give_up,
        permanent=give_up,
        unlisted=_VERDICTS[settings.unlisted_codes],
        response_id=links.IdForm(settings.response_id_base),
        receipt_id=links.IdForm(settings.receipt_id_base),
        guess_ids=settings.guess_ids,
        receipt_zone=settings.receipt_timezone,
        receipt_source=links.ReceiptSource(settings.receipt_source),
        receipt_pattern=re.compile(settings.receipt_pattern) if settings.receipt_pattern else None,
        receipt_states={word: state_number(s) for word, s in settings.receipt_states.items()},
        error_texts=settings.error_texts,
    )


def _numbering(text: str) -> links.Numbering:
    ton, _, npi = text.partition("/")
    return links.Numbering(int(ton), int(npi))
