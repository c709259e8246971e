-- The other direction: subscribers' messages, and what customers' web services are to be told.

ALTER TABLE account ADD COLUMN report_url TEXT NOT NULL DEFAULT '';     -- '': none
ALTER TABLE account ADD COLUMN report_host TEXT NOT NULL DEFAULT '';
ALTER TABLE account ADD COLUMN report_format INTEGER NOT NULL DEFAULT 1;
ALTER TABLE account ADD COLUMN callback_secret TEXT NOT NULL DEFAULT '';

-- Who is told of the message: 0 nobody, 1 the URL in message_report, 2 the account's.
ALTER TABLE message ADD COLUMN reports INTEGER NOT NULL DEFAULT 0;
ALTER TABLE message ADD COLUMN reply_to INTEGER NOT NULL DEFAULT 0;     -- an inbound's id
CREATE INDEX message_reply ON message (reply_to) WHERE reply_to <> 0;

CREATE TABLE message_report (
    message_id INTEGER PRIMARY KEY,
    url TEXT NOT NULL,
    host TEXT NOT NULL              -- of the URL, see model/url.py
) STRICT;

-- Numbers that say what was changed of short codes, and the order in which opt-outs were.
INSERT INTO sequence (name, next) VALUES ('shortcode', 1), ('opt_out', 1);

CREATE TABLE shortcode (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    code TEXT NOT NULL,
    keyword TEXT NOT NULL,          -- case-folded; '': whatever no other keyword takes
    account_id INTEGER NOT NULL REFERENCES account (id),
    method INTEGER NOT NULL,        -- store.inbox.CallMethod
    url TEXT NOT NULL,
    host TEXT NOT NULL,
    userin TEXT NOT NULL,
    passwordin TEXT NOT NULL,
    reply TEXT NOT NULL,
    created_at INTEGER NOT NULL,
    UNIQUE (code, keyword)
) STRICT;

CREATE TABLE inbound (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    account_id INTEGER NOT NULL,    -- 0: nobody's
    shortcode_id INTEGER NOT NULL,
    operator_id INTEGER NOT NULL,
    sender TEXT NOT NULL,
    short_code TEXT NOT NULL,
    transaction_id TEXT NOT NULL,
    text TEXT NOT NULL,
    data_coding INTEGER NOT NULL,
    parts INTEGER NOT NULL,
    missing INTEGER NOT NULL,       -- so many of them never came
    sent_at INTEGER,
    received_at INTEGER NOT NULL,
    state INTEGER NOT NULL,         -- store.inbox.InboundState
    reply TEXT NOT NULL,            -- what the gateway answers by itself
    note TEXT NOT NULL DEFAULT '',
    done_at INTEGER
) STRICT;
CREATE INDEX inbound_account ON inbound (account_id, id);
CREATE INDEX inbound_code ON inbound (short_code, id);
CREATE INDEX inbound_open ON inbound (state, id) WHERE state IN (0, 1, 3);
CREATE INDEX inbound_owed ON inbound (account_id, state, id) WHERE state IN (1, 3);
CREATE INDEX inbound_ended ON inbound (coalesce(done_at, received_at)) WHERE state IN (2, 4);

-- Parts of long messages, until all are there or have been waited for long enough; then for a day,
-- to know repeats.
CREATE TABLE inbound_segment (
    operator_id INTEGER NOT NULL,
    sender TEXT NOT NULL,
    short_code TEXT NOT NULL,
    reference INTEGER NOT NULL,
    total INTEGER NOT NULL,
    generation INTEGER NOT NULL,    -- phones use a reference again
    part INTEGER NOT NULL,
    transaction_id TEXT NOT NULL,
    data_coding INTEGER NOT NULL,
    octets BLOB NOT NULL,           -- user data behind its header
    header BLOB NOT NULL,           -- national tables are told there
    at INTEGER NOT NULL,
    sent_at INTEGER,
    joined INTEGER NOT NULL DEFAULT 0,
    mark INTEGER NOT NULL DEFAULT 0, -- store.segments.Mark
    PRIMARY KEY (operator_id, sender, short_code, reference, total, generation, part)
) STRICT, WITHOUT ROWID;
CREATE INDEX inbound_segment_age ON inbound_segment (joined, at);
CREATE INDEX inbound_segment_due ON inbound_segment (mark, at) WHERE joined = 0 AND mark <> 0;

