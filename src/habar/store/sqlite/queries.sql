-- Every statement of the SQLite engine, by name. (:list) stands for as many ? as there are values.

-- Submissions ------------------------------------------------------------------------------------
-- name: known_refs
SELECT ref.customer_id, message.id, message.parts, message.due_at > message.created_at,
    message.recipient, message.text
FROM customer_ref AS ref CROSS JOIN message ON message.id = ref.message_id
WHERE ref.account_id = ? AND ref.customer_id IN (:list)

-- name: funds
SELECT balance, allowance, day, day_used FROM account WHERE id = ?

-- name: reserve_ids
UPDATE sequence SET next = ? WHERE name = 'message'

-- name: next_id
SELECT next FROM sequence WHERE name = 'message'

-- name: insert_message
INSERT INTO message (
    id, account_id, customer_id, protocol, sender, recipient, text, data_coding, flash, parts,
    priority, created_at, due_at, expires_at, operator_id, stage, state, price, route_id, reports,
    reply_to, next_at
) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)

-- name: insert_report
INSERT INTO message_report (message_id, url, host) VALUES (?, ?, ?)

-- name: complete_at_once
UPDATE message SET stage = 3, completed_at = created_at WHERE id = ?

-- name: insert_ref
INSERT INTO customer_ref (account_id, customer_id, message_id) VALUES (?, ?, ?)
ON CONFLICT DO UPDATE SET message_id = excluded.message_id

-- name: set_funds
UPDATE account SET balance = ?, allowance = ?, day = ?, day_used = ? WHERE id = ?

-- name: insert_charge
INSERT INTO ledger (account_id, at, kind, amount, first_message_id, last_message_id, messages)
VALUES (?, ?, 'charge', ?, ?, ?, ?)

-- name: give_back
UPDATE account SET balance = balance + ?, allowance = allowance + ? WHERE id = ?

-- name: insert_refund
INSERT INTO ledger (account_id, at, kind, amount, first_message_id, last_message_id, messages)
VALUES (?, ?, 'refund', ?, ?, ?, 1)

-- What became of messages ------------------------------------------------------------------------
-- name: insert_part
INSERT INTO part (message_id, part, operator_id, operator_key, operator_message_id, sent_at)
VALUES (?, ?, ?, ?, ?, ?)
ON CONFLICT DO UPDATE SET operator_id = excluded.operator_id,
    operator_key = excluded.operator_key, operator_message_id = excluded.operator_message_id,
    sent_at = excluded.sent_at

-- name: mark_sent
UPDATE message SET stage = 2, next_at = ? WHERE id = ? AND stage NOT IN (2, 3)

-- name: mark_sent_for_good
UPDATE message SET stage = 3, state = ?, completed_at = ?
WHERE id = ? AND stage NOT IN (2, 3)

-- name: postpone
UPDATE message SET stage = 0, next_at = ?, attempts = attempts + 1, last_error = ?,
    state = CASE state WHEN 100 THEN 106 ELSE state END,
    repeats = repeats + ?, uncertain_at = coalesce(?, uncertain_at),
    operator_id = coalesce(?, operator_id)
WHERE id = ? AND stage IN (1, 4)

-- name: release
UPDATE message SET stage = 0 WHERE id = ? AND stage IN (1, 4)

-- name: release_uncertain
UPDATE message SET stage = 0, repeats = repeats + 1, uncertain_at = ?
WHERE id = ? AND stage IN (1, 4)

-- name: board
UPDATE message SET stage = 4 WHERE id = ? AND stage IN (1, 4)

-- name: hold
UPDATE message SET stage = 5, repeats = repeats + 1, last_error = ?, uncertain_at = ?
WHERE id = ? AND stage IN (1, 4)

-- name: finish
UPDATE message SET stage = 3, state = ?, completed_at = ?, last_error = ?,
    refunded = CASE WHEN ? THEN price ELSE 0 END
