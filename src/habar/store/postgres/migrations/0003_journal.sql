-- serves: 1
-- By which route a message went, what is in doubt, and until when receipts are awaited. An older node
-- says nothing of that: awaiting.py knows its messages. What a newer node that died had marked as
-- boarded an older one leaves lying: the next newer one that starts holds it (engine.py). While the
-- indexes are built nodes wait with their writes, a few seconds for each million of messages.

ALTER TABLE message ADD COLUMN route_id bigint NOT NULL DEFAULT 0;              -- 0: the default
ALTER TABLE receipt_unmatched ADD COLUMN whole boolean NOT NULL DEFAULT false;  -- of all parts

-- next_at of what an operator has (stage 2) says from now on until when its receipts are awaited. What
-- was sent before has no such moment yet: store/awaiting.py.

-- In a node's hands: 1, and 4 where it is marked that it may be at the operator's.
DROP INDEX message_claimed;
CREATE INDEX message_claimed ON message (node_id) WHERE stage IN (1, 4);
CREATE INDEX message_awaited ON message (next_at) WHERE stage = 2;
CREATE INDEX message_held ON message (operator_id, uncertain_at) WHERE stage = 5;

-- Receipts are no longer awaited for ever: what has not ended is open.
CREATE OR REPLACE FUNCTION message_ends(after bigint, upto bigint) RETURNS TABLE (
    id bigint, account_id bigint, customer_id bigint, created_at bigint, has_text boolean,
    ended_at bigint
) LANGUAGE sql STABLE AS $$
SELECT message.id, message.account_id, message.customer_id, message.created_at, message.text <> '',
    CASE message.stage WHEN 3 THEN message.completed_at END
FROM message WHERE message.id > after AND message.id <= upto
$$;
