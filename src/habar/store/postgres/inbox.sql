-- Subscribers' messages, their parts, whose they are, and who wants none (subscribers.py, inbox.py).

-- Parts of long messages --------------------------------------------------------------------------
-- name: lock_groups
SELECT pg_advisory_xact_lock(key) FROM unnest($1::bigint[]) AS key

-- name: known_parts
SELECT one.operator_id, one.sender, one.short_code, one.reference, one.total, one.generation,
    one.part, one.octets, one.joined
FROM unnest($1::bigint[], $2::text[], $3::text[], $4::integer[], $5::integer[])
    AS key (operator_id, sender, short_code, reference, total)
CROSS JOIN LATERAL (
    SELECT coalesce((
        SELECT generation FROM inbound_segment
        WHERE operator_id = key.operator_id AND sender = key.sender
            AND short_code = key.short_code AND reference = key.reference AND total = key.total
        ORDER BY generation DESC LIMIT 1
    ), 0) AS generation
) AS newest
CROSS JOIN LATERAL (
    SELECT * FROM inbound_segment
    WHERE operator_id = key.operator_id AND sender = key.sender
        AND short_code = key.short_code AND reference = key.reference AND total = key.total
        AND generation > newest.generation - $6::integer
) AS one

-- name: insert_segments
INSERT INTO inbound_segment (
    operator_id, sender, short_code, reference, total, generation, part, transaction_id,
    data_coding, octets, header, at, sent_at, mark
)
SELECT * FROM unnest(
    $1::bigint[], $2::text[], $3::text[], $4::integer[], $5::integer[], $6::integer[],
    $7::integer[], $8::text[], $9::smallint[], $10::bytea[], $11::bytea[], $12::bigint[],
    $13::bigint[], $14::smallint[]
)

-- name: complete_groups
SELECT operator_id, sender, short_code, reference, total, generation
FROM inbound_segment
WHERE NOT joined AND mark <> 0 AND mark = 2
ORDER BY at LIMIT $1

-- name: overdue_groups
SELECT operator_id, sender, short_code, reference, total, generation
FROM inbound_segment
WHERE NOT joined AND mark <> 0 AND mark = 1 AND at < $1
ORDER BY at LIMIT $2

-- name: parts_of_groups
SELECT one.operator_id, one.sender, one.short_code, one.reference, one.total, one.generation,
    one.part, one.transaction_id, one.data_coding, one.octets, one.header, one.at, one.sent_at
FROM unnest(
    $1::bigint[], $2::text[], $3::text[], $4::integer[], $5::integer[], $6::integer[]
) WITH ORDINALITY AS key (operator_id, sender, short_code, reference, total, generation, number)
CROSS JOIN LATERAL (
    SELECT * FROM inbound_segment
    WHERE operator_id = key.operator_id AND sender = key.sender
        AND short_code = key.short_code AND reference = key.reference AND total = key.total
        AND generation = key.generation
) AS one
ORDER BY key.number, one.part

-- name: join_groups
WITH here AS (
    SELECT key.number, key.operator_id, key.sender, key.short_code, key.reference, key.total,
        key.generation
    FROM unnest(
        $1::bigint[], $2::text[], $3::text[], $4::integer[], $5::integer[], $6::integer[],
        $7::integer[]
    ) WITH ORDINALITY
        AS key (operator_id, sender, short_code, reference, total, generation, most, number)
    CROSS JOIN LATERAL (
        SELECT count(*) AS parts FROM inbound_segment
        WHERE operator_id = key.operator_id AND sender = key.sender
            AND short_code = key.short_code AND reference = key.reference AND total = key.total
            AND generation = key.generation
    ) AS there
    WHERE there.parts <= key.most
), done AS (
    UPDATE inbound_segment AS one SET joined = true FROM here
    WHERE one.operator_id = here.operator_id AND one.sender = here.sender
        AND one.short_code = here.short_code AND one.reference = here.reference
        AND one.total = here.total AND one.generation = here.generation AND NOT one.joined
    RETURNING here.number
)
SELECT DISTINCT number FROM done

