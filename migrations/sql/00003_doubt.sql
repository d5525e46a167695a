-- +goose NO TRANSACTION
-- +goose Up

-- The collector remembers this id. Another one means that the database was replaced, emptied or created anew, and that what only
-- the collector's state file still knows has to be written again. Of several ids the oldest counts: two replicas may have
-- been asked at once.
CREATE TABLE IF NOT EXISTS {{.Database}}.identity_rows{{.OnCluster}}
(
    id         String COMMENT 'A random id of this database',
    created_at DateTime64(6, 'UTC') COMMENT 'When the id was given, UTC'
)
ENGINE = {{.Engine "ReplacingMergeTree" ""}}
ORDER BY (created_at, id)
SETTINGS {{.Durable}}
COMMENT 'Which database this is; the collector recognises it by the oldest id';

-- An account that gets a new name takes its rows along: they are copied, and what is left under the old name is marked.
ALTER TABLE {{.Database}}.day_rows{{.OnCluster}}
    ADD COLUMN IF NOT EXISTS moved UInt8 DEFAULT 0 COMMENT '1: the account was renamed, and the row now stands under its new name' AFTER version;

-- What is no UTF-8 is kept as it came, so that a wrong guess at its charset can be undone.
ALTER TABLE {{.Database}}.connections{{.OnCluster}}
    COMMENT COLUMN raw 'The bytes of the record as Alpemix sent it, which need not be UTF-8; empty once retention.raw has passed';

-- The default reads the uid of records that were quarantined before this column was there.
ALTER TABLE {{.Database}}.quarantine_rows{{.OnCluster}}
    COMMENT COLUMN hash 'What identifies the record: one record is one row however often its text changes';
ALTER TABLE {{.Database}}.quarantine_rows{{.OnCluster}}
    ADD COLUMN IF NOT EXISTS uid String DEFAULT extract(raw, '"uid"\\s*:\\s*"([^"\\\\]+)"') COMMENT 'Alpemix key uid, as far as it could be read' CODEC(ZSTD(1)) AFTER version;
ALTER TABLE {{.Database}}.quarantine_rows{{.OnCluster}}
    ADD COLUMN IF NOT EXISTS moved UInt8 DEFAULT 0 COMMENT '1: the account was renamed, and the row now stands under its new name' AFTER uid;

DROP VIEW IF EXISTS {{.Database}}.days{{.OnCluster}};
CREATE VIEW IF NOT EXISTS {{.Database}}.days{{.OnCluster}}
(
    account   LowCardinality(String) COMMENT 'Name of the Alpemix account in the configuration',
    day       Date COMMENT 'Vendor day, in the zone of the account',
    state     Enum8('open' = 1, 'sealed' = 2, 'gap' = 3) COMMENT 'open: may still change; sealed: read completely after its end and found in ClickHouse; gap: gone unsealed, Alpemix serves it no more',
    rows      UInt64 COMMENT 'Connections known of that day, those imported into a gap included',
    sealed_at Nullable(DateTime('UTC')) COMMENT 'When the day was sealed, UTC; NULL unless sealed'
)
COMMENT 'How far each vendor day of each account is collected'
AS SELECT d.account AS account, d.day AS day, d.state AS state, if(d.state = 'sealed', d.rows, unsealed.rows) AS rows, d.sealed_at AS sealed_at
FROM {{.Database}}.day_rows AS d FINAL
LEFT JOIN
(
    -- A day's rows are written with its seal; until then they are counted.
    SELECT account, local_day, count() AS rows
    FROM {{.Database}}.connections
    WHERE local_day IN (SELECT day FROM {{.Database}}.day_rows FINAL WHERE state != 'sealed' AND NOT moved)
    GROUP BY account, local_day
) AS unsealed ON unsealed.account = d.account AND unsealed.local_day = d.day
WHERE NOT d.moved
SETTINGS join_use_nulls = 0;

DROP VIEW IF EXISTS {{.Database}}.quarantine{{.OnCluster}};
CREATE VIEW IF NOT EXISTS {{.Database}}.quarantine{{.OnCluster}}
(
    at          DateTime('UTC') COMMENT 'When the record was read, UTC',
    vendor      LowCardinality(String) COMMENT 'alpemix, or a reseller interface',
    account     LowCardinality(String) COMMENT 'Name of the account in the configuration',
    reason      LowCardinality(String) COMMENT 'Why the record could not be stored, a short fixed word',
    detail      String COMMENT 'What was seen',
    raw         String COMMENT 'The bytes of the record as sent, which need not be UTF-8; empty once retention.raw has passed',
    resolved_at Nullable(DateTime('UTC')) COMMENT 'When the connection was stored by a later reading, or the record was dismissed, UTC; NULL while it waits'
)
COMMENT 'One row per record that could not be stored'
AS SELECT at, vendor, account, reason, detail, raw, resolved_at
FROM {{.Database}}.quarantine_rows FINAL
WHERE NOT moved;
