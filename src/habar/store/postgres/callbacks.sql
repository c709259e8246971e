-- What customers are owed to be told (callbacks.py).

-- name: due_calls
SELECT id, account_id, attempts, since, host, kind, subject, state, at FROM callback
WHERE stage = 0 AND host = $1 AND next_at <= $2
ORDER BY next_at, id LIMIT $3 FOR UPDATE SKIP LOCKED

-- name: call
SELECT id, account_id, attempts, since, host, kind, subject, state, at FROM callback WHERE id = $1

-- name: told_messages
SELECT message.id, message.customer_id, message.sender, message.recipient, message.flash,
    message.text, message.created_at, message.completed_at, message.last_error, message.parts,
    message.reports, report.url, report.host
FROM message
LEFT JOIN LATERAL (
    SELECT url, host FROM message_report WHERE message_id = message.id LIMIT 1
) AS report ON true
WHERE message.id = ANY ($1::bigint[])

-- name: told_parts
SELECT message_id, state, error, sent_at FROM part
WHERE message_id = ANY ($1::bigint[]) ORDER BY message_id, part

-- name: told_accounts
SELECT id, report_format, report_url, report_host FROM account WHERE id = ANY ($1::bigint[])

-- name: told_inbound
-- A rule that is another account's by now is none: its URL is not to see this one's messages.
SELECT inbound.id, inbound.operator_id, inbound.sender, inbound.short_code, inbound.transaction_id,
    inbound.text, inbound.data_coding, inbound.sent_at, inbound.received_at, inbound.parts,
    inbound.missing, inbound.reply, rule.method, rule.url, rule.host, rule.userin, rule.passwordin,
    rule.reply, EXISTS (SELECT 1 FROM message WHERE reply_to = inbound.id AND reply_to <> 0)
FROM inbound LEFT JOIN shortcode AS rule
    ON rule.id = inbound.shortcode_id AND rule.account_id = inbound.account_id
WHERE inbound.id = ANY ($1::bigint[])

-- name: claim_calls
UPDATE callback SET stage = 1, node_id = $1 WHERE id = ANY ($2::bigint[])

-- name: move_calls
UPDATE callback SET host = told.host FROM unnest($1::text[], $2::bigint[]) AS told (host, id)
WHERE callback.id = told.id AND callback.id = ANY ($2::bigint[])

-- An obligation has a node_id while it is claimed only. `stage = 1` beside it would make PostgreSQL look
-- through all that the node has claimed (callback_claimed) in place of the few that are meant.
-- name: write_tries
WITH told AS (
    SELECT * FROM unnest(
        $2::bigint[], $3::bigint[], $4::integer[], $5::integer[], $6::text[], $7::text[],
        $8::smallint[], $9::bigint[], $10::bigint[]
    ) AS told (id, at, ms, status, error, answer, stage, next_at, ended_at)
), settled AS (
    UPDATE callback SET stage = told.stage, next_at = told.next_at, attempts = attempts + 1,
        ended_at = told.ended_at, node_id = NULL
    FROM told
    WHERE callback.id = told.id AND callback.id = ANY ($2::bigint[])
        AND callback.node_id = $1
    RETURNING callback.id, callback.kind, callback.subject, callback.attempts, told.at, told.ms,
        told.status, told.error, told.answer, told.stage, told.ended_at
), tried AS (
    INSERT INTO callback_try (callback_id, number, at, ms, status, error, answer)
    SELECT id, attempts, at, ms, status, error, answer FROM settled
)
SELECT id, kind, subject, stage, ended_at FROM settled

-- name: end_inbound
UPDATE inbound SET state = told.state, done_at = told.at
FROM unnest($1::smallint[], $2::bigint[], $3::bigint[]) AS told (state, at, id)
WHERE inbound.id = told.id AND inbound.id = ANY ($3::bigint[])

