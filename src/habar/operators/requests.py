"""What is asked of an operator about a message that it has, or may have: query_sm, cancel_sm.

Guarantees: addresses are written as in the submit_sm, since operators compare them. Pure.
"""

from __future__ import annotations

from habar.operators.settings import OperatorSettings
from habar.operators.submit_sm import reference, source_of
from habar.wire.smpp import CommandId, Pdu, make_pdu


def query_sm(sender: str, message_id: int, part: int, operator: OperatorSettings) -> Pdu:
    """Does it have this part? By the reference that the submit_sm carried (4.8.1)."""
    source, numbering = source_of(sender, operator)
    return make_pdu(
        CommandId.QUERY_SM,
        message_id=reference(message_id, part),
        source_addr_ton=numbering.ton,
        source_addr_npi=numbering.npi,
        source_addr=source,
    )


def cancel_sm(
    sender: str, recipient: int, operator_message_id: str, operator: OperatorSettings
) -> Pdu:
    """Forget this part, by the operator's own id as it is kept (4.9.1)."""
    source, numbering = source_of(sender, operator)
    return make_pdu(
        CommandId.CANCEL_SM,
        service_type=operator.service_type.encode(),
        message_id=operator.quirks.asked_id(operator_message_id),
        source_addr_ton=numbering.ton,
        source_addr_npi=numbering.npi,
        source_addr=source,
        dest_addr_ton=operator.destination.ton,
        dest_addr_npi=operator.destination.npi,
        destination_addr=b"%d" % recipient,
    )
