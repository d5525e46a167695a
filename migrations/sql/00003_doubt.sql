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
ALTER TABLE {{.Database}}.allotment_rows{{.OnCluster}}
    ADD COLUMN IF NOT EXISTS moved UInt8 DEFAULT 0 COMMENT '1: the account was renamed, and the row now stands under its new name' AFTER version;

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
    raw         String COMMENT 'The record as sent, in UTF-8; empty once retention.raw has passed',
    resolved_at Nullable(DateTime('UTC')) COMMENT 'When the connection was stored by a later reading, or the record was dismissed, UTC; NULL while it waits'
)
COMMENT 'One row per record that could not be stored'
AS SELECT at, vendor, account, reason, detail, raw, resolved_at
FROM {{.Database}}.quarantine_rows FINAL
WHERE NOT moved;

-- A period ends where it was closed, and in any case where the next one of the same allotment begins: the state file that
-- would have closed it may have been lost, or have been put back from an old copy.
DROP VIEW IF EXISTS {{.Database}}.allotment_history{{.OnCluster}};
CREATE VIEW IF NOT EXISTS {{.Database}}.allotment_history{{.OnCluster}}
(
    at         DateTime('UTC') COMMENT 'When this state was first told or set, UTC',
    vendor     LowCardinality(String) COMMENT 'Reseller interface: remotepc, ccportal, serwersms or limacity',
    account    LowCardinality(String) COMMENT 'Name of the account in the configuration',
    customer   String COMMENT 'Name or id of the customer with the vendor; the view customers tells who that is',
    resource   LowCardinality(String) COMMENT 'computers (RemotePC), the name of the pack in lower case (CC), sms_eco, sms_full, voice, mms, hlr (SerwerSMS), disk_gb, mysql_gb, mail (lima-city); empty: the customer itself, where the vendor does not tell limits',
    allotted   Nullable(Float64) COMMENT 'What the customer may use; NULL if unknown',
    utilized   Nullable(Float64) COMMENT 'What the customer uses of it; NULL if unknown',
    unit       LowCardinality(String) COMMENT 'Unit of both; empty for pieces',
    active     Nullable(Bool) COMMENT 'Whether the customer, or its pack, is enabled; NULL if unknown',
    created_on Nullable(Date) COMMENT 'Since when the vendor has the customer; NULL if unknown',
    raw        String COMMENT 'What the vendor sent of it, or what was set through us',
    valid_from DateTime('UTC') COMMENT 'When this state was first read or set, UTC; never before that of the state it follows, also where the clock was set back',
    valid_to   Nullable(DateTime('UTC')) COMMENT 'When another state was first read or set, or the customer was first missing, UTC; NULL while this one is valid'
)
COMMENT 'Every state of every allotment, from valid_from to valid_to, kept for ever'
AS SELECT
    p.at AS at, p.vendor AS vendor, p.account AS account, p.customer AS customer, p.resource AS resource, p.allotted AS allotted,
    p.utilized AS utilized, p.unit AS unit, p.active AS active, p.created_on AS created_on, p.raw AS raw, p.valid_from AS valid_from,
    nullIf(least(p.closed_at, p.next_from, if(p.valid_from < s.since, s.since, p.never)), p.never) AS valid_to
FROM
(
    SELECT
        at, vendor, account, customer, resource, allotted, utilized, unit, active, created_on, raw, valid_from,
        toDateTime(4294967295, 'UTC') AS never, ifNull(valid_to, never) AS closed_at,
        leadInFrame(valid_from, 1, toDateTime(4294967295, 'UTC')) OVER
        (
            PARTITION BY vendor, account, customer, resource ORDER BY valid_from
            ROWS BETWEEN CURRENT ROW AND UNBOUNDED FOLLOWING
        ) AS next_from
    FROM {{.Database}}.allotment_rows FINAL
    WHERE NOT moved
) AS p
LEFT JOIN
(
    SELECT vendor, account, ifNull(since, toDateTime(0, 'UTC')) AS since FROM {{.Database}}.snapshot_rows FINAL
) AS s ON s.vendor = p.vendor AND s.account = p.account
-- What was replaced within the second in which it began was never valid.
WHERE ifNull(valid_to, p.never) > p.valid_from
SETTINGS join_use_nulls = 0;