-- name: let_next_wait
UPDATE callback SET stage = 0, next_at = following.at
FROM (
    SELECT blocked.id, ended.at
    FROM unnest($1::bigint[], $2::smallint[], $3::bigint[]) AS ended (at, kind, subject)
    CROSS JOIN LATERAL (
        SELECT id FROM callback
        WHERE kind = ended.kind AND subject = ended.subject AND stage = 4
        ORDER BY kind, subject, id LIMIT 1
    ) AS blocked
) AS following
WHERE callback.id = following.id AND callback.stage = 4

-- name: release_calls
UPDATE callback SET stage = 0, node_id = NULL
WHERE id = ANY ($2::bigint[]) AND node_id = $1
RETURNING id

-- name: see_host
INSERT INTO callback_host (host, failures, paused_until, error, since, changed_at)
VALUES ($1, $2, $3, $4, $5, $5)
ON CONFLICT (host) DO UPDATE SET failures = excluded.failures,
    paused_until = excluded.paused_until, error = excluded.error, changed_at = excluded.changed_at

-- name: forget_host
DELETE FROM callback_host WHERE host = $1

-- name: old_calls
SELECT id, kind, subject FROM callback
WHERE stage = 0 AND since < $1 ORDER BY since LIMIT $2 FOR UPDATE SKIP LOCKED

-- name: give_up_calls
UPDATE callback SET stage = 3, ended_at = $2 WHERE id = ANY ($1::bigint[])

-- name: long_blocked
SELECT id FROM callback
WHERE stage = 4 AND next_at < $1 ORDER BY next_at LIMIT $2 FOR UPDATE SKIP LOCKED

-- name: unblock
-- Asked after the locks are had: what ended, or was called again, a moment ago is seen.
UPDATE callback SET stage = 0, next_at = $2
WHERE id = ANY ($1::bigint[]) AND NOT EXISTS (
    SELECT 1 FROM callback AS earlier
    WHERE earlier.kind = callback.kind AND earlier.subject = callback.subject
        AND (earlier.stage IN (0, 1) OR (earlier.stage = 4 AND earlier.id < callback.id))
)

-- name: look_later
UPDATE callback SET next_at = $2 + greatest($2 - at, 0)
WHERE id = ANY ($1::bigint[]) AND stage + 0 = 4

-- Runs -------------------------------------------------------------------------------------------
-- name: release_claimed_calls
UPDATE callback SET stage = 0, node_id = NULL WHERE stage = 1 AND node_id = ANY ($1::bigint[])

-- Reading ----------------------------------------------------------------------------------------
-- name: hosts
WITH RECURSIVE found AS (
    (
        SELECT host, next_at, account_id FROM callback
        WHERE stage = 0 AND host >= $1 ORDER BY host, next_at, id LIMIT 1
    )
    UNION ALL
    SELECT following.host, following.next_at, following.account_id
    FROM found CROSS JOIN LATERAL (
        SELECT host, next_at, account_id FROM callback
        WHERE stage = 0 AND host > found.host ORDER BY host, next_at, id LIMIT 1
    ) AS following
), page AS (SELECT * FROM found LIMIT $2)
SELECT page.host, page.next_at, page.account_id, coalesce(seen.failures, 0),
    coalesce(seen.paused_until, 0), coalesce(seen.since, 0), coalesce(seen.error, '')
FROM page LEFT JOIN callback_host AS seen ON seen.host = page.host
ORDER BY page.host

-- name: listed_calls
SELECT callback.id, callback.account_id, coalesce(account.login, ''), callback.kind,
    callback.subject, callback.state, callback.at, callback.host, callback.stage, callback.next_at,
    callback.attempts, callback.ended_at, last.status, coalesce(last.error, '')
FROM callback
LEFT JOIN account ON account.id = callback.account_id
LEFT JOIN LATERAL (
    SELECT status, error FROM callback_try
    WHERE callback_id = callback.id AND number = callback.attempts LIMIT 1
) AS last ON true

-- name: tries
SELECT number, at, ms, status, error, answer FROM callback_try
WHERE callback_id = $1 ORDER BY number

