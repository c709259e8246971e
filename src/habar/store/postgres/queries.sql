-- Every statement of the PostgreSQL engine, by name.
--
-- A condition `id = ANY (…)` beside a join over the same ids takes no row away: by it the partitions of
-- other days are left out before they are planned and opened, and no table is read as a whole. Where
-- there is no such condition, rows are looked up one by one: LATERAL with a LIMIT cannot be turned into
-- a join that reads a table which was small when the plan was made.

-- Schema -----------------------------------------------------------------------------------------
-- name: schema
SELECT version, serves FROM habar_schema

-- name: any_table
-- Asked after habar_schema was not there; if it is now, another process has just made it.
SELECT to_regclass('habar_schema') IS NULL AND EXISTS (
    SELECT 1 FROM information_schema.tables
    WHERE table_schema = current_schema() AND table_name IN ('message', 'account', 'node', 'part')
)

-- name: make_schema
-- IF NOT EXISTS alone is no guard: of two that make it at once, the later one is refused. So they
-- take turns, by a lock that ends with the transaction of these statements (the number is "habar").
SELECT pg_advisory_xact_lock(448310436210);
CREATE TABLE IF NOT EXISTS habar_schema (
    one integer PRIMARY KEY, version integer NOT NULL, serves integer NOT NULL
);
INSERT INTO habar_schema (one, version, serves) VALUES (1, 0, 0) ON CONFLICT DO NOTHING;

-- name: lock_schema
SELECT version FROM habar_schema FOR UPDATE

-- name: set_schema
UPDATE habar_schema SET version = $1, serves = $2

-- Message ids ------------------------------------------------------------------------------------
-- name: lock_ids
SELECT next, span_end, day,
    floor(extract(epoch FROM clock_timestamp()) / 86400)::bigint
FROM sequence WHERE name = 'message' FOR UPDATE

-- name: set_ids
UPDATE sequence SET next = $1, span_end = $2, day = $3 WHERE name = 'message'

-- name: return_ids
UPDATE sequence SET next = $1 WHERE name = 'message' AND next = $2

-- name: insert_span
INSERT INTO span (first_id, end_id, day) VALUES ($1, $2, $3)

-- name: last_day_spans
SELECT max(span.day), max(sequence.next) - min(span.first_id),
    max(span.end_id) - min(span.first_id)
FROM span JOIN sequence ON sequence.name = 'message'
WHERE span.day = (SELECT max(day) FROM span)

-- name: recent_from
SELECT coalesce(min(first_id), 0) FROM span
WHERE day > (SELECT max(day) FROM span) - $1::integer

-- Runs -------------------------------------------------------------------------------------------
-- name: begin_run
INSERT INTO node (name, home, roles, version, started_at, lease_until, batch, recovered)
VALUES (
    $1, $2, $3, $4, $5, (extract(epoch FROM clock_timestamp()) * 1000)::bigint + $6::bigint, 0, $7
)
RETURNING id, (extract(epoch FROM clock_timestamp()) * 1000)::bigint

-- name: renew_run
UPDATE node SET batch = $2,
    lease_until = (extract(epoch FROM clock_timestamp()) * 1000)::bigint + $3::bigint
WHERE id = $1 AND ended_at IS NULL
RETURNING (extract(epoch FROM clock_timestamp()) * 1000)::bigint

-- name: last_batch
SELECT batch FROM node WHERE id = $1 FOR UPDATE

-- name: runs_of_name
SELECT id, home <> $2
    AND lease_until >= (extract(epoch FROM clock_timestamp()) * 1000)::bigint
FROM node WHERE name = $1 AND ended_at IS NULL FOR UPDATE

-- name: lapsed_runs
SELECT id FROM node
WHERE ended_at IS NULL AND id <> $1
    AND lease_until < (extract(epoch FROM clock_timestamp()) * 1000)::bigint
FOR UPDATE SKIP LOCKED

-- name: own_run
SELECT id FROM node WHERE id = $1 AND ended_at IS NULL FOR UPDATE

-- name: ended_runs
SELECT id FROM node WHERE ended_at IS NOT NULL

-- name: end_runs
UPDATE node SET ended_at = (extract(epoch FROM clock_timestamp()) * 1000)::bigint
WHERE id = ANY ($1::bigint[])

-- name: free_binds
UPDATE bind SET node_id = NULL WHERE node_id = ANY ($1::bigint[])

-- name: recover_boarded
UPDATE message SET stage = 5, node_id = NULL, repeats = repeats + 1, uncertain_at = $2,
    last_error = ''
WHERE stage = 4 AND node_id = ANY ($1::bigint[])

