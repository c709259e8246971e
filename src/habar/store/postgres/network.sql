-- Operators, ranges, ported numbers, routes and what links report (network.py).

-- name: operators
SELECT id, name, enabled, settings, changed_at FROM operator ORDER BY id

-- name: operator
SELECT id, enabled, settings, in_doubt FROM operator WHERE name = $1
FOR NO KEY UPDATE

-- name: make_operator
INSERT INTO operator (name, enabled, settings, in_doubt, changed_at) VALUES ($1, true, $2, $3, $4)
ON CONFLICT (name) DO UPDATE SET enabled = operator.enabled OR operator.settings IS NULL,
    settings = excluded.settings, in_doubt = excluded.in_doubt, changed_at = excluded.changed_at
RETURNING id

-- name: enable_operator
UPDATE operator SET enabled = $1, changed_at = $2 WHERE id = $3

-- name: forget_operator
UPDATE operator SET enabled = false, settings = NULL, in_doubt = 'resend', changed_at = $1
WHERE id = $2

-- name: route_of_operator
SELECT route_id FROM route_target WHERE operator_id = $1 LIMIT 1

-- name: waits_for_operator
-- The order names the queue's index: by another one all that waits would be looked at.
SELECT (
        SELECT id FROM message WHERE stage = 0 AND operator_id = $1
        ORDER BY operator_id, priority, account_id, next_at, id LIMIT 1
    ) IS NOT NULL
    OR EXISTS (SELECT 1 FROM message WHERE stage IN (1, 4) AND operator_id = $1)
    OR EXISTS (SELECT 1 FROM message WHERE stage = 5 AND operator_id = $1)

-- Ranges ------------------------------------------------------------------------------------------
-- name: ranges
SELECT prefix, network FROM number_range ORDER BY prefix

-- name: put_range
INSERT INTO number_range (prefix, network) VALUES ($1, $2)
ON CONFLICT (prefix) DO UPDATE SET network = excluded.network
WHERE number_range.network <> excluded.network

-- name: delete_range
DELETE FROM number_range WHERE prefix = $1

-- Routes ------------------------------------------------------------------------------------------
-- name: routes
SELECT id, position, account_id, sender, network, prefix, kind, priority, prefer,
    operator_id, step, weight, cost
FROM route JOIN route_target ON route_id = id
ORDER BY position, step, operator_id

-- name: route
SELECT id, position, account_id, sender, network, prefix, kind, priority, prefer,
    operator_id, step, weight, cost
FROM route JOIN route_target ON route_id = id
WHERE id = $1 ORDER BY step, operator_id

-- name: count_routes
SELECT count(*) FROM route

-- name: next_route_id
UPDATE sequence SET next = next + 1 WHERE name = 'route' RETURNING next - 1

-- name: make_room
UPDATE route SET position = position + 1 WHERE position >= $1

-- name: insert_route
INSERT INTO route (
    id, position, account_id, sender, network, prefix, kind, priority, prefer
) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)

-- name: insert_target
INSERT INTO route_target (route_id, operator_id, step, weight, cost) VALUES ($1, $2, $3, $4, $5)

-- name: delete_route
DELETE FROM route WHERE id = $1

-- name: close_gap
UPDATE route SET position = position - 1 WHERE position > $1

-- Ported numbers ----------------------------------------------------------------------------------
-- name: ported
SELECT msisdn, network FROM ported_number WHERE msisdn > $1 ORDER BY msisdn LIMIT $2

-- name: count_ported
SELECT count(*) FROM ported_number

-- name: put_ported
INSERT INTO ported_number (msisdn, network)
SELECT * FROM unnest($1::bigint[], $2::text[])
ON CONFLICT (msisdn) DO UPDATE SET network = excluded.network
WHERE ported_number.network <> excluded.network

-- name: clear_ported
DELETE FROM ported_number WHERE msisdn <= (
    SELECT max(msisdn) FROM (SELECT msisdn FROM ported_number ORDER BY msisdn LIMIT $1) AS lowest
)

-- name: drop_ported
DELETE FROM ported_number WHERE msisdn = $1

-- What changed ------------------------------------------------------------------------------------
-- name: changed
UPDATE sequence SET next = next + 1 WHERE name = $1

-- name: version
SELECT next FROM sequence WHERE name = $1

-- Reports -----------------------------------------------------------------------------------------
-- name: put_reports
INSERT INTO bind_report (node, operator_id, number, at, report)
SELECT * FROM unnest($1::text[], $2::bigint[], $3::integer[], $4::bigint[], $5::text[])
ON CONFLICT (node, operator_id, number) DO UPDATE SET at = excluded.at, report = excluded.report

-- name: delete_reports
DELETE FROM bind_report USING unnest($1::text[], $2::bigint[], $3::integer[])
    AS gone (node, operator_id, number)
WHERE bind_report.node = gone.node AND bind_report.operator_id = gone.operator_id
    AND bind_report.number = gone.number

-- name: delete_old_reports
DELETE FROM bind_report WHERE at < $1

-- name: bind_reports
SELECT node, operator_id, number, at, report FROM bind_report WHERE at > $1
ORDER BY node, operator_id, number