WHERE id = ? AND stage <> 3
RETURNING account_id, price, parts

-- Receipts ---------------------------------------------------------------------------------------
-- name: parts_by_keys
SELECT part.operator_id, part.operator_message_id, part.message_id, part.part, part.sent_at,
    part.state, part.error, part.done_at, part.receipt_at, part.receipts,
    message.parts, message.state
FROM part CROSS JOIN message ON message.id = part.message_id
WHERE part.operator_key IN (:list) LIMIT ?

-- name: parts_by_key
SELECT part.operator_id, part.operator_message_id, part.message_id, part.part, part.sent_at,
    part.state, part.error, part.done_at, part.receipt_at, part.receipts,
    message.parts, message.state
FROM part CROSS JOIN message ON message.id = part.message_id
WHERE part.operator_key = ? AND part.operator_id = ?
ORDER BY part.message_id DESC, part.part DESC LIMIT ?

-- name: part_by_number
SELECT part.operator_id, part.operator_message_id, part.message_id, part.part, part.sent_at,
    part.state, part.error, part.done_at, part.receipt_at, part.receipts,
    message.parts, message.state
FROM part CROSS JOIN message ON message.id = part.message_id
WHERE part.message_id = ? AND part.part = ?

-- name: part_states
SELECT part, state FROM part WHERE message_id = ?

-- name: set_part
UPDATE part SET state = ?, error = ?, done_at = ?, receipt_at = ?, receipts = ?
WHERE message_id = ? AND part = ?

-- name: settle_message
UPDATE message SET stage = 3, state = ?, completed_at = ? WHERE id = ?

-- name: park_receipt
INSERT INTO receipt_unmatched (
    operator_id, operator_message_id, state, error, done_at, at, raw, whole
) VALUES (?, ?, ?, ?, ?, ?, ?, ?)

-- name: park_key
INSERT OR IGNORE INTO receipt_unmatched_key (operator_key, receipt_id, operator_message_id)
VALUES (?, ?, ?)

-- name: parked_receipts
SELECT receipt.id, receipt.operator_id, receipt.operator_message_id, receipt.state, receipt.error,
    receipt.done_at, receipt.at, receipt.raw, receipt.whole
FROM receipt_unmatched_key AS parked
CROSS JOIN receipt_unmatched AS receipt ON receipt.id = parked.receipt_id
WHERE parked.operator_key = ? AND parked.operator_message_id = ? AND receipt.operator_id = ?
    AND receipt.at >= ?
ORDER BY parked.receipt_id

-- name: parked_receipt
SELECT id, operator_id, operator_message_id, state, error, done_at, at, raw, whole
FROM receipt_unmatched WHERE id = ?

-- name: part_operator
SELECT operator_id FROM part WHERE message_id = ? AND part = ?

-- name: unpark_receipt
DELETE FROM receipt_unmatched WHERE id = ?

-- name: recently_parked
SELECT parked.operator_key, receipt.at
FROM receipt_unmatched AS receipt
CROSS JOIN receipt_unmatched_key AS parked ON parked.receipt_id = receipt.id
ORDER BY receipt.id DESC LIMIT ?

-- The queue --------------------------------------------------------------------------------------
-- name: due_messages
SELECT id, account_id, priority, sender, recipient, text, data_coding, flash, parts, due_at,
    expires_at, attempts, repeats, reply_to
FROM message INDEXED BY message_queue
WHERE stage = 0 AND operator_id = ? AND priority = ? AND account_id = ?
    AND next_at <= ?
ORDER BY next_at LIMIT ?

-- name: held_messages
SELECT id, account_id, priority, sender, recipient, text, data_coding, flash, parts, due_at,
    expires_at, attempts, repeats, reply_to
FROM message INDEXED BY message_held
WHERE stage = 5 AND operator_id = ? AND uncertain_at <= ?
ORDER BY uncertain_at LIMIT ?

-- name: claim_held
UPDATE message SET stage = 4 WHERE id = ?

