-- What customers are owed to be told (callbacks.py). (:list) stands for as many ? as there are values.

-- name: due_calls
SELECT id, account_id, attempts, since, host, kind, subject, state, at
FROM callback INDEXED BY callback_queue
WHERE stage = 0 AND host = ? AND next_at <= ?
ORDER BY next_at, id LIMIT ?

-- name: call
SELECT id, account_id, attempts, since, host, kind, subject, state, at FROM callback WHERE id = ?

-- name: told_messages
SELECT message.id, message.customer_id, message.sender, message.recipient, message.flash,
    message.text, message.created_at, message.completed_at, message.last_error, message.parts,
    message.reports, report.url, report.host
FROM message LEFT JOIN message_report AS report ON report.message_id = message.id
WHERE message.id IN (:list)

-- name: told_parts
SELECT message_id, state, error, sent_at FROM part
WHERE message_id IN (:list) ORDER BY message_id, part

-- name: told_accounts
SELECT id, report_format, report_url, report_host FROM account WHERE id IN (:list)

-- name: told_inbound
-- A rule that is another account's by now is none: its URL is not to see this one's messages.
SELECT inbound.id, inbound.operator_id, inbound.sender, inbound.short_code, inbound.transaction_id,
    inbound.text, inbound.data_coding, inbound.sent_at, inbound.received_at, inbound.parts,
    inbound.missing, inbound.reply, rule.method, rule.url, rule.host, rule.userin, rule.passwordin,
    rule.reply, EXISTS (
        SELECT 1 FROM message INDEXED BY message_reply
        WHERE reply_to = inbound.id AND reply_to <> 0
    )
FROM inbound LEFT JOIN shortcode AS rule
    ON rule.id = inbound.shortcode_id AND rule.account_id = inbound.account_id
WHERE inbound.id IN (:list)

-- name: claim_call
UPDATE callback SET stage = 1 WHERE id = ?

-- name: move_call
UPDATE callback SET host = ? WHERE id = ?

-- name: claimed_calls
SELECT id, kind, subject, attempts FROM callback WHERE id IN (:list) AND stage = 1

-- name: insert_try
INSERT INTO callback_try (callback_id, number, at, ms, status, error, answer)
VALUES (?, ?, ?, ?, ?, ?, ?)

-- name: settle_call
UPDATE callback SET stage = ?, next_at = ?, attempts = attempts + 1, ended_at = ? WHERE id = ?

-- name: end_inbound
UPDATE inbound SET state = ?, done_at = ? WHERE id = ?

-- name: let_next_wait
UPDATE callback SET stage = 0, next_at = ? WHERE id = (
    SELECT id FROM callback INDEXED BY callback_subject
    WHERE kind = ? AND subject = ? AND stage = 4 ORDER BY id LIMIT 1
)

-- name: release_call
UPDATE callback SET stage = 0 WHERE id = ? AND stage = 1

-- name: see_host
INSERT INTO callback_host (host, failures, paused_until, error, since, changed_at)
VALUES (?, ?, ?, ?, ?, ?)
ON CONFLICT (host) DO UPDATE SET failures = excluded.failures,
    paused_until = excluded.paused_until, error = excluded.error, changed_at = excluded.changed_at

-- name: forget_host
DELETE FROM callback_host WHERE host = ?

-- name: old_calls
SELECT id, kind, subject FROM callback INDEXED BY callback_since
WHERE stage = 0 AND since < ? ORDER BY since LIMIT ?

-- name: give_up_call
UPDATE callback SET stage = 3, ended_at = ? WHERE id = ?

-- name: long_blocked
SELECT id FROM callback INDEXED BY callback_blocked
WHERE stage = 4 AND next_at < ? ORDER BY next_at LIMIT ?

-- name: unblock
UPDATE callback SET stage = 0, next_at = ? WHERE id = ? AND NOT EXISTS (
    SELECT 1 FROM callback AS earlier INDEXED BY callback_subject
    WHERE earlier.kind = callback.kind AND earlier.subject = callback.subject
        AND (earlier.stage IN (0, 1) OR (earlier.stage = 4 AND earlier.id < callback.id))
)

-- name: look_later
UPDATE callback SET next_at = ? + max(? - at, 0) WHERE id = ? AND stage = 4

