CREATE DATABASE IF NOT EXISTS alpemix ON CLUSTER 'main' ENGINE = Atomic;
CREATE TABLE IF NOT EXISTS alpemix.schema_version ON CLUSTER 'main'
(
    version    Int64 COMMENT 'Number of an applied migration; 0 stands for the empty schema',
    applied_at DateTime('UTC') COMMENT 'When it was applied, UTC'
)
ENGINE = ReplicatedReplacingMergeTree('/clickhouse/tables/main/{database}/{table}', '{shard}-{replica}')
ORDER BY version
SETTINGS fsync_after_insert = 1, fsync_part_directory = 1
COMMENT 'Applied migrations of the schema';
INSERT INTO alpemix.schema_version SELECT 0, now();
-- A connection is (account, uid). started_at joins the key so that a partition is a function of the key: an identity whose
-- versions fall into two partitions would stay two rows for ever. When the vendor moves the start of a uid, the writer sends
-- a deleted row under the old start in the same batch.
CREATE TABLE IF NOT EXISTS alpemix.connection_rows ON CLUSTER 'main'
(
    account           LowCardinality(String) CODEC(ZSTD(1)),
    uid               String CODEC(ZSTD(1)),
    started_at        DateTime('UTC') CODEC(Delta, ZSTD(1)),
    duration_seconds  UInt32 CODEC(T64, ZSTD(1)),
    mode              Enum8('unknown' = 0, 'support' = 1, 'presentation' = 2) CODEC(ZSTD(1)),
    explanation       String CODEC(ZSTD(1)),
    support_number    String CODEC(ZSTD(1)),
    staff_name        LowCardinality(String) CODEC(ZSTD(1)),
    staff_ip          LowCardinality(String) CODEC(ZSTD(1)),
    staff_local_ip    LowCardinality(String) CODEC(ZSTD(1)),
    staff_device      LowCardinality(String) CODEC(ZSTD(1)),
    staff_alpemix_id  LowCardinality(String) CODEC(ZSTD(1)),
    target_name       LowCardinality(String) CODEC(ZSTD(1)),
    target_ip         LowCardinality(String) CODEC(ZSTD(1)),
    target_local_ip   LowCardinality(String) CODEC(ZSTD(1)),
    target_device     LowCardinality(String) CODEC(ZSTD(1)),
    target_alpemix_id LowCardinality(String) CODEC(ZSTD(1)),
    local_day         Date CODEC(Delta, ZSTD(1)),
    first_seen_at     DateTime('UTC') CODEC(Delta, ZSTD(1)),
    fetched_at        DateTime('UTC') CODEC(Delta, ZSTD(1)),
    raw               String CODEC(ZSTD(3)),
    hash              UInt64 COMMENT 'XXH64 of raw as received; a day is sealed when these were read back' CODEC(NONE),
    version           UInt64 COMMENT 'Microseconds since 1970-01-01 UTC, never repeated: of two contents of one identity the greater is the newer' CODEC(Delta, ZSTD(1)),
    deleted           UInt8 COMMENT '1: the vendor moved the start of this uid, which now stands under another started_at' CODEC(ZSTD(1)),
    INDEX local_day_range local_day TYPE minmax
)
ENGINE = ReplicatedReplacingMergeTree('/clickhouse/tables/main/{database}/{table}', '{shard}-{replica}', version, deleted)
PARTITION BY toYYYYMM(started_at)
ORDER BY (account, started_at, uid)
SETTINGS fsync_after_insert = 1, fsync_part_directory = 1
COMMENT 'Every content read of every connection, until a merge; the view connections reads it right';

