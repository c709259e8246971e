-- What `habar db status` and `check` ask, by the names in store/inspection.py. A check's row ends with
-- the count of all its rows.

-- name: ledger_sums
SELECT account.id, account.login, account.balance, coalesce(sums.total, 0), count(*) OVER ()
FROM account LEFT JOIN (
    SELECT account_id, sum(amount) AS total FROM ledger GROUP BY account_id
) AS sums ON sums.account_id = account.id
WHERE account.balance <> coalesce(sums.total, 0)
ORDER BY account.id LIMIT $1

-- name: ledger_strangers
SELECT ledger.id, ledger.account_id, count(*) OVER ()
FROM ledger LEFT JOIN account ON account.id = ledger.account_id
WHERE account.id IS NULL
ORDER BY ledger.id LIMIT $1

-- name: below_nothing
SELECT id, login, balance, coalesce(allowance::text, 'none'), count(*) OVER ()
FROM account WHERE balance < 0 OR allowance < 0
ORDER BY id LIMIT $1

-- name: refs
SELECT ref.account_id, ref.customer_id, ref.message_id, count(*) OVER ()
FROM customer_ref AS ref LEFT JOIN message ON message.id = ref.message_id
WHERE message.account_id <> ref.account_id
    OR message.customer_id IS DISTINCT FROM ref.customer_id AND message.id IS NOT NULL
    OR message.id IS NULL AND (
        -- One that went with its whole day is nobody's: nothing finds it by that any more.
        ref.message_id >= (SELECT next FROM sequence WHERE name = 'message')
        OR EXISTS (
            SELECT 1 FROM span WHERE ref.message_id >= first_id AND ref.message_id < end_id
        )
    )
ORDER BY ref.account_id, ref.customer_id LIMIT $1

-- name: claimed
SELECT message.id, coalesce(message.node_id::text, 'none'), count(*) OVER ()
FROM message LEFT JOIN node ON node.id = message.node_id
WHERE message.stage IN (1, 4) AND (node.id IS NULL OR node.ended_at IS NOT NULL)
ORDER BY message.id LIMIT $1

-- name: parts
SELECT part.message_id, part.part, coalesce(message.parts, 0), count(*) OVER ()
FROM part LEFT JOIN message ON message.id = part.message_id
WHERE part.part NOT BETWEEN 1 AND message.parts
    OR message.id IS NULL AND NOT EXISTS (
        SELECT 1 FROM span
        WHERE part.message_id >= first_id AND part.message_id < end_id
            AND to_jsonb(span) ->> 'leaving' IS NOT NULL
    )
ORDER BY part.message_id, part.part LIMIT $1

-- name: calls_of_nobody
SELECT callback.id, callback.subject, count(*) OVER ()
FROM callback LEFT JOIN inbound ON inbound.id = callback.subject
WHERE callback.kind = 2 AND inbound.id IS NULL
ORDER BY callback.id LIMIT $1

-- name: owed_by_nobody
SELECT inbound.id, count(*) OVER ()
FROM inbound
WHERE state = 1 AND NOT EXISTS (
    SELECT 1 FROM callback WHERE kind = 2 AND subject = inbound.id AND stage IN (0, 1, 4)
)
ORDER BY inbound.id LIMIT $1

-- name: opt_out_changes
SELECT opt_out.account_id, opt_out.msisdn, opt_out.change, count(*) OVER ()
FROM sequence CROSS JOIN opt_out
WHERE sequence.name = 'opt_out' AND opt_out.change >= sequence.next
ORDER BY opt_out.account_id, opt_out.msisdn LIMIT $1

-- name: ids
SELECT message.id, sequence.next, count(*) OVER ()
FROM sequence CROSS JOIN message
WHERE sequence.name = 'message' AND message.id >= sequence.next
ORDER BY message.id LIMIT $1

-- name: spans
WITH here AS (
    SELECT parent.relname::text AS parent, child.relname::text AS name,
        pg_get_expr(child.relpartbound, child.oid) AS bound
    FROM pg_inherits
    JOIN pg_class AS parent ON parent.oid = pg_inherits.inhparent
    JOIN pg_class AS child ON child.oid = pg_inherits.inhrelid
    WHERE parent.oid IN ('message'::regclass, 'part'::regclass)
), told AS (
    -- One that is being dropped has lost its partitions, or one of them, before its row.
    SELECT parent, first_id, to_jsonb(span) ->> 'leaving' IS NOT NULL AS leaving,
        format('FOR VALUES FROM (%L) TO (%L)', first_id, end_id) AS bound
    FROM span CROSS JOIN (VALUES ('message'), ('part')) AS parents (parent)
)
SELECT coalesce(told.parent, here.parent), coalesce(here.name, 'none'),
    coalesce(here.bound, 'none'), coalesce(told.first_id::text, 'none'), count(*) OVER ()
FROM told FULL JOIN here ON here.parent = told.parent AND here.bound = told.bound
WHERE told.parent IS NULL OR here.parent IS NULL AND NOT told.leaving
ORDER BY 1, 4, 2 LIMIT $1

-- name: copies
SELECT began_at, 1 FROM habar_copy WHERE finished_at IS NULL

-- name: any_copy
SELECT to_regclass('habar_copy') IS NOT NULL

-- name: settings
SELECT current_setting('fsync', true), current_setting('full_page_writes', true),
    current_setting('synchronous_commit', true)

-- name: server
SELECT current_setting('server_version')

-- name: size
SELECT pg_database_size(current_database())

-- name: accounts
SELECT count(*) FROM account

-- name: messages
SELECT coalesce(sum(
    CASE
        WHEN reltuples >= 0 AND relpages = pages THEN reltuples
        WHEN reltuples >= 0 AND relpages >= 10 THEN reltuples / relpages * pages
        -- nobody has counted there yet: a message of a short text takes about so much
        ELSE pages * current_setting('block_size')::integer / 220
    END
), 0)::bigint
FROM (
    SELECT child.reltuples, child.relpages,
        pg_relation_size(child.oid) / current_setting('block_size')::integer AS pages
    FROM pg_inherits JOIN pg_class AS child ON child.oid = pg_inherits.inhrelid
    WHERE pg_inherits.inhparent = 'message'::regclass
) AS partition

-- name: oldest
SELECT created_at FROM message ORDER BY id LIMIT 1

-- name: span_count
SELECT count(*) FROM span

-- name: partition_count
SELECT count(*) FROM pg_inherits WHERE inhparent IN ('message'::regclass, 'part'::regclass)

-- name: alive
SELECT name FROM node
WHERE ended_at IS NULL
    AND lease_until >= (extract(epoch FROM clock_timestamp()) * 1000)::bigint
ORDER BY name
