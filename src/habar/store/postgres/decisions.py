"""What a person decides: of a message in doubt, and of a receipt that matched nothing.

Guarantees: only what is in doubt, or kept aside, is decided of, by one person; each decision leaves
its audit row. Runs inside a transaction that its caller holds.
"""

from __future__ import annotations

from habar.errors import Conflict, NotFound
from habar.model.status import MessageState, Stage
from habar.store.postgres.connection import Connection
from habar.store.postgres.questions import begun
from habar.store.postgres.receipts import apply_to, receipt_of
from habar.store.postgres.results import end_messages
from habar.store.postgres.sql import CALLBACKS, QUERIES
from habar.store.postgres.texts import unpack


async def decide(
    connection: Connection, message_id: int, resend: bool, *, actor: str, now: int
) -> None:
    """See store.port.Store."""
    row = await connection.fetchrow(QUERIES["whose"], message_id)
    if row is None:
        raise NotFound(f"message {message_id}")
    _, stage, _, _, error = row
    if stage != Stage.HELD:
        raise Conflict(f"message {message_id} is not held")
    if resend:
        await connection.execute(QUERIES["resend"], message_id, now)
    else:
        refund = not await begun(connection, [message_id])
        ending = (message_id, MessageState.REJECTED, now, unpack(error), refund)
        await end_messages(connection, [ending])
    action = "message resend" if resend else "message fail"
    await connection.execute(QUERIES["insert_audit"], now, actor, action, str(message_id), "")


async def match(
    connection: Connection,
    receipt_id: int,
    message_id: int,
    part: int,
    *,
    actor: str,
    now: int,
) -> None:
    """See store.port.Store."""
    row = await connection.fetchrow(QUERIES["parked_receipt"], receipt_id)
    if row is None:
        raise NotFound(f"receipt {receipt_id}")
    if await connection.fetchrow(QUERIES["whose"], message_id) is None:
        raise NotFound(f"message {message_id}")
    receipt = receipt_of(row)
    taken = await connection.fetchval(QUERIES["part_operator"], message_id, part)
    if taken != receipt.operator_id or not await apply_to(connection, receipt, message_id, part):
        raise Conflict(f"the receipt's operator has not taken part {part} of message {message_id}")
    # The receipt may be older than customers' web services are called for.
    await connection.execute(CALLBACKS["give_time"], now, message_id)
    await connection.execute(QUERIES["unpark_receipts"], [receipt_id])
    subject, detail = f"receipt {receipt_id}", f"message {message_id}, part {part}"
    await connection.execute(QUERIES["insert_audit"], now, actor, "receipt match", subject, detail)