-- name: count_calls
SELECT (SELECT count(*) FROM callback WHERE stage = 0)
        + (SELECT count(*) FROM callback WHERE stage = 1)
        + (SELECT count(*) FROM callback WHERE stage = 4),
    (SELECT count(*) FROM callback WHERE stage = 3),
    (SELECT count(*) FROM callback_host WHERE paused_until > changed_at)

-- Called again -----------------------------------------------------------------------------------
-- name: lock_told_messages
-- Who changes one of these, and so makes an obligation, waits.
SELECT id FROM message WHERE id = ANY ($1::bigint[]) ORDER BY id FOR UPDATE

-- name: lock_told_inbound
SELECT id FROM inbound WHERE id = ANY ($1::bigint[]) ORDER BY id FOR UPDATE

-- name: subjects
SELECT DISTINCT kind, subject FROM callback WHERE id = ANY ($1::bigint[])

-- name: standing
SELECT callback.id, callback.kind, callback.subject, callback.stage
FROM unnest($1::smallint[], $2::bigint[]) AS told (kind, subject)
JOIN callback ON callback.kind = told.kind AND callback.subject = told.subject
ORDER BY callback.id FOR UPDATE OF callback

-- name: call_again
UPDATE callback SET stage = told.stage, next_at = $3, since = $3, ended_at = NULL
FROM unnest($1::bigint[], $2::smallint[]) AS told (id, stage)
WHERE callback.id = told.id AND callback.id = ANY ($1::bigint[])

-- name: give_time
-- What has not been tried is due now, with the time of a new one.
UPDATE callback SET since = $1, next_at = $1
WHERE kind = 1 AND subject = $2 AND stage IN (0, 4) AND attempts = 0

-- name: set_call_stages
UPDATE callback SET stage = told.stage
FROM unnest($1::bigint[], $2::smallint[]) AS told (id, stage)
WHERE callback.id = told.id AND callback.id = ANY ($1::bigint[])

-- name: inbound_again
UPDATE inbound SET state = 1, done_at = NULL WHERE id = ANY ($1::bigint[])

-- What goes --------------------------------------------------------------------------------------
-- name: delete_ended_calls
DELETE FROM callback WHERE id IN (
    SELECT id FROM callback WHERE ended_at IS NOT NULL AND ended_at < $1
    ORDER BY ended_at LIMIT $2 FOR UPDATE SKIP LOCKED
)

-- name: delete_lost_reports
DELETE FROM message_report WHERE message_id IN (
    SELECT message_id FROM message_report
    WHERE message_id < coalesce(
        (SELECT min(id) FROM message), (SELECT next FROM sequence WHERE name = 'message')
    )
    ORDER BY message_id LIMIT $1 FOR UPDATE SKIP LOCKED
)

-- name: forget_old_hosts
DELETE FROM callback_host WHERE changed_at < $1 AND NOT EXISTS (
    SELECT 1 FROM callback WHERE callback.stage = 0 AND callback.host = callback_host.host
)

-- name: delete_report_urls
DELETE FROM message_report WHERE message_id = ANY ($1::bigint[])

-- name: delete_calls_of_messages
DELETE FROM callback WHERE id IN (
    SELECT callback.id
    FROM unnest($1::bigint[]) AS gone (id)
    JOIN callback ON callback.kind = 1 AND callback.subject = gone.id
    WHERE callback.ended_at IS NOT NULL
    ORDER BY callback.id FOR UPDATE OF callback SKIP LOCKED
)

-- name: delete_reports_of_span
DELETE FROM message_report WHERE message_id IN (
    SELECT message_id FROM message_report
    WHERE message_id >= $1 AND message_id < $2 ORDER BY message_id LIMIT $3
)

-- name: delete_calls_of_span
DELETE FROM callback WHERE id IN (
    SELECT id FROM callback
    WHERE kind = 1 AND subject >= $1 AND subject < $2 AND ended_at IS NOT NULL
    ORDER BY kind, subject, id LIMIT $3 FOR UPDATE SKIP LOCKED
)