-- name: queued_of_account
SELECT id, account_id, priority, sender, recipient, text, data_coding, flash, parts, due_at,
    expires_at, attempts, repeats, reply_to, next_at
FROM message INDEXED BY message_queue
WHERE stage = 0 AND operator_id = ? AND priority = ? AND account_id = ?
    AND next_at <= ? AND (next_at, id) > (?, ?)
    AND NOT EXISTS (SELECT 1 FROM part WHERE part.message_id = message.id)
ORDER BY next_at, id LIMIT ?

-- name: move
UPDATE message SET operator_id = ?, next_at = min(next_at, max(due_at, ?))
WHERE id = ? AND stage = 0 AND operator_id = ?
    AND NOT EXISTS (SELECT 1 FROM part WHERE part.message_id = message.id)

-- name: resend
UPDATE message SET stage = 0, next_at = min(next_at, max(due_at, ?)) WHERE id = ?

-- name: past_awaiting
SELECT id, parts, next_at FROM message INDEXED BY message_awaited
WHERE stage = 2 AND next_at <= ? ORDER BY next_at LIMIT ?

-- name: parts_of_messages
SELECT message_id, state, sent_at FROM part WHERE message_id IN (:list)

-- name: await_on
UPDATE message SET next_at = ? WHERE id = ?

-- name: claim
UPDATE message SET stage = 1 WHERE id = ?

-- name: sent_parts
SELECT message_id, part FROM part WHERE message_id IN (:list)

-- name: past_validity
SELECT id FROM message INDEXED BY message_expiry
WHERE stage = 0 AND expires_at IS NOT NULL AND expires_at <= ? ORDER BY expires_at LIMIT ?

-- name: past_patience
SELECT id FROM message INDEXED BY message_age
WHERE stage = 0 AND due_at < ? ORDER BY due_at LIMIT ?

-- name: begun
SELECT EXISTS (SELECT 1 FROM part WHERE message_id = ?)

-- name: whose
SELECT account_id, stage, state, last_error FROM message WHERE id = ?

-- name: next_account
SELECT priority, account_id, next_at FROM message INDEXED BY message_queue
WHERE stage = 0 AND operator_id = ? AND priority = ? AND account_id > ?
ORDER BY account_id, next_at LIMIT 1

-- name: next_priority
SELECT priority, account_id, next_at FROM message INDEXED BY message_queue
WHERE stage = 0 AND operator_id = ? AND priority > ?
ORDER BY priority, account_id, next_at LIMIT 1

-- Runs -------------------------------------------------------------------------------------------
-- name: recover_boarded
UPDATE message SET stage = 5, repeats = repeats + 1, uncertain_at = ?, last_error = ''
WHERE id IN (
    SELECT id FROM message INDEXED BY message_claimed WHERE stage IN (1, 4) AND stage = 4
)

-- name: recover_claimed
UPDATE message SET stage = 0, repeats = repeats + 1, uncertain_at = ?
WHERE id IN (
    SELECT id FROM message INDEXED BY message_claimed WHERE stage IN (1, 4) AND stage = 1
) AND NOT EXISTS (
    SELECT 1 FROM operator WHERE operator.id = message.operator_id AND in_doubt <> 'resend'
)

-- name: release_claimed
UPDATE message SET stage = 0
WHERE id IN (
    SELECT id FROM message INDEXED BY message_claimed WHERE stage IN (1, 4) AND stage = 1
)

-- name: begin_run
INSERT INTO run (started_at, recovered) VALUES (?, ?)

-- name: last_run
SELECT id, started_at FROM run ORDER BY id DESC LIMIT 1

-- name: end_run
UPDATE run SET ended_at = ? WHERE id = (SELECT max(id) FROM run)

-- name: probe_room
INSERT INTO probe (room) VALUES (zeroblob(65536))

-- name: clear_probe
DELETE FROM probe

