-- Operators, ranges, ported numbers, routes and what links report (network.py).

-- name: operators
SELECT id, name, enabled, settings, changed_at FROM operator ORDER BY id

-- name: operator
SELECT id, enabled, settings, in_doubt FROM operator WHERE name = ?

-- name: make_operator
INSERT INTO operator (name, enabled, settings, in_doubt, changed_at) VALUES (?, 1, ?, ?, ?)
ON CONFLICT (name) DO UPDATE SET enabled = enabled OR settings IS NULL,
    settings = excluded.settings, in_doubt = excluded.in_doubt, changed_at = excluded.changed_at
RETURNING id

-- name: enable_operator
UPDATE operator SET enabled = ?, changed_at = ? WHERE id = ?

-- name: forget_operator
UPDATE operator SET enabled = 0, settings = NULL, in_doubt = 'resend', changed_at = ?
WHERE id = ?

-- name: route_of_operator
SELECT route_id FROM route_target WHERE operator_id = ? LIMIT 1

-- name: waits_for_operator
SELECT EXISTS (
        SELECT 1 FROM message INDEXED BY message_queue WHERE stage = 0 AND operator_id = ?
    )
    OR EXISTS (SELECT 1 FROM message WHERE stage IN (1, 4) AND operator_id = ?)
    OR EXISTS (SELECT 1 FROM message WHERE stage = 5 AND operator_id = ?)

-- Ranges ------------------------------------------------------------------------------------------
-- name: ranges
SELECT prefix, network FROM number_range ORDER BY prefix

-- name: put_range
INSERT INTO number_range (prefix, network) VALUES (?, ?)
ON CONFLICT (prefix) DO UPDATE SET network = excluded.network WHERE network <> excluded.network

-- name: delete_range
DELETE FROM number_range WHERE prefix = ?

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
WHERE id = ? ORDER BY step, operator_id

-- name: count_routes
SELECT count(*) FROM route

-- name: next_route_id
UPDATE sequence SET next = next + 1 WHERE name = 'route' RETURNING next - 1

-- name: make_room
UPDATE route SET position = position + 1 WHERE position >= ?

-- name: insert_route
INSERT INTO route (
    id, position, account_id, sender, network, prefix, kind, priority, prefer
) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)

-- name: insert_target
INSERT INTO route_target (route_id, operator_id, step, weight, cost) VALUES (?, ?, ?, ?, ?)

-- name: delete_route
DELETE FROM route WHERE id = ?

-- name: close_gap
UPDATE route SET position = position - 1 WHERE position > ?

-- Ported numbers ----------------------------------------------------------------------------------
-- name: ported
SELECT msisdn, network FROM ported_number WHERE msisdn > ? ORDER BY msisdn LIMIT ?

-- name: count_ported
SELECT count(*) FROM ported_number

-- name: put_ported
INSERT INTO ported_number (msisdn, network) VALUES (?, ?)
ON CONFLICT (msisdn) DO UPDATE SET network = excluded.network WHERE network <> excluded.network

-- name: clear_ported
DELETE FROM ported_number WHERE msisdn <= (
    SELECT max(msisdn) FROM (SELECT msisdn FROM ported_number ORDER BY msisdn LIMIT ?)
)

-- name: drop_ported
DELETE FROM ported_number WHERE msisdn = ?

-- What changed ------------------------------------------------------------------------------------
-- name: changed
UPDATE sequence SET next = next + 1 WHERE name = ?

-- name: version
SELECT next FROM sequence WHERE name = ?

-- Reports -----------------------------------------------------------------------------------------
-- name: put_report
INSERT INTO bind_report (node, operator_id, number, at, report) VALUES (?, ?, ?, ?, ?)
ON CONFLICT (node, operator_id, number) DO UPDATE SET at = excluded.at, report = excluded.report

-- name: delete_report
DELETE FROM bind_report WHERE node = ? AND operator_id = ? AND number = ?

-- name: delete_old_reports
DELETE FROM bind_report WHERE at < ?

-- name: bind_reports
SELECT node, operator_id, number, at, report FROM bind_report WHERE at > ?
ORDER BY node, operator_id, number
