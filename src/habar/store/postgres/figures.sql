-- What a copy is compared by, a statement a table: the same names as the source's, in the same order.
-- Of a text the octets are counted that it had before texts.py packed it: 4 less for each NUL.
-- The checksum of messages sees a text under another id: their product modulo 1000003, added up.

-- name: operator
SELECT count(*) AS rows, sum(id) AS ids, count(*) FILTER (WHERE enabled) AS enabled, sum(changed_at) AS times,
    sum(octet_length(name) + coalesce(octet_length(settings), 0)
        + octet_length(in_doubt)) AS octets
FROM operator

-- name: account
SELECT count(*) AS rows, sum(id) AS ids, sum(balance) AS balances, sum(allowance) AS allowances,
    sum(day_used) AS used, sum(part_price) AS prices,
    sum(octet_length(login) + octet_length(password_hash)) AS octets
FROM account

-- name: api_key
SELECT count(*) AS rows, sum(account_id) AS accounts, sum(octet_length(digest)) AS octets
FROM api_key

-- name: sender
SELECT count(*) AS rows, sum(id) AS ids, sum(account_id) AS accounts,
    sum(octet_length(name)) AS octets
FROM sender

-- name: message
SELECT count(*) AS rows, sum(id) AS ids, sum(parts) AS parts, sum(price) AS prices,
    sum(refunded) AS refunds, sum(state) AS states,
    count(*) FILTER (WHERE stage IN (0, 1)) AS waiting,
    count(*) FILTER (WHERE stage = 2) AS sent, count(*) FILTER (WHERE stage IN (4, 5)) AS held,
    sum(repeats) AS repeats, sum(route_id) AS routes,
    sum(size) AS octets, sum((id % 1000003) * (size + 1) % 1000003) AS checksum
FROM (
    SELECT *, octet_length(text)
        - 2 * (length(text) - length(replace(text, chr(1114111) || '0', '')))
        - (length(text) - length(replace(text, chr(1114111) || '1', ''))) / 2 AS size
    FROM message
) AS message

-- name: part
SELECT count(*) AS rows, sum(message_id) AS ids, sum(part) AS numbers, sum(state) AS states,
    sum(receipts) AS receipts, sum(
        octet_length(operator_message_id)
        - 2 * (length(operator_message_id) - length(replace(operator_message_id, chr(1114111) || '0', '')))
        - (length(operator_message_id) - length(replace(operator_message_id, chr(1114111) || '1', ''))) / 2
    ) AS octets
FROM part

-- name: customer_ref
SELECT count(*) AS rows, sum(account_id) AS accounts, sum(message_id) AS ids,
    sum(customer_id % 1000003) AS refs
FROM customer_ref

-- name: receipt_unmatched
SELECT count(*) AS rows, sum(id) AS ids, sum(state) AS states, sum(whole::integer) AS whole,
    sum(
        octet_length(raw)
        - 2 * (length(raw) - length(replace(raw, chr(1114111) || '0', '')))
        - (length(raw) - length(replace(raw, chr(1114111) || '1', ''))) / 2
    ) AS octets
FROM receipt_unmatched

-- name: receipt_unmatched_key
SELECT count(*) AS rows, sum(receipt_id) AS ids, sum(operator_key % 1000003) AS keys
FROM receipt_unmatched_key

-- name: number_range
SELECT count(*) AS rows, sum(octet_length(prefix)) AS prefixes, sum(octet_length(network)) AS octets
FROM number_range

-- name: ported_number
SELECT count(*) AS rows, sum(msisdn % 1000000007) AS numbers, sum(octet_length(network)) AS octets,
    sum((msisdn % 1000003) * octet_length(network) % 1000003) AS checksum
FROM ported_number

-- name: route
SELECT count(*) AS rows, sum(id) AS ids, sum(position) AS positions, sum(account_id) AS accounts,
    sum(kind) AS kinds, sum(priority) AS priorities,
    sum(coalesce(octet_length(sender), 0) + coalesce(octet_length(network), 0)
        + coalesce(octet_length(prefix), 0) + octet_length(prefer)) AS octets
FROM route

-- name: route_target
SELECT count(*) AS rows, sum(route_id) AS ids, sum(operator_id) AS operators, sum(step) AS steps,
    sum(weight) AS weights, sum(cost) AS costs
FROM route_target

-- name: message_report
SELECT count(*) AS rows, sum(message_id) AS ids, sum(octet_length(host)) AS octets
FROM message_report

-- name: shortcode
SELECT count(*) AS rows, sum(id) AS ids, sum(account_id) AS accounts, sum(method) AS methods,
    sum(octet_length(code) + octet_length(keyword)) AS octets
FROM shortcode

-- name: inbound
SELECT count(*) AS rows, sum(id) AS ids, sum(account_id) AS accounts, sum(state) AS states,
    sum(parts) AS parts, sum(missing) AS missing,
    sum((
        octet_length(text)
        - 2 * (length(text) - length(replace(text, chr(1114111) || '0', '')))
        - (length(text) - length(replace(text, chr(1114111) || '1', ''))) / 2
    )) AS octets
FROM inbound

-- name: inbound_segment
SELECT count(*) AS rows, sum(part) AS parts, sum(generation) AS generations,
    sum(joined::integer) AS joined, sum(octet_length(octets)) AS octets
FROM inbound_segment

-- name: opt_out
SELECT count(*) AS rows, sum(account_id) AS accounts, sum(msisdn % 1000000007) AS numbers,
    sum(active::integer) AS active, sum(change) AS changes
FROM opt_out

-- name: callback
SELECT count(*) AS rows, sum(id) AS ids, sum(subject) AS subjects, sum(state) AS states,
    sum((stage IN (0, 1))::integer) AS waiting, sum((stage IN (4))::integer) AS blocked, sum(attempts) AS attempts
FROM callback

-- name: callback_try
SELECT count(*) AS rows, sum(callback_id) AS ids, sum(number) AS numbers, sum(status) AS statuses
FROM callback_try

-- name: callback_host
SELECT count(*) AS rows, sum(failures) AS failures, sum(octet_length(host)) AS octets
FROM callback_host

-- name: ledger
SELECT count(*) AS rows, sum(id) AS ids, sum(amount) AS amounts, sum(messages) AS messages
FROM ledger

-- name: audit
SELECT count(*) AS rows, sum(id) AS ids, sum(octet_length(detail)) AS octets
FROM audit