-- name: recover_claimed
UPDATE message SET stage = 0, node_id = NULL, repeats = repeats + 1, uncertain_at = $2
WHERE stage = 1 AND node_id = ANY ($1::bigint[])
    AND NOT EXISTS (
        SELECT 1 FROM operator WHERE operator.id = message.operator_id AND in_doubt <> 'resend'
    )

-- name: release_claimed
UPDATE message SET stage = 0, node_id = NULL WHERE stage = 1 AND node_id = ANY ($1::bigint[])

-- name: set_draining
UPDATE node SET draining = true WHERE id = $1

-- name: forget_runs
DELETE FROM node
WHERE ended_at < (extract(epoch FROM clock_timestamp()) * 1000)::bigint - 86400000

-- name: nodes
SELECT node.id, node.name, node.roles, node.version, node.started_at, node.lease_until,
    node.ended_at IS NULL
        AND node.lease_until >= (extract(epoch FROM clock_timestamp()) * 1000)::bigint,
    node.draining,
    CASE WHEN node.ended_at IS NULL THEN (
        SELECT count(*) FROM message WHERE message.stage IN (1, 4) AND message.node_id = node.id
    ) ELSE 0 END,
    (SELECT count(*) FROM bind WHERE bind.node_id = node.id)
FROM node
WHERE node.id IN (SELECT max(id) FROM node GROUP BY name)
ORDER BY node.name

-- name: clock
SELECT (extract(epoch FROM clock_timestamp()) * 1000)::bigint

-- Binds ------------------------------------------------------------------------------------------
-- name: share_run
SELECT draining FROM node WHERE id = $1 AND ended_at IS NULL FOR SHARE

-- name: ensure_binds
INSERT INTO bind (operator_id, number)
SELECT wanted.operator_id, wanted.number
FROM unnest($1::bigint[], $2::integer[]) AS wanted (operator_id, number)
ORDER BY wanted.operator_id, wanted.number
ON CONFLICT DO NOTHING

-- name: dispatching
SELECT count(*) FROM node
WHERE ended_at IS NULL AND NOT draining AND 'dispatch' = ANY (roles)
    AND lease_until >= (extract(epoch FROM clock_timestamp()) * 1000)::bigint

-- name: own_binds
SELECT operator_id, number FROM bind WHERE node_id = $1 ORDER BY operator_id, number

-- name: take_binds
WITH free AS (
    SELECT operator_id, number FROM bind
    WHERE operator_id = $2 AND number = ANY ($3::integer[]) AND node_id IS NULL
    ORDER BY number LIMIT $4 FOR UPDATE SKIP LOCKED
)
UPDATE bind SET node_id = $1 FROM free
WHERE bind.operator_id = free.operator_id AND bind.number = free.number
RETURNING bind.operator_id, bind.number

-- name: free_bind
UPDATE bind SET node_id = NULL WHERE operator_id = $1 AND number = $2 AND node_id = $3

-- Hints ------------------------------------------------------------------------------------------
-- name: notify
SELECT pg_notify($1, $2)

-- Submissions ------------------------------------------------------------------------------------
-- name: funds
SELECT id, balance, allowance, day, day_used FROM account
WHERE id = ANY ($1::bigint[]) ORDER BY id FOR UPDATE

-- name: known_refs
SELECT asked.account_id, asked.customer_id, ref.message_id
FROM unnest($1::bigint[], $2::bigint[]) AS asked (account_id, customer_id)
CROSS JOIN LATERAL (
    SELECT message_id FROM customer_ref
    WHERE account_id = asked.account_id AND customer_id = asked.customer_id LIMIT 1
) AS ref

-- name: known_messages
SELECT id, parts, due_at > created_at, recipient, text FROM message
WHERE id = ANY ($1::bigint[])

