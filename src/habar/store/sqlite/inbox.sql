-- Subscribers' messages, their parts, whose they are, and who wants none (subscribers.py, inbox.py).

-- Parts of long messages --------------------------------------------------------------------------
-- name: known_parts
SELECT operator_id, sender, short_code, reference, total, generation, part, octets, joined
FROM inbound_segment
WHERE operator_id = :operator_id AND sender = :sender AND short_code = :short_code
    AND reference = :reference AND total = :total
    AND generation > coalesce((
        SELECT generation FROM inbound_segment
        WHERE operator_id = :operator_id AND sender = :sender AND short_code = :short_code
            AND reference = :reference AND total = :total
        ORDER BY generation DESC LIMIT 1
    ), 0) - :generations

-- name: insert_segment
INSERT INTO inbound_segment (
    operator_id, sender, short_code, reference, total, generation, part, transaction_id,
    data_coding, octets, header, at, sent_at, mark
) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)

-- name: complete_groups
SELECT operator_id, sender, short_code, reference, total, generation
FROM inbound_segment INDEXED BY inbound_segment_due
WHERE joined = 0 AND mark <> 0 AND mark = 2
ORDER BY at LIMIT ?

-- name: overdue_groups
SELECT operator_id, sender, short_code, reference, total, generation
FROM inbound_segment INDEXED BY inbound_segment_due
WHERE joined = 0 AND mark <> 0 AND mark = 1 AND at < ?
ORDER BY at LIMIT ?

-- name: parts_of_group
SELECT operator_id, sender, short_code, reference, total, generation, part, transaction_id,
    data_coding, octets, header, at, sent_at
FROM inbound_segment
WHERE operator_id = ? AND sender = ? AND short_code = ? AND reference = ? AND total = ?
    AND generation = ?
ORDER BY part

-- name: join_group
UPDATE inbound_segment SET joined = 1
WHERE operator_id = :operator_id AND sender = :sender AND short_code = :short_code
    AND reference = :reference AND total = :total AND generation = :generation AND joined = 0
    AND :parts >= (
        SELECT count(*) FROM inbound_segment
        WHERE operator_id = :operator_id AND sender = :sender AND short_code = :short_code
            AND reference = :reference AND total = :total AND generation = :generation
    )

-- name: old_segments
SELECT operator_id, sender, short_code, reference, total, generation, part
FROM inbound_segment INDEXED BY inbound_segment_age
WHERE joined = 1 AND at < ? ORDER BY at LIMIT ?

-- name: delete_segment
DELETE FROM inbound_segment
WHERE operator_id = ? AND sender = ? AND short_code = ? AND reference = ? AND total = ?
    AND generation = ? AND part = ?

-- Messages ----------------------------------------------------------------------------------------
-- name: next_inbound
SELECT coalesce(max(seq), 0) + 1 FROM sqlite_sequence WHERE name = 'inbound'

-- name: insert_inbound
INSERT INTO inbound (
    id, account_id, shortcode_id, operator_id, sender, short_code, transaction_id, text,
    data_coding, parts, missing, sent_at, received_at, state, reply
) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)

-- name: owe_inbound
INSERT INTO callback (account_id, kind, subject, state, at, host, stage, next_at, since)
VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)

-- name: note_inbound
UPDATE inbound SET note = ? WHERE id = ?

-- name: inbound_state
SELECT state FROM inbound WHERE id = ?

-- name: assign_inbound
UPDATE inbound
SET account_id = ?, shortcode_id = ?, state = ?, reply = ?, done_at = NULL
WHERE id = ?

-- name: ids_of_all
SELECT id FROM inbound
WHERE id < :before AND :states & (1 << state)
ORDER BY id DESC LIMIT :limit

-- name: ids_of_account
SELECT id FROM inbound INDEXED BY inbound_account
WHERE account_id = :account AND id < :before AND :states & (1 << state)
    AND (:code IS NULL OR short_code = :code)
ORDER BY id DESC LIMIT :limit

-- name: ids_of_code
SELECT id FROM inbound INDEXED BY inbound_code
WHERE short_code = :code AND id < :before AND :states & (1 << state)
ORDER BY id DESC LIMIT :limit

-- name: ids_of_state
SELECT id FROM inbound INDEXED BY inbound_open
WHERE state IN (0, 1, 3) AND state = :state AND id < :before
    AND (:account IS NULL OR account_id = :account) AND (:code IS NULL OR short_code = :code)
