"""From the settings of an operator to the link's."""

from __future__ import annotations

import ssl

from habar import operators as links
from habar.config import OperatorSettings


def link_settings(operator_id: int, settings: OperatorSettings) -> links.OperatorSettings:
    """What the link of this operator is to be like. Raises OSError where `tls_ca` is unreadable."""
    return links.OperatorSettings(
        id=operator_id,
        name=settings.name,
        host=settings.host,
        port=settings.port,
        system_id=settings.system_id,
        password=settings.password,
        system_type=settings.system_type,
        binds=settings.binds,
        window=settings.window,
        throughput=settings.throughput,
        enquire_link=settings.enquire_link_seconds,
        response_timeout=settings.response_seconds,
        reconnect_first=min(1.0, settings.reconnect_seconds),
        reconnect_last=settings.reconnect_seconds,
        receipts=links.ReceiptKind.PARTS if settings.receipts else links.ReceiptKind.NONE,
        validity=links.Validity(settings.validity),
        tls=_context(settings),
        quirks=links.Quirks(
            response_id=links.IdForm(settings.response_id_base),
            receipt_id=links.IdForm(settings.receipt_id_base),
            receipt_zone=settings.receipt_timezone,
        ),
    )


def _context(settings: OperatorSettings) -> ssl.SSLContext | None:
    if not settings.tls:
        return None
    return ssl.create_default_context(cafile=settings.tls_ca or None)