-- name: touch
UPDATE run SET touched = touched + 1 WHERE id = (SELECT max(id) FROM run)

-- Retention --------------------------------------------------------------------------------------
-- name: look_at_messages
SELECT count(*), max(id) FILTER (WHERE created_at < ?), count(*) FILTER (WHERE ended_at < ?)
FROM (
    SELECT id, created_at, ended_at FROM message_end WHERE id > ? ORDER BY id LIMIT ?
)

-- name: look_at_kept_texts
SELECT count(*), max(id), count(*) FILTER (WHERE ended_at < ?)
FROM (
    SELECT message_end.id, message_end.ended_at
    FROM text_kept CROSS JOIN message_end ON message_end.id = text_kept.message_id
    WHERE text_kept.message_id > ? ORDER BY text_kept.message_id LIMIT ?
)

-- name: look_at_receipts
SELECT count(*), max(id) FILTER (WHERE at < ?), count(*) FILTER (WHERE at < ?)
FROM (SELECT id, at FROM receipt_unmatched WHERE id > ? ORDER BY id LIMIT ?)

-- name: delete_messages
DELETE FROM message
WHERE id IN (SELECT id FROM message_end WHERE id > ? AND id <= ? AND ended_at < ?)
RETURNING id, account_id, customer_id, reports

-- name: delete_parts
DELETE FROM part WHERE message_id = ?

-- name: delete_ref
DELETE FROM customer_ref WHERE account_id = ? AND customer_id = ? AND message_id = ?

-- name: forget_kept_text
DELETE FROM text_kept WHERE message_id = ?

-- name: delete_receipts
DELETE FROM receipt_unmatched WHERE id > ? AND id <= ? AND at < ?

-- name: blank_texts
UPDATE message SET text = ''
WHERE id IN (SELECT id FROM message_end WHERE id > ? AND id <= ? AND has_text AND ended_at < ?)

-- name: blank_kept_texts
UPDATE message SET text = ''
WHERE id IN (
    SELECT message_end.id
    FROM text_kept CROSS JOIN message_end ON message_end.id = text_kept.message_id
    WHERE text_kept.message_id > ? AND text_kept.message_id <= ? AND message_end.ended_at < ?
)

-- name: keep_texts
INSERT OR IGNORE INTO text_kept (message_id)
SELECT id FROM message WHERE id > ? AND id <= ? AND text <> ''

-- name: forget_kept_texts
DELETE FROM text_kept
WHERE message_id > ? AND message_id <= ?
    AND EXISTS (SELECT 1 FROM message WHERE message.id = text_kept.message_id AND text = '')

-- name: texts_tidied
SELECT upto FROM texts_tidied

-- name: set_texts_tidied
UPDATE texts_tidied SET upto = ?

-- Reading ----------------------------------------------------------------------------------------
-- name: status_by_id
SELECT id, customer_id, parts, state, due_at, completed_at FROM message
WHERE account_id = ? AND id IN (:list)

-- name: status_by_ref
SELECT message.id, ref.customer_id, message.parts, message.state, message.due_at,
    message.completed_at
FROM customer_ref AS ref CROSS JOIN message ON message.id = ref.message_id
WHERE ref.account_id = ? AND ref.customer_id IN (:list)

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
WHERE message.id = ?

-- name: story_parts
SELECT part, operator_id, operator_message_id, sent_at, state, error, done_at, receipt_at, receipts
FROM part WHERE message_id = ? ORDER BY part

-- name: sent_to
SELECT operator_id, sender, recipient, stage FROM message WHERE id = ? AND account_id = ?

-- name: sent_parts_to
SELECT part, operator_message_id, state FROM part WHERE message_id = ? ORDER BY part

-- name: held
SELECT id, operator_id, uncertain_at, recipient, last_error FROM message INDEXED BY message_held
WHERE stage = 5 ORDER BY uncertain_at, id LIMIT ?