CREATE TABLE opt_out (
    account_id INTEGER NOT NULL REFERENCES account (id),
    msisdn INTEGER NOT NULL,
    short_code TEXT NOT NULL,       -- to which it was said; '': by staff
    active INTEGER NOT NULL,
    at INTEGER NOT NULL,
    change INTEGER NOT NULL,
    PRIMARY KEY (account_id, msisdn)
) STRICT, WITHOUT ROWID;
CREATE INDEX opt_out_change ON opt_out (change);
CREATE INDEX opt_out_active ON opt_out (account_id, change) WHERE active = 1;

-- What a customer is owed to be told, a row each.
CREATE TABLE callback (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    account_id INTEGER NOT NULL,
    kind INTEGER NOT NULL,          -- store.callbacks.CallKind
    subject INTEGER NOT NULL,       -- a message's id, or an inbound's
    state INTEGER NOT NULL,         -- that is told of a message
    at INTEGER NOT NULL,
    host TEXT NOT NULL,
    stage INTEGER NOT NULL,         -- store.callbacks.CallStage
    next_at INTEGER NOT NULL,
    attempts INTEGER NOT NULL DEFAULT 0,
    since INTEGER NOT NULL,         -- from when it is given time
    ended_at INTEGER
) STRICT;
CREATE INDEX callback_queue ON callback (host, next_at, id) WHERE stage = 0;
CREATE INDEX callback_claimed ON callback (stage) WHERE stage = 1;
CREATE INDEX callback_blocked ON callback (next_at) WHERE stage = 4;
CREATE INDEX callback_given_up ON callback (id) WHERE stage = 3;
CREATE INDEX callback_subject ON callback (kind, subject, id);
CREATE INDEX callback_since ON callback (since) WHERE stage = 0;
CREATE INDEX callback_ended ON callback (ended_at) WHERE ended_at IS NOT NULL;
CREATE INDEX callback_account ON callback (account_id, id);

CREATE TABLE callback_try (
    callback_id INTEGER NOT NULL REFERENCES callback (id) ON DELETE CASCADE,
    number INTEGER NOT NULL,
    at INTEGER NOT NULL,
    ms INTEGER NOT NULL,
    status INTEGER NOT NULL,        -- HTTP's; 0: there was no answer
    error TEXT NOT NULL,
    answer TEXT NOT NULL,
    PRIMARY KEY (callback_id, number)
) STRICT, WITHOUT ROWID;

-- Hosts that fail.
CREATE TABLE callback_host (
    host TEXT PRIMARY KEY,
    failures INTEGER NOT NULL,
    paused_until INTEGER NOT NULL,
    error TEXT NOT NULL,
    since INTEGER NOT NULL,         -- when it was first left in peace
    changed_at INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

-- A message's customer is owed a word when an operator has it (stage 2), and when it has ended or
-- its end was bettered (stage 3), whoever changes it. What comes while an earlier word on the same
-- message is owed still waits for that one (stage 4 of callback).
CREATE TRIGGER message_reported AFTER UPDATE OF stage, state ON message
WHEN NEW.reports <> 0 AND NEW.stage IN (2, 3)
    AND (NEW.stage <> OLD.stage OR NEW.state <> OLD.state)
BEGIN
    INSERT INTO callback (account_id, kind, subject, state, at, host, stage, next_at, since)
    SELECT NEW.account_id, 1, NEW.id, CASE NEW.stage WHEN 2 THEN 101 ELSE NEW.state END, now.ms,
        target.host,
        CASE WHEN EXISTS (
            SELECT 1 FROM callback
            WHERE kind = 1 AND subject = NEW.id AND stage IN (0, 1, 4)
        ) THEN 4 ELSE 0 END,
        now.ms, now.ms
    FROM (
        SELECT host FROM message_report WHERE NEW.reports = 1 AND message_id = NEW.id
        UNION ALL
        SELECT report_host FROM account
        WHERE NEW.reports = 2 AND id = NEW.account_id AND report_url <> ''
    ) AS target, (
        SELECT coalesce(CASE NEW.stage WHEN 3 THEN NEW.completed_at ELSE (
            SELECT max(sent_at) FROM part WHERE message_id = NEW.id
        ) END, NEW.created_at) AS ms
    ) AS now;
END;