-- The column types of a view are those of its table: a filter through a cast would not reach the primary key.
-- FINAL may work partition by partition because the partition is a function of the key.
CREATE VIEW IF NOT EXISTS alpemix.connections ON CLUSTER 'main'
(
    account           LowCardinality(String) COMMENT 'Name of the Alpemix account in the configuration',
    uid               String COMMENT 'Unique number of the connection; Alpemix key uid',
    started_at        DateTime('UTC') COMMENT 'Start, UTC, seconds; Alpemix key dt, read in the zone of the account',
    ended_at          DateTime('UTC') COMMENT 'started_at + duration_seconds, UTC',
    duration_seconds  UInt32 COMMENT 'How long the connection lasted, seconds; Alpemix key dur. Grows while a session runs',
    mode              Enum8('unknown' = 0, 'support' = 1, 'presentation' = 2) COMMENT 'support (0), presentation (1) or unknown (any other); Alpemix key dir',
    explanation       String COMMENT 'What the support staff wrote; Alpemix key exp. May come or change after the session',
    support_number    String COMMENT 'Support number that the staff wrote; Alpemix key supnum. May come or change after the session',
    staff_name        LowCardinality(String) COMMENT 'User name of the support staff; Alpemix key uname',
    staff_ip          LowCardinality(String) COMMENT 'Internet address of the staff device; Alpemix key ip',
    staff_local_ip    LowCardinality(String) COMMENT 'Local address of the staff device; Alpemix key lip',
    staff_device      LowCardinality(String) COMMENT 'Unique number of the staff device; Alpemix key unum',
    staff_alpemix_id  LowCardinality(String) COMMENT 'Alpemix id of the staff; Alpemix key aid',
    target_name       LowCardinality(String) COMMENT 'User name of the target device; Alpemix key tuname',
    target_ip         LowCardinality(String) COMMENT 'Internet address of the target device; Alpemix key tip',
    target_local_ip   LowCardinality(String) COMMENT 'Local address of the target device; Alpemix key tlip',
    target_device     LowCardinality(String) COMMENT 'Unique number of the target device; Alpemix key tunum',
    target_alpemix_id LowCardinality(String) COMMENT 'Alpemix id of the target device; Alpemix key taid',
    local_day         Date COMMENT 'Date of started_at in the zone of the account',
    first_seen_at     DateTime('UTC') COMMENT 'When this uid was first read, UTC',
    fetched_at        DateTime('UTC') COMMENT 'When this content was read, UTC',
    raw               String COMMENT 'The record as Alpemix sent it, in UTF-8; empty once retention.raw has passed'
)
COMMENT 'One row per connection, deduplicated, newest content'
AS SELECT
    account, uid, started_at, started_at + duration_seconds AS ended_at, duration_seconds, mode, explanation, support_number,
    staff_name, staff_ip, staff_local_ip, staff_device, staff_alpemix_id,
    target_name, target_ip, target_local_ip, target_device, target_alpemix_id,
    local_day, first_seen_at, fetched_at, raw
FROM alpemix.connection_rows FINAL
SETTINGS do_not_merge_across_partitions_select_final = 1;

-- Not an incremental materialized view: such a one counts a row again whenever its connection is read again.
CREATE VIEW IF NOT EXISTS alpemix.daily_usage ON CLUSTER 'main'
(
    account     LowCardinality(String) COMMENT 'Name of the Alpemix account in the configuration',
    day         Date COMMENT 'Date in the zone of the account, by the start of the connection',
    staff_name  LowCardinality(String) COMMENT 'User name of the support staff; Alpemix key uname',
    connections UInt64 COMMENT 'Number of connections',
    seconds     UInt64 COMMENT 'Sum of their durations, seconds'
)
COMMENT 'Connections and their seconds per account, day and staff'
AS SELECT account, local_day AS day, staff_name, count() AS connections, sum(duration_seconds) AS seconds
FROM alpemix.connections
GROUP BY account, day, staff_name;

CREATE TABLE IF NOT EXISTS alpemix.day_rows ON CLUSTER 'main'
(
    account   LowCardinality(String),
    day       Date,
    state     Enum8('open' = 1, 'sealed' = 2, 'gap' = 3),
    rows      UInt64,
    sealed_at Nullable(DateTime('UTC')),
    version   UInt64 COMMENT 'Microseconds since 1970-01-01 UTC: of two states of one day the greater is the newer'
)
ENGINE = ReplicatedReplacingMergeTree('/clickhouse/tables/main/{database}/{table}', '{shard}-{replica}', version)
ORDER BY (account, day)
SETTINGS fsync_after_insert = 1, fsync_part_directory = 1
COMMENT 'Every state a vendor day went through, until a merge; the view days reads it right';

CREATE VIEW IF NOT EXISTS alpemix.days ON CLUSTER 'main'
(
    account   LowCardinality(String) COMMENT 'Name of the Alpemix account in the configuration',
    day       Date COMMENT 'Vendor day, in the zone of the account',
    state     Enum8('open' = 1, 'sealed' = 2, 'gap' = 3) COMMENT 'open: may still change; sealed: read whole after its end and found in ClickHouse; gap: gone unsealed, Alpemix tells it no more',
    rows      UInt64 COMMENT 'Connections known of that day',
    sealed_at Nullable(DateTime('UTC')) COMMENT 'When the day was sealed, UTC; NULL unless sealed'
)
COMMENT 'How far each vendor day of each account is collected'
AS SELECT d.account AS account, d.day AS day, d.state AS state, if(d.state = 'open', open_days.rows, d.rows) AS rows, d.sealed_at AS sealed_at
FROM alpemix.day_rows AS d FINAL
LEFT JOIN
(
    -- A day's rows are written with its seal; until then they are counted.
    SELECT account, local_day, count() AS rows
    FROM alpemix.connections
    WHERE local_day IN (SELECT day FROM alpemix.day_rows FINAL WHERE state = 'open')
    GROUP BY account, local_day
) AS open_days ON open_days.account = d.account AND open_days.local_day = d.day
SETTINGS join_use_nulls = 0;