-- name: store_submissions
WITH stored AS (
    INSERT INTO message (
        id, account_id, customer_id, protocol, sender, recipient, text, data_coding, flash, parts,
        priority, created_at, due_at, expires_at, operator_id, stage, state, price, route_id,
        reports, reply_to, next_at, node_id
    )
    SELECT id, account_id, customer_id, protocol, sender, recipient, text, data_coding, flash,
        parts, priority, created_at, due_at, expires_at, operator_id, stage, state, price, route_id,
        reports, reply_to, due_at, CASE WHEN stage = 1 THEN $22::bigint END
    FROM unnest(
        $1::bigint[], $2::bigint[], $3::bigint[], $4::smallint[], $5::text[], $6::bigint[],
        $7::text[], $8::smallint[], $9::smallint[], $10::integer[], $11::smallint[],
        $12::bigint[], $13::bigint[], $14::bigint[], $15::bigint[], $16::smallint[],
        $17::smallint[], $18::bigint[], $19::bigint[], $20::smallint[], $21::bigint[]
    ) AS given (
        id, account_id, customer_id, protocol, sender, recipient, text, data_coding, flash, parts,
        priority, created_at, due_at, expires_at, operator_id, stage, state, price, route_id,
        reports, reply_to
    )
), reported AS (
    INSERT INTO message_report (message_id, url, host)
    SELECT * FROM unnest($36::bigint[], $37::text[], $38::text[])
), named AS (
    INSERT INTO customer_ref (account_id, customer_id, message_id)
    SELECT * FROM unnest($23::bigint[], $24::bigint[], $25::bigint[])
    ON CONFLICT (account_id, customer_id) DO UPDATE SET message_id = excluded.message_id
), charged AS (
    SELECT * FROM unnest(
        $26::bigint[], $27::bigint[], $28::bigint[], $29::bigint[], $30::bigint[], $31::bigint[],
        $32::bigint[], $33::bigint[], $34::bigint[], $35::integer[]
    ) AS charged (
        account_id, balance, allowance, day, day_used, at, price, first_id, last_id, messages
    )
), funds AS (
    UPDATE account SET balance = charged.balance, allowance = charged.allowance,
        day = charged.day, day_used = charged.day_used
    FROM charged WHERE account.id = charged.account_id
)
INSERT INTO ledger (account_id, at, kind, amount, first_message_id, last_message_id, messages)
SELECT account_id, at, 'charge', -price, first_id, last_id, messages FROM charged WHERE price > 0

-- name: complete_at_once
UPDATE message SET stage = 3, node_id = NULL, completed_at = created_at
WHERE id = ANY ($1::bigint[])

-- What became of messages ------------------------------------------------------------------------
-- name: accept_parts
WITH given AS (
    SELECT * FROM unnest(
        $1::bigint[], $2::integer[], $3::bigint[], $4::bigint[], $5::text[], $6::bigint[]
    ) AS given (message_id, part, operator_id, operator_key, name, at)
), stored AS (
    INSERT INTO part (message_id, part, operator_id, operator_key, operator_message_id, sent_at)
    SELECT * FROM given
    ON CONFLICT (message_id, part) DO UPDATE SET operator_id = excluded.operator_id,
        operator_key = excluded.operator_key, operator_message_id = excluded.operator_message_id,
        sent_at = excluded.sent_at
), sent AS (
    UPDATE message SET stage = 2, node_id = NULL, next_at = last.awaited_until
    FROM unnest($8::bigint[], $9::bigint[]) AS last (id, awaited_until)
    WHERE message.id = last.id AND message.id = ANY ($8::bigint[]) AND message.stage NOT IN (2, 3)
)
SELECT given.message_id, given.part, early.id, early.operator_id, given.name, early.state,
    early.error, early.done_at, early.at, early.raw, early.whole, given.at
FROM given
CROSS JOIN LATERAL (
    SELECT receipt.* FROM receipt_unmatched_key AS parked
    JOIN receipt_unmatched AS receipt ON receipt.id = parked.receipt_id
    WHERE parked.operator_key = given.operator_key AND parked.operator_message_id = given.name
        AND receipt.operator_id = given.operator_id AND receipt.at >= given.at - $7
    ORDER BY receipt.id LIMIT 100 FOR UPDATE OF receipt
) AS early
ORDER BY early.id

-- name: mark_sent_for_good
UPDATE message SET stage = 3, node_id = NULL, state = told.state, completed_at = told.at
FROM unnest($1::bigint[], $2::smallint[], $3::bigint[]) AS told (id, state, at)
WHERE message.id = told.id AND message.id = ANY ($1::bigint[])
    AND message.stage NOT IN (2, 3)

-- A message has a node_id while it is in hand only. `stage IN (1, 4)` beside it would make PostgreSQL look
-- through all that the node has in hand (message_claimed) in place of the few that are meant.
-- name: postpone
UPDATE message SET stage = 0, node_id = NULL, next_at = told.due_at, attempts = attempts + 1,
    last_error = told.error, state = CASE state WHEN 100 THEN 106 ELSE state END,
    repeats = repeats + told.uncertain::integer,
    uncertain_at = CASE WHEN told.uncertain THEN told.at ELSE uncertain_at END,
    operator_id = coalesce(told.operator_id, message.operator_id)
FROM unnest($2::bigint[], $3::bigint[], $4::text[], $5::boolean[], $6::bigint[], $7::bigint[])
    AS told (id, due_at, error, uncertain, at, operator_id)
WHERE message.id = told.id AND message.id = ANY ($2::bigint[]) AND message.node_id = $1
RETURNING message.id

-- name: release
UPDATE message SET stage = 0, node_id = NULL
WHERE id = ANY ($2::bigint[]) AND node_id = $1
RETURNING id