ORDER BY id DESC LIMIT :limit

-- name: ids_of_account_in_state
SELECT id FROM inbound INDEXED BY inbound_owed
WHERE state IN (1, 3) AND account_id = :account AND state = :state AND id < :before
    AND (:code IS NULL OR short_code = :code)
ORDER BY id DESC LIMIT :limit

-- name: inbound_row
SELECT inbound.id, account_id, coalesce(login, ''), coalesce(name, ''), inbound.sender, short_code,
    transaction_id, text, data_coding, parts, missing, sent_at, received_at, state, note, done_at,
    shortcode_id
FROM inbound
LEFT JOIN account ON account.id = inbound.account_id
LEFT JOIN operator ON operator.id = inbound.operator_id
WHERE inbound.id = ?

-- name: calls_of_inbound
SELECT id FROM callback WHERE kind = 2 AND subject = ? ORDER BY id

-- name: answers_to
SELECT id, text, state FROM message WHERE reply_to <> 0 AND reply_to = ? ORDER BY id

-- name: count_inbound
SELECT count(*) FROM inbound INDEXED BY inbound_open WHERE state IN (0, 1, 3) AND state = ?

-- name: count_segments
SELECT count(*) FROM inbound_segment INDEXED BY inbound_segment_age WHERE joined = 0

-- name: tidy_inbound
DELETE FROM inbound WHERE id IN (
    SELECT id FROM inbound INDEXED BY inbound_ended
    WHERE state IN (2, 4) AND coalesce(done_at, received_at) < ? AND NOT EXISTS (
        SELECT 1 FROM callback
        WHERE kind = 2 AND subject = inbound.id AND stage IN (0, 1, 4)
    )
    ORDER BY coalesce(done_at, received_at) LIMIT ?
) RETURNING id

-- name: forget_calls
DELETE FROM callback WHERE kind = 2 AND subject = ?

-- Short codes -------------------------------------------------------------------------------------
-- name: rules
SELECT code, account_id, keyword, method, url, userin, passwordin, reply, id, created_at
FROM shortcode ORDER BY code, keyword

-- name: rule
SELECT code, account_id, keyword, method, url, userin, passwordin, reply, id, created_at
FROM shortcode WHERE id = ?

-- name: insert_rule
INSERT INTO shortcode (
    code, keyword, account_id, method, url, host, userin, passwordin, reply, created_at
) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
RETURNING id

-- name: update_rule
UPDATE shortcode
SET code = ?, keyword = ?, account_id = ?, method = ?, url = ?, host = ?, userin = ?,
    passwordin = ?, reply = ?
WHERE id = ?

-- name: move_owed
-- What is owed by a rule to a host that may be dead, to the host that the rule has now.
UPDATE callback SET host = :after WHERE id IN (
    SELECT id FROM callback INDEXED BY callback_queue
    WHERE stage = 0 AND host = :before AND kind = 2 AND EXISTS (
        SELECT 1 FROM inbound
        WHERE inbound.id = callback.subject AND shortcode_id = :rule AND account_id = :account
    )
    ORDER BY next_at, id LIMIT :limit
)

-- name: delete_rule
DELETE FROM shortcode WHERE id = ?

-- name: login
SELECT login FROM account WHERE id = ?

-- Who wants none ----------------------------------------------------------------------------------
-- name: put_opt_out
INSERT INTO opt_out (account_id, msisdn, short_code, active, at, change)
VALUES (?, ?, ?, ?, ?, ?)
ON CONFLICT (account_id, msisdn) DO UPDATE SET short_code = excluded.short_code,
    active = excluded.active, at = excluded.at, change = excluded.change

-- name: opt_outs
SELECT account_id, msisdn, short_code, active, at, change FROM opt_out
WHERE change > ? ORDER BY change LIMIT ?

-- name: opted_out
SELECT account_id, msisdn, short_code, active, at, change
FROM opt_out INDEXED BY opt_out_change
WHERE active = 1 ORDER BY change DESC LIMIT ?

-- name: opted_out_of
SELECT account_id, msisdn, short_code, active, at, change
FROM opt_out INDEXED BY opt_out_active
WHERE active = 1 AND account_id = ? ORDER BY change DESC LIMIT ?

-- What changed ------------------------------------------------------------------------------------
-- name: next_number
UPDATE sequence SET next = next + 1 WHERE name = ? RETURNING next - 1

-- name: version
SELECT next FROM sequence WHERE name = ?