-- Runs -------------------------------------------------------------------------------------------
-- name: release_claimed_calls
UPDATE callback SET stage = 0
WHERE id IN (SELECT id FROM callback INDEXED BY callback_claimed WHERE stage = 1)

-- Reading ----------------------------------------------------------------------------------------
-- name: hosts
WITH RECURSIVE found (host) AS (
    SELECT (
        SELECT host FROM callback INDEXED BY callback_queue
        WHERE stage = 0 AND host >= ? ORDER BY host LIMIT 1
    )
    UNION ALL
    SELECT (
        SELECT callback.host FROM callback INDEXED BY callback_queue
        WHERE stage = 0 AND callback.host > found.host ORDER BY callback.host LIMIT 1
    )
    FROM found WHERE found.host IS NOT NULL
    LIMIT ?
)
SELECT found.host, first.next_at, first.account_id, coalesce(seen.failures, 0),
    coalesce(seen.paused_until, 0), coalesce(seen.since, 0), coalesce(seen.error, '')
FROM found JOIN callback AS first ON first.id = (
    SELECT id FROM callback INDEXED BY callback_queue
    WHERE stage = 0 AND callback.host = found.host ORDER BY next_at, id LIMIT 1
)
LEFT JOIN callback_host AS seen ON seen.host = found.host
ORDER BY found.host

-- name: listed_calls
SELECT callback.id, callback.account_id, coalesce(account.login, ''), callback.kind,
    callback.subject, callback.state, callback.at, callback.host, callback.stage, callback.next_at,
    callback.attempts, callback.ended_at, last.status, coalesce(last.error, '')
FROM callback
LEFT JOIN account ON account.id = callback.account_id
LEFT JOIN callback_try AS last
    ON last.callback_id = callback.id AND last.number = callback.attempts

-- name: tries
SELECT number, at, ms, status, error, answer FROM callback_try
WHERE callback_id = ? ORDER BY number

-- name: count_calls
SELECT (SELECT count(*) FROM callback INDEXED BY callback_queue WHERE stage = 0)
        + (SELECT count(*) FROM callback INDEXED BY callback_claimed WHERE stage = 1)
        + (SELECT count(*) FROM callback INDEXED BY callback_blocked WHERE stage = 4),
    (SELECT count(*) FROM callback INDEXED BY callback_given_up WHERE stage = 3),
    (SELECT count(*) FROM callback_host WHERE paused_until > changed_at)

-- Called again -----------------------------------------------------------------------------------
-- name: standing
SELECT id, kind, subject, stage FROM callback
WHERE (kind, subject) IN (SELECT kind, subject FROM callback WHERE id IN (:list)) ORDER BY id

-- name: call_again
UPDATE callback SET stage = ?, next_at = ?, since = ?, ended_at = NULL WHERE id = ?

-- name: give_time
-- What has not been tried is due now, with the time of a new one.
UPDATE callback SET since = ?, next_at = ?
WHERE kind = 1 AND subject = ? AND stage IN (0, 4) AND attempts = 0

-- name: set_call_stage
UPDATE callback SET stage = ? WHERE id = ?

-- name: inbound_again
UPDATE inbound SET state = 1, done_at = NULL WHERE id = ?

-- What goes --------------------------------------------------------------------------------------
-- name: delete_ended_calls
DELETE FROM callback WHERE id IN (
    SELECT id FROM callback INDEXED BY callback_ended
    WHERE ended_at IS NOT NULL AND ended_at < ? ORDER BY ended_at LIMIT ?
)

-- name: delete_lost_reports
DELETE FROM message_report WHERE message_id IN (
    SELECT message_id FROM message_report
    WHERE message_id < coalesce(
        (SELECT min(id) FROM message), (SELECT next FROM sequence WHERE name = 'message')
    )
    ORDER BY message_id LIMIT ?
)

-- name: forget_old_hosts
DELETE FROM callback_host WHERE changed_at < ? AND NOT EXISTS (
    SELECT 1 FROM callback WHERE callback.stage = 0 AND callback.host = callback_host.host
)

-- name: delete_report_url
DELETE FROM message_report WHERE message_id = ?

-- name: delete_calls_of_message
DELETE FROM callback WHERE kind = 1 AND subject = ? AND ended_at IS NOT NULL