-- name: release_uncertain
UPDATE message SET stage = 0, node_id = NULL, repeats = repeats + 1, uncertain_at = $3
WHERE id = ANY ($2::bigint[]) AND node_id = $1
RETURNING id

-- name: board
UPDATE message SET stage = 4
WHERE id = ANY ($2::bigint[]) AND node_id = $1
RETURNING id

-- name: hold
UPDATE message SET stage = 5, node_id = NULL, repeats = repeats + 1, last_error = $3,
    uncertain_at = $4
WHERE id = ANY ($2::bigint[]) AND node_id = $1
RETURNING id

-- name: finish
UPDATE message SET stage = 3, node_id = NULL, state = told.state, completed_at = told.at,
    last_error = told.error, refunded = CASE WHEN told.refund THEN price ELSE 0 END
FROM unnest($1::bigint[], $2::smallint[], $3::bigint[], $4::text[], $5::boolean[])
    AS told (id, state, at, error, refund)
WHERE message.id = told.id AND message.id = ANY ($1::bigint[]) AND message.stage <> 3
RETURNING message.id, message.account_id, message.price, message.parts, told.at, told.refund

-- name: refund
WITH back AS (
    SELECT * FROM unnest($1::bigint[], $2::bigint[], $3::bigint[], $4::integer[], $5::bigint[])
        AS back (message_id, account_id, price, parts, at)
), sums AS (
    SELECT account_id, sum(price)::bigint AS price, sum(parts)::bigint AS parts
    FROM back GROUP BY account_id
), paid AS (
    UPDATE account SET balance = balance + sums.price, allowance = allowance + sums.parts
    FROM sums WHERE account.id = sums.account_id
)
INSERT INTO ledger (account_id, at, kind, amount, first_message_id, last_message_id, messages)
SELECT account_id, at, 'refund', price, message_id, message_id, 1 FROM back WHERE price > 0
ORDER BY message_id

-- Receipts ---------------------------------------------------------------------------------------
-- name: lock_named
SELECT found.operator_id, found.name, found.message_id, found.part
FROM (
    SELECT named.operator_id, named.name, newest.message_id, newest.part
    FROM unnest($1::bigint[], $2::bigint[], $3::text[]) AS named (operator_id, operator_key, name)
    CROSS JOIN LATERAL (
        SELECT part.message_id, part.part FROM part
        WHERE part.operator_key = named.operator_key AND part.operator_id = named.operator_id
            AND part.operator_message_id = named.name
            AND part.message_id >= $4 AND part.message_id < $5
        ORDER BY part.message_id + 0 DESC, part.part DESC LIMIT $6 -- not by the primary key
    ) AS newest
    ORDER BY newest.message_id -- all lock in this order
) AS found
CROSS JOIN LATERAL (
    SELECT 1 FROM message
    WHERE message.id = found.message_id AND message.id >= $4 AND message.id < $5
    LIMIT 1 FOR UPDATE OF message
) AS locked

-- name: lock_messages
SELECT id FROM message WHERE id = ANY ($1::bigint[]) ORDER BY id FOR UPDATE

-- name: locked_parts
SELECT part.operator_id, part.operator_message_id, part.message_id, part.part, part.sent_at,
    part.state, part.error, part.done_at, part.receipt_at, part.receipts,
    message.parts, message.state
FROM message JOIN part ON part.message_id = message.id
WHERE message.id = ANY ($1::bigint[]) AND part.message_id = ANY ($1::bigint[])
ORDER BY message.id, part.part

-- name: save_receipts
WITH parts AS (
    UPDATE part SET state = told.state, error = told.error, done_at = told.done_at,
        receipt_at = told.receipt_at, receipts = told.receipts
    FROM unnest(
        $1::bigint[], $2::integer[], $3::smallint[], $4::text[], $5::bigint[], $6::bigint[],
        $7::integer[]
    ) AS told (message_id, part, state, error, done_at, receipt_at, receipts)
    WHERE part.message_id = told.message_id AND part.part = told.part
        AND part.message_id = ANY ($1::bigint[])
)
UPDATE message SET stage = 3, node_id = NULL, state = told.state, completed_at = told.at
FROM unnest($8::bigint[], $9::smallint[], $10::bigint[]) AS told (id, state, at)
WHERE message.id = told.id AND message.id = ANY ($8::bigint[])

-- name: park_receipt
INSERT INTO receipt_unmatched (
    operator_id, operator_message_id, state, error, done_at, at, raw, whole
) VALUES ($1, $2, $3, $4, $5, $6, $7, $8) RETURNING id

-- name: park_keys
INSERT INTO receipt_unmatched_key (operator_key, receipt_id, operator_message_id)
SELECT key, $1, name FROM unnest($2::bigint[], $3::text[]) AS named (key, name)
ON CONFLICT DO NOTHING

