-- Retention: when a message ended, and how far the texts have been gone through.

-- `ended_at` is NULL for what is open. One that the operator has (stage 2) ended when it was taken:
-- its receipt may never come, and then it would stay for ever.
CREATE VIEW message_end AS
SELECT id, created_at, text <> '' AS has_text,
    CASE stage
        WHEN 3 THEN completed_at
        WHEN 2 THEN max(created_at, due_at, coalesce(
            (SELECT max(sent_at) FROM part WHERE part.message_id = message.id), 0))
    END AS ended_at
FROM message;

-- Each message up to that id has lost its text or stands in text_kept.
CREATE TABLE texts_tidied (
    id INTEGER PRIMARY KEY CHECK (id = 1),
    upto INTEGER NOT NULL
) STRICT;
INSERT INTO texts_tidied (id, upto) VALUES (1, 0);

CREATE TABLE text_kept (
    message_id INTEGER PRIMARY KEY  -- had not ended when its turn came: to be looked at again
) STRICT;