-- name: tidy_segments
DELETE FROM inbound_segment AS one USING (
    SELECT operator_id, sender, short_code, reference, total, generation, part
    FROM inbound_segment
    WHERE joined AND at < $1 ORDER BY at LIMIT $2
    FOR UPDATE SKIP LOCKED
) AS old
WHERE one.operator_id = old.operator_id AND one.sender = old.sender
    AND one.short_code = old.short_code AND one.reference = old.reference
    AND one.total = old.total AND one.generation = old.generation AND one.part = old.part

-- Messages ----------------------------------------------------------------------------------------
-- name: insert_inbound
WITH given AS MATERIALIZED (
    SELECT nextval(pg_get_serial_sequence('inbound', 'id')) AS id, event.*
    FROM unnest(
        $1::bigint[], $2::bigint[], $3::bigint[], $4::text[], $5::text[], $6::text[], $7::text[],
        $8::smallint[], $9::integer[], $10::integer[], $11::bigint[], $12::bigint[],
        $13::smallint[], $14::text[], $15::text[]
    ) WITH ORDINALITY AS event (
        account_id, shortcode_id, operator_id, sender, short_code, transaction_id, text,
        data_coding, parts, missing, sent_at, received_at, state, reply, host, number
    )
), kept AS (
    INSERT INTO inbound (
        id, account_id, shortcode_id, operator_id, sender, short_code, transaction_id, text,
        data_coding, parts, missing, sent_at, received_at, state, reply
    )
    SELECT id, account_id, shortcode_id, operator_id, sender, short_code, transaction_id, text,
        data_coding, parts, missing, sent_at, received_at, state, reply
    FROM given ORDER BY number
), owed AS (
    INSERT INTO callback (account_id, kind, subject, state, at, host, stage, next_at, since)
    SELECT account_id, 2, id, 0, received_at, host, 0, received_at, received_at
    FROM given WHERE state = 1 ORDER BY number
)
SELECT id FROM given ORDER BY number

-- name: owe_inbound
INSERT INTO callback (account_id, kind, subject, state, at, host, stage, next_at, since)
VALUES ($1, 2, $2, 0, $4, $3, 0, $4, $4)

-- name: note_inbound
UPDATE inbound SET note = last.note
FROM unnest($1::bigint[], $2::text[]) AS last (id, note)
WHERE inbound.id = last.id
RETURNING inbound.id

-- name: lock_inbound
SELECT state FROM inbound WHERE id = $1 FOR UPDATE

-- name: assign_inbound
UPDATE inbound
SET account_id = $2, shortcode_id = $3, state = $4, reply = $5, done_at = NULL
WHERE id = $1

-- name: ids_of_all
SELECT id FROM inbound
WHERE id < $1 AND ($2::integer & (1 << state::integer)) <> 0
    AND ($3::bigint IS NULL OR account_id = $3) AND ($4::text IS NULL OR short_code = $4)
ORDER BY id DESC LIMIT $5

-- name: ids_of_account
SELECT id FROM inbound
WHERE account_id = $3 AND id < $1 AND ($2::integer & (1 << state::integer)) <> 0
    AND ($4::text IS NULL OR short_code = $4)
ORDER BY account_id DESC, id DESC LIMIT $5

-- name: ids_of_code
SELECT id FROM inbound
WHERE short_code = $4 AND id < $1 AND ($2::integer & (1 << state::integer)) <> 0
    AND ($3::bigint IS NULL OR account_id = $3)
ORDER BY short_code DESC, id DESC LIMIT $5

-- name: ids_of_state
SELECT id FROM inbound
WHERE state IN (0, 1, 3) AND state = $6 AND id < $1 AND ($2::integer & (1 << state::integer)) <> 0
    AND ($3::bigint IS NULL OR account_id = $3) AND ($4::text IS NULL OR short_code = $4)
ORDER BY id DESC LIMIT $5

-- name: ids_of_account_in_state
SELECT id FROM inbound
WHERE state IN (1, 3) AND account_id = $3 AND state = $6 AND id < $1
    AND ($2::integer & (1 << state::integer)) <> 0 AND ($4::text IS NULL OR short_code = $4)
ORDER BY id DESC LIMIT $5

-- name: inbound_rows
SELECT inbound.id, account_id, coalesce(login, ''), coalesce(name, ''), inbound.sender, short_code,
    transaction_id, text, data_coding, parts, missing, sent_at, received_at, state, note, done_at,
    shortcode_id
