-- What `habar db copy` does to a database that takes an installation in.

-- name: make_copy
CREATE TABLE IF NOT EXISTS habar_copy (
    source text PRIMARY KEY,        -- which installation
    state text NOT NULL,            -- how far it had come: it must not go on until all is here
    began_at bigint NOT NULL,
    last_node bigint NOT NULL,      -- none may begin a run here until all is here
    finished_at bigint              -- NULL: this database is not to be used yet
);
CREATE TABLE IF NOT EXISTS habar_copy_table (
    name text PRIMARY KEY,
    last text NOT NULL,             -- key of the last row that is here, as JSON
    rows bigint NOT NULL,
    done boolean NOT NULL
);

-- name: copy
SELECT source, state, began_at, last_node, finished_at FROM habar_copy FOR UPDATE

-- name: last_node
SELECT coalesce(max(id), 0) FROM node

-- name: own_data
SELECT EXISTS (SELECT 1 FROM account) OR EXISTS (SELECT 1 FROM message)
    OR EXISTS (SELECT 1 FROM operator) OR EXISTS (SELECT 1 FROM audit)
    OR EXISTS (SELECT 1 FROM ledger) OR EXISTS (SELECT 1 FROM receipt_unmatched)
    OR EXISTS (SELECT 1 FROM span) OR EXISTS (SELECT 1 FROM ported_number)

-- name: delete_seeds
DELETE FROM sender;
DELETE FROM number_range

-- name: begin_copy
INSERT INTO habar_copy (source, state, began_at, last_node)
VALUES ($1, $2, (extract(epoch FROM clock_timestamp()) * 1000)::bigint, $3)
RETURNING began_at

-- name: spans
SELECT first_id FROM span

-- name: progress
SELECT last, rows, done FROM habar_copy_table WHERE name = $1

-- name: set_progress
INSERT INTO habar_copy_table (name, last, rows, done) VALUES ($1, $2, $3, $4)
ON CONFLICT (name) DO UPDATE SET last = excluded.last, rows = excluded.rows, done = excluded.done

-- name: set_identity
SELECT setval(pg_get_serial_sequence($1, 'id'), $2, $3)

-- name: set_number
UPDATE sequence SET next = greatest(next, $2) + 1 WHERE name = $1

-- name: finish_copy
UPDATE habar_copy SET finished_at = (extract(epoch FROM clock_timestamp()) * 1000)::bigint
WHERE source = $1

-- name: count_anew
ANALYZE account, sender, message, part, customer_ref, receipt_unmatched, receipt_unmatched_key,
    number_range, ported_number, route, route_target, ledger,
    message_report, inbound, callback, callback_try