-- name: early_receipts
SELECT given.message_id, given.part, early.id, early.operator_id, given.name, early.state,
    early.error, early.done_at, early.at, early.raw, early.whole, given.at
FROM unnest($1::bigint[], $2::integer[], $3::bigint[], $4::bigint[], $5::text[], $6::bigint[])
    AS given (message_id, part, operator_id, operator_key, name, at)
CROSS JOIN LATERAL (
    SELECT receipt.* FROM receipt_unmatched_key AS parked
    JOIN receipt_unmatched AS receipt ON receipt.id = parked.receipt_id
    WHERE parked.operator_key = given.operator_key AND parked.operator_message_id = given.name
        AND receipt.operator_id = given.operator_id AND receipt.at >= given.at - $7
    ORDER BY receipt.id LIMIT 100 FOR UPDATE OF receipt
) AS early
ORDER BY early.id

-- name: parked_receipt
SELECT id, operator_id, operator_message_id, state, error, done_at, at, raw, whole
FROM receipt_unmatched WHERE id = $1 FOR UPDATE

-- name: part_operator
SELECT operator_id FROM part WHERE message_id = $1 AND part = $2

-- name: unpark_receipts
DELETE FROM receipt_unmatched WHERE id = ANY ($1::bigint[])

-- name: parted_receipts
SELECT part.message_id, part.part, receipt.operator_id, parked.operator_key,
    parked.operator_message_id, part.sent_at
FROM receipt_unmatched AS receipt
JOIN receipt_unmatched_key AS parked ON parked.receipt_id = receipt.id
CROSS JOIN LATERAL (
    SELECT message_id, part, sent_at FROM part
    WHERE operator_key = parked.operator_key AND operator_id = receipt.operator_id
        AND operator_message_id = parked.operator_message_id AND message_id >= $3
    ORDER BY message_id + 0 DESC LIMIT 8 -- not by the primary key
) AS part
WHERE receipt.at >= $1 AND part.sent_at - receipt.at <= $2
LIMIT $4

-- The queue --------------------------------------------------------------------------------------
-- name: due_messages
SELECT id, account_id, priority, sender, recipient, text, data_coding, flash, parts, due_at,
    expires_at, attempts, repeats, reply_to
FROM message
WHERE stage = 0 AND operator_id = $1 AND priority = $2 AND account_id = $3 AND next_at <= $4
ORDER BY next_at, id LIMIT $5 FOR UPDATE SKIP LOCKED

-- name: held_messages
SELECT id, account_id, priority, sender, recipient, text, data_coding, flash, parts, due_at,
    expires_at, attempts, repeats, reply_to
FROM message
WHERE stage = 5 AND operator_id = $1 AND uncertain_at <= $2
ORDER BY uncertain_at LIMIT $3 FOR UPDATE SKIP LOCKED

-- name: claim_held
UPDATE message SET stage = 4, node_id = $1 WHERE id = ANY ($2::bigint[])

-- name: queued_of_account
SELECT id, account_id, priority, sender, recipient, text, data_coding, flash, parts, due_at,
    expires_at, attempts, repeats, reply_to, next_at
FROM message
WHERE stage = 0 AND operator_id = $1 AND priority = $2 AND account_id = $3
    AND next_at <= $4 AND (next_at, id) > ($5, $6)
    AND (parts = 1 OR NOT EXISTS (SELECT 1 FROM part WHERE part.message_id = message.id))
ORDER BY next_at, id LIMIT $7

-- By the ids: `+ 0` keeps the queue's index out, by which all that waits there would be looked at.
-- name: lock_movable
SELECT id FROM message
WHERE id = ANY ($1::bigint[]) AND stage + 0 = 0 AND operator_id + 0 = $2
ORDER BY id FOR UPDATE SKIP LOCKED

-- name: move
UPDATE message SET operator_id = told.operator_id,
    next_at = least(next_at, greatest(due_at, $3))
FROM unnest($1::bigint[], $2::bigint[]) AS told (id, operator_id)
WHERE message.id = told.id AND message.id = ANY ($1::bigint[])

-- name: resend
UPDATE message SET stage = 0, next_at = least(next_at, greatest(due_at, $2)) WHERE id = $1

-- name: past_awaiting
SELECT id, parts, next_at FROM message
WHERE stage = 2 AND next_at <= $1 ORDER BY next_at LIMIT $2 FOR UPDATE SKIP LOCKED

-- name: parts_of_messages
SELECT message_id, state, sent_at FROM part WHERE message_id = ANY ($1::bigint[])

-- name: await_on
UPDATE message SET next_at = told.until
FROM unnest($1::bigint[], $2::bigint[]) AS told (id, until)
WHERE message.id = told.id AND message.id = ANY ($1::bigint[])

