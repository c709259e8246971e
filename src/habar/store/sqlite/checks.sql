-- What `habar db status` and `check` ask, by the names in store/inspection.py. A check's row ends with
-- the count of all its rows.

-- name: ledger_sums
SELECT account.id, account.login, account.balance, coalesce(sums.total, 0), count(*) OVER ()
FROM account LEFT JOIN (
    SELECT account_id, sum(amount) AS total FROM ledger GROUP BY account_id
) AS sums ON sums.account_id = account.id
WHERE account.balance <> coalesce(sums.total, 0)
ORDER BY account.id LIMIT ?

-- name: ledger_strangers
SELECT ledger.id, ledger.account_id, count(*) OVER ()
FROM ledger LEFT JOIN account ON account.id = ledger.account_id
WHERE account.id IS NULL
ORDER BY ledger.id LIMIT ?

-- name: below_nothing
SELECT id, login, balance, coalesce(allowance, 'none'), count(*) OVER ()
FROM account WHERE balance < 0 OR allowance < 0
ORDER BY id LIMIT ?

-- name: refs
SELECT ref.account_id, ref.customer_id, ref.message_id, count(*) OVER ()
FROM customer_ref AS ref LEFT JOIN message ON message.id = ref.message_id
WHERE message.id IS NULL OR message.account_id <> ref.account_id
    OR message.customer_id IS NOT ref.customer_id
ORDER BY ref.account_id, ref.customer_id LIMIT ?

-- name: claimed
SELECT message.id, coalesce((SELECT max(id) FROM run), 'none'), count(*) OVER ()
FROM message INDEXED BY message_claimed
WHERE message.stage IN (1, 4)
    AND NOT EXISTS (
        SELECT 1 FROM run WHERE run.id = (SELECT max(id) FROM run) AND run.ended_at IS NULL
    )
ORDER BY message.id LIMIT ?

-- name: parts
SELECT part.message_id, part.part, coalesce(message.parts, 0), count(*) OVER ()
FROM part LEFT JOIN message ON message.id = part.message_id
WHERE message.id IS NULL OR part.part NOT BETWEEN 1 AND message.parts
ORDER BY part.message_id, part.part LIMIT ?

-- name: calls_of_nobody
SELECT callback.id, callback.subject, count(*) OVER ()
FROM callback LEFT JOIN inbound ON inbound.id = callback.subject
WHERE callback.kind = 2 AND inbound.id IS NULL
ORDER BY callback.id LIMIT ?

-- name: owed_by_nobody
SELECT inbound.id, count(*) OVER ()
FROM inbound
WHERE state = 1 AND NOT EXISTS (
    SELECT 1 FROM callback WHERE kind = 2 AND subject = inbound.id AND stage IN (0, 1, 4)
)
ORDER BY inbound.id LIMIT ?

-- name: opt_out_changes
SELECT opt_out.account_id, opt_out.msisdn, opt_out.change, count(*) OVER ()
FROM sequence CROSS JOIN opt_out
WHERE sequence.name = 'opt_out' AND opt_out.change >= sequence.next
ORDER BY opt_out.account_id, opt_out.msisdn LIMIT ?

-- name: ids
SELECT message.id, sequence.next, count(*) OVER ()
FROM sequence CROSS JOIN message
WHERE sequence.name = 'message' AND message.id >= sequence.next
ORDER BY message.id LIMIT ?

-- name: file_damage
SELECT * FROM pragma_quick_check(?)

-- name: accounts
SELECT count(*) FROM account

-- name: message_ids
SELECT min(id), max(id) FROM message

-- name: created_at
SELECT created_at FROM message WHERE id = ?
