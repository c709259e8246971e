-- The ground: accounts and their money, messages on their way, what operators said of them.
-- Times are UTC milliseconds, money is tiyn, states are model.status.MessageState's numbers.

CREATE TABLE run (
    id INTEGER PRIMARY KEY,
    started_at INTEGER NOT NULL,
    ended_at INTEGER,               -- NULL: runs still, or died
    recovered INTEGER NOT NULL,     -- messages that the run before had in hand when it died
    touched INTEGER NOT NULL DEFAULT 0 -- by commits that only measure the disk
) STRICT;

CREATE TABLE sequence (
    name TEXT PRIMARY KEY,
    next INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
INSERT INTO sequence (name, next) VALUES ('message', 1), ('books', 1);

CREATE TABLE probe (
    id INTEGER PRIMARY KEY,
    room BLOB NOT NULL              -- written and removed again to see whether the disk has room
) STRICT;

CREATE TABLE account (
    id INTEGER PRIMARY KEY,
    login TEXT NOT NULL UNIQUE,
    kind INTEGER NOT NULL,
    blocked INTEGER NOT NULL,
    default_sender TEXT NOT NULL,
    max_parts INTEGER NOT NULL,
    part_price INTEGER NOT NULL,
    daily_limit INTEGER,
    rate_limit INTEGER,
    priority INTEGER NOT NULL,
    xml_accept_code TEXT NOT NULL,
    duplicate_id INTEGER NOT NULL,
    xml_lenient INTEGER NOT NULL,
    recipient TEXT NOT NULL,
    http_reply TEXT NOT NULL,
    timezone TEXT NOT NULL,
    password_hash TEXT NOT NULL,
    balance INTEGER NOT NULL,       -- always the sum of the account's ledger
    allowance INTEGER,              -- test parts left; NULL for a full account
    day INTEGER NOT NULL DEFAULT 0,
    day_used INTEGER NOT NULL DEFAULT 0,
    created_at INTEGER NOT NULL
) STRICT;

CREATE TABLE api_key (
    digest BLOB PRIMARY KEY,
    account_id INTEGER NOT NULL REFERENCES account (id),
    label TEXT NOT NULL,
    created_at INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE sender (
    id INTEGER PRIMARY KEY,
    account_id INTEGER REFERENCES account (id), -- NULL: everybody's
    name TEXT NOT NULL,
    free_of_charge INTEGER NOT NULL DEFAULT 0,
    created_at INTEGER NOT NULL DEFAULT 0
) STRICT;
CREATE UNIQUE INDEX sender_name ON sender (ifnull(account_id, 0), name);
INSERT INTO sender (account_id, name, free_of_charge)
VALUES (NULL, 'TEXT_MSG', 0), (NULL, 'INFO_KAZ', 1);

CREATE TABLE operator (
    id INTEGER PRIMARY KEY,
    name TEXT NOT NULL UNIQUE
) STRICT;

-- The columns from account_id to price are model.message.Submission's, in its order.
CREATE TABLE message (
    id INTEGER PRIMARY KEY,
    account_id INTEGER NOT NULL,
    customer_id INTEGER,
    protocol INTEGER NOT NULL,
    sender TEXT NOT NULL,
    recipient INTEGER NOT NULL,
    text TEXT NOT NULL,
    data_coding INTEGER NOT NULL,
    flash INTEGER NOT NULL,
    parts INTEGER NOT NULL,
    priority INTEGER NOT NULL,
    created_at INTEGER NOT NULL,
    due_at INTEGER NOT NULL,        -- as the customer wanted it
    expires_at INTEGER,
    operator_id INTEGER NOT NULL,
    stage INTEGER NOT NULL,
    state INTEGER NOT NULL,
    price INTEGER NOT NULL,
    next_at INTEGER NOT NULL,       -- when it may be tried: due_at, later after a passing error
    attempts INTEGER NOT NULL DEFAULT 0,
    repeats INTEGER NOT NULL DEFAULT 0,
    refunded INTEGER NOT NULL DEFAULT 0,
    last_error TEXT NOT NULL DEFAULT '',
    uncertain_at INTEGER,
    completed_at INTEGER
) STRICT;
-- The queue. A finished message is in none of these.
CREATE INDEX message_queue ON message (operator_id, priority, account_id, next_at) WHERE stage = 0;
CREATE INDEX message_claimed ON message (stage) WHERE stage = 1;
CREATE INDEX message_expiry ON message (expires_at) WHERE stage = 0 AND expires_at IS NOT NULL;
CREATE INDEX message_age ON message (stage, due_at) WHERE stage = 0;

CREATE TABLE customer_ref (
    account_id INTEGER NOT NULL,
    customer_id INTEGER NOT NULL,
    message_id INTEGER NOT NULL,    -- the newest of that id
    PRIMARY KEY (account_id, customer_id)
) STRICT, WITHOUT ROWID;

CREATE TABLE part (
    message_id INTEGER NOT NULL,
    part INTEGER NOT NULL,
    operator_id INTEGER NOT NULL,
    operator_key INTEGER,           -- of operator_message_id, see operator_key.py; NULL: none given
    operator_message_id TEXT NOT NULL,
    sent_at INTEGER NOT NULL,
    state INTEGER,                  -- NULL: no final receipt yet
    error TEXT NOT NULL DEFAULT '',
    done_at INTEGER,
    receipt_at INTEGER,
    receipts INTEGER NOT NULL DEFAULT 0,
    PRIMARY KEY (message_id, part)
) STRICT, WITHOUT ROWID;
CREATE INDEX part_operator_key ON part (operator_key, operator_id) WHERE operator_key IS NOT NULL;

CREATE TABLE receipt_unmatched (
    id INTEGER PRIMARY KEY,
    operator_id INTEGER NOT NULL,
    operator_message_id TEXT NOT NULL,
    state INTEGER NOT NULL,
    error TEXT NOT NULL,
    done_at INTEGER,
    at INTEGER NOT NULL,
    raw TEXT NOT NULL
) STRICT;
CREATE TABLE receipt_unmatched_key (
    operator_key INTEGER NOT NULL,
    receipt_id INTEGER NOT NULL REFERENCES receipt_unmatched (id) ON DELETE CASCADE,
    operator_message_id TEXT NOT NULL,
    PRIMARY KEY (operator_key, receipt_id, operator_message_id)
) STRICT, WITHOUT ROWID;
CREATE INDEX receipt_unmatched_key_receipt ON receipt_unmatched_key (receipt_id);

CREATE TABLE ledger (
    id INTEGER PRIMARY KEY,
    account_id INTEGER NOT NULL,
    at INTEGER NOT NULL,
    kind TEXT NOT NULL,             -- opening, top-up, charge, refund
    amount INTEGER NOT NULL,
    first_message_id INTEGER,
    last_message_id INTEGER,
    messages INTEGER NOT NULL DEFAULT 0,
    note TEXT NOT NULL DEFAULT ''
) STRICT;
CREATE INDEX ledger_account ON ledger (account_id, amount);

CREATE TABLE audit (
    id INTEGER PRIMARY KEY,
    at INTEGER NOT NULL,
    actor TEXT NOT NULL,
    action TEXT NOT NULL,
    subject TEXT NOT NULL,
    detail TEXT NOT NULL
) STRICT;