-- name: settle_messages
UPDATE message SET stage = 3, state = told.state, completed_at = $3
FROM unnest($1::bigint[], $2::smallint[]) AS told (id, state)
WHERE message.id = told.id AND message.id = ANY ($1::bigint[])

-- name: claim
UPDATE message SET stage = 1, node_id = $1 WHERE id = ANY ($2::bigint[])

-- name: sent_parts
SELECT message_id, part FROM part WHERE message_id = ANY ($1::bigint[]) ORDER BY message_id, part

-- name: past_validity
SELECT id FROM message
WHERE stage = 0 AND expires_at IS NOT NULL AND expires_at <= $1
ORDER BY expires_at LIMIT $2 FOR UPDATE SKIP LOCKED

-- name: past_patience
SELECT id FROM message
WHERE stage = 0 AND due_at < $1 ORDER BY due_at LIMIT $2 FOR UPDATE SKIP LOCKED

-- name: begun
SELECT DISTINCT message_id FROM part WHERE message_id = ANY ($1::bigint[])

-- name: whose
SELECT account_id, stage, state, node_id, last_error FROM message WHERE id = $1 FOR UPDATE

-- Retention --------------------------------------------------------------------------------------
-- name: span_after
SELECT first_id, end_id, day, texts_upto,
    end_id = (SELECT span_end FROM sequence WHERE name = 'message'),
    (extract(epoch FROM clock_timestamp()) * 1000)::bigint
FROM span WHERE end_id > $1 + 1 AND leaving IS NULL AND (NOT $2 OR texts_upto < end_id - 1)
ORDER BY first_id LIMIT 1

-- name: hold_span
SELECT 1 FROM span WHERE first_id = $1 AND leaving IS NULL FOR UPDATE SKIP LOCKED

-- name: look_at_messages
SELECT count(*), max(id) FILTER (WHERE created_at < $1), count(*) FILTER (WHERE ended_at < $1)
FROM (
    SELECT id, created_at, ended_at FROM message_ends($2, $3) ORDER BY id LIMIT $4
) AS looked_at

-- name: lock_ended
SELECT id FROM message
WHERE id > $1 AND id <= $2 AND stage = 3 FOR UPDATE SKIP LOCKED

-- name: lock_ended_of
SELECT id FROM message
WHERE id > $1 AND id <= $2 AND id = ANY ($3::bigint[]) AND stage = 3 FOR UPDATE SKIP LOCKED

-- name: old_of
SELECT id, account_id, customer_id FROM message_ends($1, $2)
WHERE id = ANY ($3::bigint[]) AND ended_at < $4

-- name: delete_refs
DELETE FROM customer_ref WHERE ctid = ANY (ARRAY (
    SELECT named.ctid
    FROM unnest($1::bigint[], $2::bigint[], $3::bigint[])
        AS gone (message_id, account_id, customer_id)
    CROSS JOIN LATERAL (
        SELECT ref.ctid FROM customer_ref AS ref
        WHERE ref.account_id = gone.account_id AND ref.customer_id = gone.customer_id
            AND ref.message_id = gone.message_id
        LIMIT 1 FOR UPDATE SKIP LOCKED
    ) AS named
))

-- name: refs_left
SELECT EXISTS (
    SELECT 1 FROM unnest($1::bigint[], $2::bigint[], $3::bigint[])
        AS gone (message_id, account_id, customer_id)
    CROSS JOIN LATERAL (
        SELECT 1 FROM customer_ref AS ref
        WHERE ref.account_id = gone.account_id AND ref.customer_id = gone.customer_id
            AND ref.message_id = gone.message_id
        LIMIT 1
    ) AS named
)

-- name: delete_messages
DELETE FROM message
WHERE id = ANY ($1::bigint[]) AND id > $2 AND id <= $3 AND NOT EXISTS (
    SELECT 1 FROM customer_ref AS named
    WHERE named.account_id = message.account_id AND named.customer_id = message.customer_id
        AND named.message_id = message.id
)
RETURNING id

-- name: delete_parts
DELETE FROM part WHERE message_id = ANY ($1::bigint[]) AND message_id > $2 AND message_id <= $3

-- name: delete_kept
DELETE FROM text_kept WHERE message_id = ANY ($1::bigint[])

-- name: look_at_receipts
SELECT count(*) FROM (SELECT 1 FROM receipt_unmatched WHERE at < $1 LIMIT $2) AS looked_at

-- name: delete_receipts
DELETE FROM receipt_unmatched WHERE id IN (
    SELECT id FROM receipt_unmatched WHERE at < $1 ORDER BY at LIMIT $2 FOR UPDATE SKIP LOCKED
)

-- name: next_kept
SELECT min(message_id) FROM text_kept WHERE message_id > $1

