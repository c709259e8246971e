-- serves: 1
-- Operators with their settings, whose numbers are whose, routes, and what links report.

ALTER TABLE operator
    ADD COLUMN enabled boolean NOT NULL DEFAULT false,
    ADD COLUMN settings text,       -- JSON; NULL: known by name only, not served
    ADD COLUMN in_doubt text NOT NULL DEFAULT 'resend',
    ADD COLUMN changed_at bigint NOT NULL DEFAULT 0;

-- Numbers that say what was changed (of operators, ranges and routes; of ported numbers), and the
-- id of the next route: a removed route's is not given again, messages name it.
INSERT INTO sequence (name, next, span_end, day)
VALUES ('network', 1, 0, 0), ('ported', 1, 0, 0), ('route', 1, 0, 0);

CREATE TABLE number_range (
    prefix text PRIMARY KEY,        -- with which an MSISDN begins
    network text NOT NULL
);
INSERT INTO number_range (prefix, network) VALUES
    ('7700', 'tele2'), ('7707', 'tele2'), ('7708', 'tele2'), ('7747', 'tele2'), ('7761', 'tele2'),
    ('7701', 'kcell'), ('7702', 'kcell'), ('7775', 'kcell'), ('7778', 'kcell'),
    ('7705', 'beeline'), ('7706', 'beeline'), ('7771', 'beeline'), ('7776', 'beeline'),
    ('7777', 'beeline'), ('7760', 'kulan'), ('7762', 'nursat'), ('7763', 'arna'), ('7764', '2day'),
    ('7785', 'darkhan');

CREATE TABLE ported_number (
    msisdn bigint PRIMARY KEY,
    network text NOT NULL
);

CREATE TABLE route (
    id bigint PRIMARY KEY,
    position integer NOT NULL,      -- 1, 2, 3 …
    account_id bigint REFERENCES account (id), -- this and the next: NULL asks for nothing
    sender text,
    network text,
    prefix text,
    kind smallint,
    priority smallint,
    prefer text NOT NULL
);
CREATE INDEX route_position ON route (position);

CREATE TABLE route_target (
    route_id bigint NOT NULL REFERENCES route (id) ON DELETE CASCADE,
    operator_id bigint NOT NULL REFERENCES operator (id),
    step integer NOT NULL,
    weight integer NOT NULL,
    cost bigint NOT NULL,
    PRIMARY KEY (route_id, operator_id)
);
CREATE INDEX route_target_operator ON route_target (operator_id);

-- A row a bind that is or was held within the hour: so few that they are read as a whole. Without
-- an index over the time an update stays on its page.
CREATE TABLE bind_report (
    node text NOT NULL,
    operator_id bigint NOT NULL,
    number integer NOT NULL,
    at bigint NOT NULL,
    report text NOT NULL,
    PRIMARY KEY (node, operator_id, number)
) WITH (fillfactor = 30);
