-- What `habar db copy` asks of a file that is moved away.

-- name: identity
SELECT (SELECT started_at FROM run ORDER BY id LIMIT 1),
    (SELECT created_at FROM account ORDER BY id LIMIT 1),
    (SELECT at FROM audit ORDER BY id LIMIT 1)

-- name: state
SELECT (SELECT max(id) FROM run), (SELECT max(ended_at) FROM run),
    (SELECT group_concat(name || '=' || next, ' ') FROM sequence),
    (SELECT max(id) FROM audit), (SELECT max(id) FROM ledger), (SELECT max(id) FROM operator),
    (SELECT count(*) FROM message INDEXED BY message_claimed WHERE stage IN (1, 4))

-- name: sequences
SELECT name, next FROM sequence

-- name: given
-- Of tables whose ids are never given again.
SELECT max(seq) FROM sqlite_sequence WHERE name = ?

-- name: days
SELECT created_at / 86400000 AS day, min(id) FROM message GROUP BY day
