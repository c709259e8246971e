-- What a copy is compared by, a statement a table: the same names as the target's, in the same order.
-- The checksum of messages sees a text under another id: their product modulo 1000003, added up.

-- name: operator
SELECT count(*) AS rows, sum(id) AS ids, sum(enabled) AS enabled, sum(changed_at) AS times,
    sum(length(CAST(name AS BLOB)) + coalesce(length(CAST(settings AS BLOB)), 0)
        + length(CAST(in_doubt AS BLOB))) AS octets
FROM operator

-- name: account
SELECT count(*) AS rows, sum(id) AS ids, sum(balance) AS balances, sum(allowance) AS allowances,
    sum(day_used) AS used, sum(part_price) AS prices,
    sum(length(CAST(login AS BLOB)) + length(CAST(password_hash AS BLOB))) AS octets
FROM account

-- name: api_key
SELECT count(*) AS rows, sum(account_id) AS accounts, sum(length(digest)) AS octets
FROM api_key

-- name: sender
SELECT count(*) AS rows, sum(id) AS ids, sum(account_id) AS accounts,
    sum(length(CAST(name AS BLOB))) AS octets
FROM sender

-- name: message
SELECT count(*) AS rows, sum(id) AS ids, sum(parts) AS parts, sum(price) AS prices,
    sum(refunded) AS refunds, sum(state) AS states, sum(stage IN (0, 1)) AS waiting,
    sum(stage = 2) AS sent, sum(stage IN (4, 5)) AS held,
    sum(repeats + (stage IN (1, 4))) AS repeats, sum(route_id) AS routes,
    sum(length(CAST(text AS BLOB))) AS octets,
    sum((id % 1000003) * (length(CAST(text AS BLOB)) + 1) % 1000003) AS checksum
FROM message

-- name: part
SELECT count(*) AS rows, sum(message_id) AS ids, sum(part) AS numbers, sum(state) AS states,
    sum(receipts) AS receipts, sum(length(CAST(operator_message_id AS BLOB))) AS octets
FROM part

-- name: customer_ref
SELECT count(*) AS rows, sum(account_id) AS accounts, sum(message_id) AS ids,
    sum(customer_id % 1000003) AS refs
FROM customer_ref

-- name: receipt_unmatched
SELECT count(*) AS rows, sum(id) AS ids, sum(state) AS states, sum(whole) AS whole,
    sum(length(CAST(raw AS BLOB))) AS octets
FROM receipt_unmatched

-- name: receipt_unmatched_key
SELECT count(*) AS rows, sum(receipt_id) AS ids, sum(operator_key % 1000003) AS keys
FROM receipt_unmatched_key

-- name: number_range
SELECT count(*) AS rows, sum(length(CAST(prefix AS BLOB))) AS prefixes, sum(length(CAST(network AS BLOB))) AS octets
FROM number_range

-- name: ported_number
SELECT count(*) AS rows, sum(msisdn % 1000000007) AS numbers, sum(length(CAST(network AS BLOB))) AS octets,
    sum((msisdn % 1000003) * length(CAST(network AS BLOB)) % 1000003) AS checksum
FROM ported_number

-- name: route
SELECT count(*) AS rows, sum(id) AS ids, sum(position) AS positions, sum(account_id) AS accounts,
    sum(kind) AS kinds, sum(priority) AS priorities,
    sum(coalesce(length(CAST(sender AS BLOB)), 0) + coalesce(length(CAST(network AS BLOB)), 0)
        + coalesce(length(CAST(prefix AS BLOB)), 0) + length(CAST(prefer AS BLOB))) AS octets
FROM route

-- name: route_target
SELECT count(*) AS rows, sum(route_id) AS ids, sum(operator_id) AS operators, sum(step) AS steps,
    sum(weight) AS weights, sum(cost) AS costs
FROM route_target

-- name: message_report
SELECT count(*) AS rows, sum(message_id) AS ids, sum(length(CAST(host AS BLOB))) AS octets
FROM message_report

-- name: shortcode
SELECT count(*) AS rows, sum(id) AS ids, sum(account_id) AS accounts, sum(method) AS methods,
    sum(length(CAST(code AS BLOB)) + length(CAST(keyword AS BLOB))) AS octets
FROM shortcode

-- name: inbound
SELECT count(*) AS rows, sum(id) AS ids, sum(account_id) AS accounts, sum(state) AS states,
    sum(parts) AS parts, sum(missing) AS missing,
    sum(length(CAST(text AS BLOB))) AS octets
FROM inbound

-- name: inbound_segment
SELECT count(*) AS rows, sum(part) AS parts, sum(generation) AS generations,
    sum(joined) AS joined, sum(length(octets)) AS octets
FROM inbound_segment

-- name: opt_out
SELECT count(*) AS rows, sum(account_id) AS accounts, sum(msisdn % 1000000007) AS numbers,
    sum(active) AS active, sum(change) AS changes
FROM opt_out

-- name: callback
SELECT count(*) AS rows, sum(id) AS ids, sum(subject) AS subjects, sum(state) AS states,
    sum(stage IN (0, 1)) AS waiting, sum(stage IN (4)) AS blocked, sum(attempts) AS attempts
FROM callback

-- name: callback_try
SELECT count(*) AS rows, sum(callback_id) AS ids, sum(number) AS numbers, sum(status) AS statuses
FROM callback_try

-- name: callback_host
SELECT count(*) AS rows, sum(failures) AS failures, sum(length(CAST(host AS BLOB))) AS octets
FROM callback_host

-- name: ledger
SELECT count(*) AS rows, sum(id) AS ids, sum(amount) AS amounts, sum(messages) AS messages
FROM ledger

-- name: audit
SELECT count(*) AS rows, sum(id) AS ids, sum(length(CAST(detail AS BLOB))) AS octets
FROM audit
