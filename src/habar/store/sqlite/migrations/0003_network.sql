-- Operators with their settings, whose numbers are whose, routes, and what links report.

-- The settings are JSON; NULL: known by name only, not served.
ALTER TABLE operator ADD COLUMN enabled INTEGER NOT NULL DEFAULT 0;
ALTER TABLE operator ADD COLUMN settings TEXT;
ALTER TABLE operator ADD COLUMN in_doubt TEXT NOT NULL DEFAULT 'resend';
ALTER TABLE operator ADD COLUMN changed_at INTEGER NOT NULL DEFAULT 0;

-- Numbers that say what was changed (of operators, ranges and routes; of ported numbers), and the
-- id of the next route: a removed route's is not given again, messages name it.
INSERT INTO sequence (name, next) VALUES ('network', 1), ('ported', 1), ('route', 1);

CREATE TABLE number_range (
    prefix TEXT PRIMARY KEY,        -- with which an MSISDN begins
    network TEXT NOT NULL
) STRICT, WITHOUT ROWID;
INSERT INTO number_range (prefix, network) VALUES
    ('7700', 'tele2'), ('7707', 'tele2'), ('7708', 'tele2'), ('7747', 'tele2'), ('7761', 'tele2'),
    ('7701', 'kcell'), ('7702', 'kcell'), ('7775', 'kcell'), ('7778', 'kcell'),
    ('7705', 'beeline'), ('7706', 'beeline'), ('7771', 'beeline'), ('7776', 'beeline'),
    ('7777', 'beeline'), ('7760', 'kulan'), ('7762', 'nursat'), ('7763', 'arna'), ('7764', '2day'),
    ('7785', 'darkhan');

CREATE TABLE ported_number (
    msisdn INTEGER PRIMARY KEY,
    network TEXT NOT NULL
) STRICT;

CREATE TABLE route (
    id INTEGER PRIMARY KEY,
    position INTEGER NOT NULL,      -- 1, 2, 3 …
    account_id INTEGER REFERENCES account (id), -- this and the next: NULL asks for nothing
    sender TEXT,
    network TEXT,
    prefix TEXT,
    kind INTEGER,
    priority INTEGER,
    prefer TEXT NOT NULL
) STRICT;
CREATE INDEX route_position ON route (position);

CREATE TABLE route_target (
    route_id INTEGER NOT NULL REFERENCES route (id) ON DELETE CASCADE,
    operator_id INTEGER NOT NULL REFERENCES operator (id),
    step INTEGER NOT NULL,
    weight INTEGER NOT NULL,
    cost INTEGER NOT NULL,
    PRIMARY KEY (route_id, operator_id)
) STRICT, WITHOUT ROWID;
CREATE INDEX route_target_operator ON route_target (operator_id);

-- A row a bind that is or was held within the hour: so few that they are read as a whole.
CREATE TABLE bind_report (
    node TEXT NOT NULL,
    operator_id INTEGER NOT NULL,
    number INTEGER NOT NULL,
    at INTEGER NOT NULL,
    report TEXT NOT NULL,
    PRIMARY KEY (node, operator_id, number)
) STRICT, WITHOUT ROWID;