-- name: held_of
SELECT id, operator_id, uncertain_at, recipient, last_error FROM message INDEXED BY message_held
WHERE stage = 5 AND operator_id = ? ORDER BY uncertain_at, id LIMIT ?

-- name: unmatched_receipts
SELECT id, operator_id, operator_message_id, state, error, at, raw
FROM receipt_unmatched ORDER BY id DESC LIMIT ?

-- name: count_waiting
SELECT count(*) FROM message INDEXED BY message_age WHERE stage = 0

-- name: count_claimed
SELECT count(*) FROM message INDEXED BY message_claimed WHERE stage IN (1, 4)

-- name: count_unmatched
SELECT count(*) FROM receipt_unmatched

-- name: count_held
SELECT count(*) FROM message INDEXED BY message_held WHERE stage = 5

-- Books ------------------------------------------------------------------------------------------
-- name: accounts
SELECT id, login, kind, blocked, default_sender, max_parts, part_price, daily_limit, rate_limit,
    priority, xml_accept_code, duplicate_id, xml_lenient, recipient, http_reply, timezone,
    report_url, report_host, report_format, callback_secret,
    password_hash, balance, allowance, day, day_used
FROM account WHERE ? IS NULL OR login = ? ORDER BY login

-- name: senders
SELECT account_id, name FROM sender WHERE ? IS NULL OR account_id IS NULL OR account_id = ?

-- name: keys
SELECT account_id, digest FROM api_key WHERE ? IS NULL OR account_id = ?

-- name: account_id
SELECT id FROM account WHERE login = ?

-- name: insert_account
INSERT INTO account (
    login, kind, blocked, default_sender, max_parts, part_price, daily_limit, rate_limit, priority,
    xml_accept_code, duplicate_id, xml_lenient, recipient, http_reply, timezone,
    report_url, report_host, report_format, callback_secret,
    password_hash, balance, allowance, created_at
) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)

-- name: update_account
UPDATE account SET login = ?, kind = ?, blocked = ?, default_sender = ?, max_parts = ?,
    part_price = ?, daily_limit = ?, rate_limit = ?, priority = ?, xml_accept_code = ?,
    duplicate_id = ?, xml_lenient = ?, recipient = ?, http_reply = ?, timezone = ?,
    report_url = ?, report_host = ?, report_format = ?, callback_secret = ?,
    password_hash = coalesce(?, password_hash),
    allowance = CASE WHEN ? THEN ifnull(allowance, ?) END
WHERE id = ?

-- name: set_allowance
UPDATE account SET allowance = ? WHERE id = ?

-- name: account_kind
SELECT kind FROM account WHERE id = ?

-- name: add_to_balance
UPDATE account SET balance = balance + ? WHERE id = ? RETURNING balance

-- name: insert_entry
INSERT INTO ledger (account_id, at, kind, amount, note) VALUES (?, ?, ?, ?, ?)

-- name: ledger_sum
SELECT coalesce(sum(amount), 0) FROM ledger WHERE account_id = ?

-- name: insert_sender
INSERT INTO sender (account_id, name, created_at) VALUES (?, ?, ?)

-- name: public_sender
SELECT 1 FROM sender WHERE account_id IS NULL AND name = ?

-- name: delete_sender
DELETE FROM sender WHERE account_id = ? AND name = ?

-- name: forget_default_sender
UPDATE account SET default_sender = ? WHERE id = ? AND default_sender = ?

-- name: insert_key
INSERT INTO api_key (digest, account_id, label, created_at) VALUES (?, ?, ?, ?)

-- name: operator_id
SELECT id FROM operator WHERE name = ?

-- name: insert_operator
INSERT INTO operator (name) VALUES (?)

-- name: insert_audit
INSERT INTO audit (at, actor, action, subject, detail) VALUES (?, ?, ?, ?, ?)

-- name: books_changed
UPDATE sequence SET next = next + 1 WHERE name = 'books'

-- name: books_version
SELECT next FROM sequence WHERE name = 'books'