-- at has microseconds here, seconds in the view: two requests within one second are two rows, and a batch written twice is not.
CREATE TABLE IF NOT EXISTS alpemix.fetch_rows ON CLUSTER 'main'
(
    at               DateTime64(6, 'UTC') CODEC(Delta, ZSTD(1)),
    vendor           LowCardinality(String) CODEC(ZSTD(1)),
    account          LowCardinality(String) CODEC(ZSTD(1)),
    job              LowCardinality(String) CODEC(ZSTD(1)),
    outcome          LowCardinality(String) CODEC(ZSTD(1)),
    code             Int32 CODEC(T64, ZSTD(1)),
    rows             UInt64 CODEC(T64, ZSTD(1)),
    new_rows         UInt64 CODEC(T64, ZSTD(1)),
    changed_rows     UInt64 CODEC(T64, ZSTD(1)),
    quarantined_rows UInt64 CODEC(T64, ZSTD(1)),
    bytes            UInt64 CODEC(T64, ZSTD(1)),
    seconds          Float64 CODEC(Gorilla, ZSTD(1))
)
ENGINE = ReplicatedReplacingMergeTree('/clickhouse/tables/main/{database}/{table}', '{shard}-{replica}')
PARTITION BY toYYYYMM(at)
ORDER BY (vendor, account, at, job)
SETTINGS fsync_after_insert = 1, fsync_part_directory = 1
COMMENT 'Requests to vendors; the view fetches reads it right';

CREATE VIEW IF NOT EXISTS alpemix.fetches ON CLUSTER 'main'
(
    at               DateTime('UTC') COMMENT 'When the request was sent, UTC',
    vendor           LowCardinality(String) COMMENT 'alpemix, or a reseller interface',
    account          LowCardinality(String) COMMENT 'Name of the account in the configuration',
    job              LowCardinality(String) COMMENT 'What was asked; for alpemix: token, today, latest, yesterday',
    outcome          LowCardinality(String) COMMENT 'ok, or the reason of the failure',
    code             Int32 COMMENT 'Error number of the vendor; 0 if none',
    rows             UInt64 COMMENT 'Records in the answer',
    new_rows         UInt64 COMMENT 'Records never read before',
    changed_rows     UInt64 COMMENT 'Records read before with another content',
    quarantined_rows UInt64 COMMENT 'Records that could not be read',
    bytes            UInt64 COMMENT 'Size of the answer as received, bytes',
    seconds          Float64 COMMENT 'From sending the request to the last byte of the answer, seconds'
)
COMMENT 'One row per request to a vendor'
AS SELECT toDateTime(at, 'UTC') AS at, vendor, account, job, outcome, code, rows, new_rows, changed_rows, quarantined_rows, bytes, seconds
FROM alpemix.fetch_rows FINAL
SETTINGS do_not_merge_across_partitions_select_final = 1;

CREATE TABLE IF NOT EXISTS alpemix.quarantine_rows ON CLUSTER 'main'
(
    at          DateTime('UTC') CODEC(Delta, ZSTD(1)),
    vendor      LowCardinality(String) CODEC(ZSTD(1)),
    account     LowCardinality(String) CODEC(ZSTD(1)),
    reason      LowCardinality(String) CODEC(ZSTD(1)),
    detail      String CODEC(ZSTD(1)),
    raw         String CODEC(ZSTD(3)),
    hash        UInt64 COMMENT 'XXH64 of raw as received: the same record is one row however often it is read' CODEC(NONE),
    resolved_at Nullable(DateTime('UTC')),
    version     UInt64 COMMENT 'Microseconds since 1970-01-01 UTC: of two states of one record the greater is the newer' CODEC(Delta, ZSTD(1))
)
ENGINE = ReplicatedReplacingMergeTree('/clickhouse/tables/main/{database}/{table}', '{shard}-{replica}', version)
ORDER BY (vendor, account, hash)
SETTINGS fsync_after_insert = 1, fsync_part_directory = 1
COMMENT 'Records that could not be stored; the view quarantine reads it right';

CREATE VIEW IF NOT EXISTS alpemix.quarantine ON CLUSTER 'main'
(
    at          DateTime('UTC') COMMENT 'When the record was read, UTC',
    vendor      LowCardinality(String) COMMENT 'alpemix, or a reseller interface',
    account     LowCardinality(String) COMMENT 'Name of the account in the configuration',
    reason      LowCardinality(String) COMMENT 'Why the record could not be stored, a short fixed word',
    detail      String COMMENT 'What was seen',
    raw         String COMMENT 'The record as sent, in UTF-8; empty once retention.raw has passed',
    resolved_at Nullable(DateTime('UTC')) COMMENT 'When a later reading stored the record, UTC; NULL while it waits'
)
COMMENT 'One row per record that could not be stored'
AS SELECT at, vendor, account, reason, detail, raw, resolved_at
FROM alpemix.quarantine_rows FINAL;
INSERT INTO alpemix.schema_version SELECT 1, now();
