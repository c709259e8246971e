-- By which route a message went, what is in doubt, and until when receipts are awaited.

ALTER TABLE message ADD COLUMN route_id INTEGER NOT NULL DEFAULT 0;         -- 0: the default
ALTER TABLE receipt_unmatched ADD COLUMN whole INTEGER NOT NULL DEFAULT 0;  -- of all parts

-- next_at of what an operator has (stage 2) says from now on until when its receipts are awaited. What
-- was sent before has no such moment yet: store/awaiting.py.

-- In a run's hands: 1, and 4 where it is marked that it may be at the operator's.
DROP INDEX message_claimed;
CREATE INDEX message_claimed ON message (stage) WHERE stage IN (1, 4);
CREATE INDEX message_awaited ON message (next_at) WHERE stage = 2;
CREATE INDEX message_held ON message (operator_id, uncertain_at) WHERE stage = 5;

-- Receipts are no longer awaited for ever: what has not ended is open.
DROP VIEW message_end;
CREATE VIEW message_end AS
SELECT id, created_at, text <> '' AS has_text, CASE stage WHEN 3 THEN completed_at END AS ended_at
FROM message;