FROM inbound
LEFT JOIN account ON account.id = inbound.account_id
LEFT JOIN operator ON operator.id = inbound.operator_id
WHERE inbound.id = ANY ($1::bigint[])
ORDER BY inbound.id DESC

-- name: calls_of_inbound
SELECT id FROM callback WHERE kind = 2 AND subject = $1 ORDER BY id

-- name: answers_to
SELECT id, text, state FROM message WHERE reply_to <> 0 AND reply_to = $1 ORDER BY id

-- name: count_inbound
SELECT
    (SELECT count(*) FROM inbound WHERE state IN (0, 1, 3) AND state = 0),
    (SELECT count(*) FROM inbound WHERE state IN (0, 1, 3) AND state = 1),
    (SELECT count(*) FROM inbound WHERE state IN (0, 1, 3) AND state = 3),
    (SELECT count(*) FROM inbound_segment WHERE NOT joined)

-- name: tidy_inbound
WITH gone AS (
    DELETE FROM inbound WHERE id IN (
        SELECT id FROM inbound
        WHERE state IN (2, 4) AND coalesce(done_at, received_at) < $1 AND NOT EXISTS (
            SELECT 1 FROM callback
            WHERE kind = 2 AND subject = inbound.id AND stage IN (0, 1, 4)
        )
        ORDER BY coalesce(done_at, received_at) LIMIT $2
        FOR UPDATE SKIP LOCKED
    ) RETURNING id
), calls AS (
    DELETE FROM callback USING gone WHERE kind = 2 AND subject = gone.id
)
SELECT count(*) FROM gone

-- Short codes -------------------------------------------------------------------------------------
-- name: rules
SELECT code, account_id, keyword, method, url, userin, passwordin, reply, id, created_at
FROM shortcode ORDER BY code COLLATE "C", keyword COLLATE "C"

-- name: rule
SELECT code, account_id, keyword, method, url, userin, passwordin, reply, id, created_at
FROM shortcode WHERE id = $1

-- name: lock_rule
SELECT code, account_id, keyword, method, url, userin, passwordin, reply, id, created_at
FROM shortcode WHERE id = $1 FOR UPDATE

-- name: insert_rule
INSERT INTO shortcode (
    code, keyword, account_id, method, url, host, userin, passwordin, reply, created_at
) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)
RETURNING id

-- name: update_rule
UPDATE shortcode
SET code = $1, keyword = $2, account_id = $3, method = $4, url = $5, host = $6, userin = $7,
    passwordin = $8, reply = $9
WHERE id = $10
RETURNING id

-- name: move_owed
-- What is owed by a rule to a host that may be dead, to the host that the rule has now.
UPDATE callback SET host = $2 WHERE id IN (
    SELECT id FROM callback
    WHERE stage = 0 AND host = $1 AND kind = 2 AND EXISTS (
        SELECT 1 FROM inbound
        WHERE inbound.id = callback.subject AND shortcode_id = $3 AND account_id = $4
    )
    ORDER BY next_at, id LIMIT $5
    FOR UPDATE SKIP LOCKED
)

-- name: delete_rule
DELETE FROM shortcode WHERE id = $1

-- name: login
SELECT login FROM account WHERE id = $1

-- Who wants none ----------------------------------------------------------------------------------
-- name: put_opt_outs
INSERT INTO opt_out (account_id, msisdn, short_code, active, at, change)
SELECT * FROM unnest(
    $1::bigint[], $2::bigint[], $3::text[], $4::boolean[], $5::bigint[], $6::bigint[]
)
ON CONFLICT (account_id, msisdn) DO UPDATE SET short_code = excluded.short_code,
    active = excluded.active, at = excluded.at, change = excluded.change

-- name: opt_outs
SELECT account_id, msisdn, short_code, active, at, change FROM opt_out
WHERE change > $1 ORDER BY change LIMIT $2

-- name: opted_out
SELECT account_id, msisdn, short_code, active, at, change FROM opt_out
WHERE active ORDER BY change DESC LIMIT $1

-- name: opted_out_of
SELECT account_id, msisdn, short_code, active, at, change FROM opt_out
WHERE active AND account_id = $1 ORDER BY change DESC LIMIT $2

-- What changed ------------------------------------------------------------------------------------
-- name: next_numbers
UPDATE sequence SET next = next + $2 WHERE name = $1 RETURNING next - $2

-- name: version
SELECT next FROM sequence WHERE name = $1