-- name: look_at_kept_texts
SELECT count(*), max(kept.message_id),
    count(*) FILTER (WHERE message.ended_at < $1 OR message.id IS NULL)
FROM (
    SELECT message_id FROM text_kept
    WHERE message_id > $2 AND message_id <= $3 ORDER BY message_id LIMIT $4
) AS kept LEFT JOIN message_ends($2, $3) AS message ON message.id = kept.message_id

-- name: kept_texts
SELECT message_id FROM text_kept WHERE message_id > $1 AND message_id <= $2

-- name: forget_kept_texts
DELETE FROM text_kept WHERE message_id > $1 AND message_id <= $2 AND NOT EXISTS (
    SELECT 1 FROM message
    WHERE id = text_kept.message_id AND id > $1 AND id <= $2 AND text <> ''
)

-- name: blank_texts
UPDATE message SET text = ''
WHERE id > $1 AND id <= $2 AND id = ANY ($3::bigint[]) AND text <> ''

-- name: keep_texts
INSERT INTO text_kept (message_id)
SELECT id FROM message WHERE id > $1 AND id <= $2 AND text <> '' ON CONFLICT DO NOTHING

-- name: set_texts_upto
UPDATE span SET texts_upto = greatest(texts_upto, $2) WHERE first_id = $1

-- Whole days -------------------------------------------------------------------------------------
-- name: judge_messages
SELECT count(*), max(id), min(id) FILTER (WHERE ended_at IS NULL OR ended_at >= $1)
FROM (SELECT id, ended_at FROM message_ends($2, $3) ORDER BY id LIMIT $4) AS judged

-- name: stays
SELECT EXISTS (
    SELECT 1 FROM message_ends($1 - 1, $1) WHERE ended_at IS NULL OR ended_at >= $2
)

-- name: let_span_go
UPDATE span SET leaving = $2 WHERE first_id = $1 AND leaving IS NULL

-- name: leaving_span
SELECT first_id FROM span WHERE leaving IS NOT NULL ORDER BY first_id LIMIT 1

-- name: hold_leaving_span
SELECT end_id, refs_upto, leaving FROM span
WHERE first_id = $1 AND leaving IS NOT NULL FOR UPDATE SKIP LOCKED

-- name: messages_of_span
SELECT id, account_id, customer_id FROM message
WHERE id > $1 AND id <= $2 ORDER BY id LIMIT $3

-- name: set_refs_upto
UPDATE span SET refs_upto = $2 WHERE first_id = $1

-- name: partition
SELECT inherits.inhdetachpending
FROM pg_class AS class LEFT JOIN pg_inherits AS inherits ON inherits.inhrelid = class.oid
WHERE class.oid = to_regclass($1::text)

-- name: delete_kept_of_span
DELETE FROM text_kept WHERE message_id >= $1 AND message_id < $2

-- name: delete_span
DELETE FROM span WHERE first_id = $1

-- Reading ----------------------------------------------------------------------------------------
-- name: waiting
WITH RECURSIVE first AS (
    (
        SELECT priority, account_id, next_at FROM message
        WHERE stage = 0 AND operator_id = $1
        ORDER BY operator_id, priority, account_id, next_at LIMIT 1
    )
    UNION ALL
    SELECT following.priority, following.account_id, following.next_at
    FROM first CROSS JOIN LATERAL (
        SELECT priority, account_id, next_at FROM message
        WHERE stage = 0 AND operator_id = $1
            AND (priority, account_id) > (first.priority, first.account_id)
        ORDER BY operator_id, priority, account_id, next_at LIMIT 1
    ) AS following
)
SELECT priority, account_id, next_at FROM first

-- name: status_by_id
SELECT id, customer_id, parts, state, due_at, completed_at FROM message
WHERE account_id = $1 AND id = ANY ($2::bigint[])

-- name: status_by_ref
SELECT message.id, ref.customer_id, message.parts, message.state, message.due_at,
    message.completed_at
FROM customer_ref AS ref
CROSS JOIN LATERAL (
    SELECT id, parts, state, due_at, completed_at FROM message WHERE id = ref.message_id LIMIT 1
) AS message
WHERE ref.account_id = $1 AND ref.customer_id = ANY ($2::bigint[])

-- name: story
SELECT message.account_id, message.customer_id, message.protocol, message.sender,
    message.recipient, message.text, message.data_coding, message.flash, message.parts,
    message.priority, message.created_at, message.due_at, message.expires_at,
    message.operator_id, message.stage, message.state, message.price, message.route_id,
    message.reports, message.reply_to, account.login, coalesce(operator.name, ''), message.attempts, message.repeats,
    message.uncertain_at, message.last_error, message.completed_at, message.refunded
FROM message
JOIN account ON account.id = message.account_id
LEFT JOIN operator ON operator.id = message.operator_id
WHERE message.id = $1

-- name: story_parts
SELECT part, operator_id, operator_message_id, sent_at, state, error, done_at, receipt_at, receipts
FROM part WHERE message_id = $1 ORDER BY part

-- name: sent_to
SELECT operator_id, sender, recipient, stage FROM message WHERE id = $1 AND account_id = $2

-- name: sent_parts_to
SELECT part, operator_message_id, state FROM part WHERE message_id = $1 ORDER BY part

-- name: held
SELECT id, operator_id, uncertain_at, recipient, last_error FROM message
WHERE stage = 5 AND ($1::bigint IS NULL OR operator_id = $1)
ORDER BY uncertain_at, id LIMIT $2

-- name: unmatched_receipts
SELECT id, operator_id, operator_message_id, state, error, at, raw
FROM receipt_unmatched ORDER BY id DESC LIMIT $1

-- name: counts
SELECT (SELECT count(*) FROM message WHERE stage = 0),
    (SELECT count(*) FROM message WHERE stage IN (1, 4)),
    (SELECT count(*) FROM receipt_unmatched),
    (SELECT count(*) FROM message WHERE stage = 5)

-- Books ------------------------------------------------------------------------------------------
-- name: accounts
SELECT id, login, kind, blocked, default_sender, max_parts, part_price, daily_limit, rate_limit,
    priority, xml_accept_code, duplicate_id, xml_lenient, recipient, http_reply, timezone,
    report_url, report_host, report_format, callback_secret,
    password_hash, balance, allowance, day, day_used
FROM account WHERE $1::text IS NULL OR login = $1 ORDER BY login

-- name: senders
SELECT account_id, name FROM sender
WHERE $1::bigint IS NULL OR account_id IS NULL OR account_id = $1

-- name: keys
SELECT account_id, digest FROM api_key WHERE $1::bigint IS NULL OR account_id = $1

-- name: account_id
SELECT id FROM account WHERE login = $1

-- name: insert_account
INSERT INTO account (
    login, kind, blocked, default_sender, max_parts, part_price, daily_limit, rate_limit, priority,
    xml_accept_code, duplicate_id, xml_lenient, recipient, http_reply, timezone,
    report_url, report_host, report_format, callback_secret,
    password_hash, balance, allowance, created_at
) VALUES (
    $1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19, $20, $21,
    $22, $23
)
RETURNING id

-- name: update_account
UPDATE account SET login = $1, kind = $2, blocked = $3, default_sender = $4, max_parts = $5,
    part_price = $6, daily_limit = $7, rate_limit = $8, priority = $9, xml_accept_code = $10,
    duplicate_id = $11, xml_lenient = $12, recipient = $13, http_reply = $14, timezone = $15,
    report_url = $16, report_host = $17, report_format = $18, callback_secret = $19,
    password_hash = coalesce($20, password_hash),
    allowance = CASE WHEN $21::boolean THEN coalesce(allowance, $22) END
WHERE id = $23 RETURNING id

-- name: set_allowance
UPDATE account SET allowance = $1 WHERE id = $2

-- name: account_kind
SELECT kind FROM account WHERE id = $1

-- name: add_to_balance
UPDATE account SET balance = balance + $1 WHERE id = $2 RETURNING balance

-- name: insert_entry
INSERT INTO ledger (account_id, at, kind, amount, note) VALUES ($1, $2, $3, $4, $5)

-- name: ledger_sum
SELECT coalesce(sum(amount), 0)::bigint FROM ledger WHERE account_id = $1

-- name: insert_sender
INSERT INTO sender (account_id, name, created_at) VALUES ($1, $2, $3) RETURNING id

-- name: public_sender
SELECT 1 FROM sender WHERE account_id IS NULL AND name = $1

-- name: delete_sender
DELETE FROM sender WHERE account_id = $1 AND name = $2 RETURNING id

-- name: forget_default_sender
UPDATE account SET default_sender = $1 WHERE id = $2 AND default_sender = $3

-- name: insert_key
INSERT INTO api_key (digest, account_id, label, created_at) VALUES ($1, $2, $3, $4)
RETURNING account_id

-- name: operator_id
SELECT id FROM operator WHERE name = $1

-- name: insert_operator
INSERT INTO operator (name) VALUES ($1) ON CONFLICT DO NOTHING RETURNING id

-- name: insert_audit
INSERT INTO audit (at, actor, action, subject, detail) VALUES ($1, $2, $3, $4, $5)

-- name: books_changed
UPDATE sequence SET next = next + 1 WHERE name = 'books'

-- name: books_version
SELECT next FROM sequence WHERE name = 'books'
