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
-- One row is one state of one (vendor, account, customer, resource), from valid_from to valid_to. No partitions: the versions of a
-- period must meet, however long it lasts. Allotments are few beside connections and are kept for ever.
CREATE TABLE IF NOT EXISTS alpemix.allotment_rows ON CLUSTER 'main'
(
    at         DateTime('UTC') CODEC(Delta, ZSTD(1)),
    vendor     LowCardinality(String) CODEC(ZSTD(1)),
    account    LowCardinality(String) CODEC(ZSTD(1)),
    customer   String CODEC(ZSTD(1)),
    resource   LowCardinality(String) CODEC(ZSTD(1)),
    allotted   Nullable(Float64) CODEC(ZSTD(1)),
    utilized   Nullable(Float64) CODEC(ZSTD(1)),
    unit       LowCardinality(String) CODEC(ZSTD(1)),
    active     Nullable(Bool) CODEC(ZSTD(1)),
    created_on Nullable(Date) CODEC(ZSTD(1)),
    raw        String CODEC(ZSTD(3)),
    valid_from DateTime('UTC') CODEC(Delta, ZSTD(1)),
    valid_to   Nullable(DateTime('UTC')) CODEC(ZSTD(1)),
    version    UInt64 COMMENT 'Microseconds since 1970-01-01 UTC, never repeated: of two states of one period the greater is the newer' CODEC(Delta, ZSTD(1))
)
ENGINE = ReplicatedReplacingMergeTree('/clickhouse/tables/main/{database}/{table}', '{shard}-{replica}', version)
ORDER BY (vendor, account, customer, resource, valid_from)
SETTINGS fsync_after_insert = 1, fsync_part_directory = 1
COMMENT 'Every period of every allotment, open and closed, until a merge; the view allotment_history reads it right. Kept for ever';

-- A snapshot that finds everything unchanged writes this row alone.
CREATE TABLE IF NOT EXISTS alpemix.snapshot_rows ON CLUSTER 'main'
(
    vendor    LowCardinality(String) COMMENT 'Reseller interface: remotepc, ccportal, serwersms or limacity',
    account   LowCardinality(String) COMMENT 'Name of the account in the configuration',
    at        DateTime('UTC') COMMENT 'When the account was last read whole, UTC',
    since     Nullable(DateTime('UTC')) COMMENT 'Since when the state file of the collector knows what is allotted, UTC: periods that were still open then are of a state file that was lost, and end there. NULL where the vendor does not tell limits',
    customers UInt64 COMMENT 'Number of customers that were told',
    version   UInt64 COMMENT 'Microseconds since 1970-01-01 UTC: of two snapshots of one account the greater is the newer'
)
ENGINE = ReplicatedReplacingMergeTree('/clickhouse/tables/main/{database}/{table}', '{shard}-{replica}', version)
ORDER BY (vendor, account)
SETTINGS fsync_after_insert = 1, fsync_part_directory = 1
COMMENT 'The newest snapshot of each reseller account, older ones until a merge';

-- A period ends where it was closed, and in any case where the next one of the same allotment begins: the state file that
-- would have closed it may have been lost, or have been put back from an old copy.
CREATE VIEW IF NOT EXISTS alpemix.allotment_history ON CLUSTER 'main'
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
    FROM alpemix.allotment_rows FINAL
) AS p
LEFT JOIN
(
    SELECT vendor, account, ifNull(since, toDateTime(0, 'UTC')) AS since FROM alpemix.snapshot_rows FINAL
) AS s ON s.vendor = p.vendor AND s.account = p.account
-- What was replaced within the second in which it began was never valid.
WHERE ifNull(valid_to, p.never) > p.valid_from
SETTINGS join_use_nulls = 0;

CREATE VIEW IF NOT EXISTS alpemix.allotments ON CLUSTER 'main'
(
    at         DateTime('UTC') COMMENT 'When the account was last read whole, or when this was set through us if that is later, UTC',
    vendor     LowCardinality(String) COMMENT 'Reseller interface: remotepc, ccportal, serwersms or limacity',
    account    LowCardinality(String) COMMENT 'Name of the account in the configuration',
    customer   String COMMENT 'Name or id of the customer with the vendor; the view customers tells who that is',
    resource   LowCardinality(String) COMMENT 'computers (RemotePC), the name of the pack in lower case (CC), sms_eco, sms_full, voice, mms, hlr (SerwerSMS), disk_gb, mysql_gb, mail (lima-city); empty: the customer itself, where the vendor does not tell limits',
    allotted   Nullable(Float64) COMMENT 'What the customer may use; NULL if unknown',
    utilized   Nullable(Float64) COMMENT 'What the customer uses of it; NULL if unknown',
    unit       LowCardinality(String) COMMENT 'Unit of both; empty for pieces',
    active     Nullable(Bool) COMMENT 'Whether the customer, or its pack, is enabled; NULL if unknown',
    created_on Nullable(Date) COMMENT 'Since when the vendor has the customer; NULL if unknown',
    raw        String COMMENT 'What the vendor sent of it, or what was set through us'
)
COMMENT 'What each customer is allotted now, by the newest snapshot of its account'
AS SELECT
    greatest(h.at, s.at) AS at, h.vendor AS vendor, h.account AS account, h.customer AS customer, h.resource AS resource, h.allotted AS allotted,
    h.utilized AS utilized, h.unit AS unit, h.active AS active, h.created_on AS created_on, h.raw AS raw
FROM alpemix.allotment_history AS h
LEFT JOIN (SELECT vendor, account, at FROM alpemix.snapshot_rows FINAL) AS s ON s.vendor = h.vendor AND s.account = h.account
WHERE h.valid_to IS NULL
SETTINGS join_use_nulls = 0;

-- at has microseconds here, seconds in the view: two calls within one second are two rows, and a batch written twice is not.
CREATE TABLE IF NOT EXISTS alpemix.provisioning_rows ON CLUSTER 'main'
(
    at      DateTime64(6, 'UTC') CODEC(Delta, ZSTD(1)),
    vendor  LowCardinality(String) CODEC(ZSTD(1)),
    account LowCardinality(String) CODEC(ZSTD(1)),
    action  LowCardinality(String) CODEC(ZSTD(1)),
    subject String CODEC(ZSTD(1)),
    outcome LowCardinality(String) CODEC(ZSTD(1)),
    detail  String CODEC(ZSTD(1))
)
ENGINE = ReplicatedReplacingMergeTree('/clickhouse/tables/main/{database}/{table}', '{shard}-{replica}')
ORDER BY (vendor, account, at, action, subject)
SETTINGS fsync_after_insert = 1, fsync_part_directory = 1
COMMENT 'Changing calls to vendors; the view provisioning_log reads it right. Kept for ever';

CREATE VIEW IF NOT EXISTS alpemix.provisioning_log ON CLUSTER 'main'
(
    at      DateTime('UTC') COMMENT 'When the call was sent, UTC',
    vendor  LowCardinality(String) COMMENT 'Reseller interface: remotepc, ccportal, serwersms or limacity',
    account LowCardinality(String) COMMENT 'Name of the account in the configuration',
    action  LowCardinality(String) COMMENT 'The call, as in the document of the vendor',
    subject String COMMENT 'Whom it was about: name or id of the customer with the vendor',
    outcome LowCardinality(String) COMMENT 'ok, or the reason of the failure; outcome_unknown: it may have been done',
    detail  String COMMENT 'What was asked for and what was answered, without secrets'
)
COMMENT 'One row per call through us that changes something at a vendor, kept for ever'
AS SELECT toDateTime(at, 'UTC') AS at, vendor, account, action, subject, outcome, detail
FROM alpemix.provisioning_rows FINAL;

CREATE TABLE IF NOT EXISTS alpemix.customer_rows ON CLUSTER 'main'
(
    customer String,
    vendor   LowCardinality(String),
    account  LowCardinality(String),
    field    LowCardinality(String),
    value    String,
    version  UInt64 COMMENT 'Microseconds since 1970-01-01 UTC: of two states of one line the greater is the newer',
    removed  UInt8 COMMENT '1: the line is no longer in the customers file'
)
ENGINE = ReplicatedReplacingMergeTree('/clickhouse/tables/main/{database}/{table}', '{shard}-{replica}', version, removed)
ORDER BY (vendor, account, field, value, customer)
SETTINGS fsync_after_insert = 1, fsync_part_directory = 1
COMMENT 'Lines of the customers file, those removed from it included; the view customers reads it right';

CREATE VIEW IF NOT EXISTS alpemix.customers ON CLUSTER 'main'
(
    customer String COMMENT 'Whose usage or allotment it is, in the words of the customers file',
    vendor   LowCardinality(String) COMMENT 'alpemix, or a reseller interface',
    account  LowCardinality(String) COMMENT 'Name of the account in the configuration; empty: any',
    field    LowCardinality(String) COMMENT 'What is compared: for alpemix support_number, target_alpemix_id, target_name, target_device or staff_name; for a reseller interface customer',
    value    String COMMENT 'What it has to be, to the letter'
)
COMMENT 'Who is who, as the customers file says'
AS SELECT customer, vendor, account, field, value
FROM alpemix.customer_rows FINAL;

-- The customers file is a constant of the query: for each field the values of its lines and whose they are, once for lines of any
-- account and once for lines of one account, whose keys begin with it; keys of resellers begin with the vendor. A field that no
-- line names is not read.
-- Connections are read by the UTC month in which they began, so that a filter on month reaches partitions and the primary key; the
-- local month of some on a month's first or last day is another one.
CREATE VIEW IF NOT EXISTS alpemix.usage_vs_allotment ON CLUSTER 'main'
(
    customer    String COMMENT 'By the view customers. Of the lines that fit a connection the most specific field counts, in the order target_alpemix_id, target_device, support_number, target_name, staff_name; of one field a line with the account before one of any account; of several customers on equal terms the alphabetically first. (unmapped): no line fits',
    month       Date COMMENT 'First day of the month: of connections by local_day, of allotments by UTC',
    connections UInt64 COMMENT 'Number of connections of the month, the same for every resource; each connection counts for one customer',
    seconds     UInt64 COMMENT 'Sum of their durations, seconds',
    resource    LowCardinality(String) COMMENT 'As in allotments; empty where nothing was allotted',
    allotted    Nullable(Float64) COMMENT 'What was allotted when the month ended, or is now, summed over all that the customer has with the vendors, including what ended within the month; NULL if part of it is unknown or in another unit',
    utilized    Nullable(Float64) COMMENT 'What was used of it then, summed likewise; NULL if part of it is unknown or in another unit',
    ratio       Nullable(Float64) COMMENT 'utilized / allotted; NULL unless both are known and anything is allotted'
)
COMMENT 'Usage beside allotment, per customer, month and resource; usage without any allotment is one row with an empty resource'
AS WITH
(
    SELECT CAST((groupArray(lookup), groupArray((keys, names))), 'Map(String, Tuple(keys Array(String), names Array(String)))')
    FROM
    (
        SELECT lookup, groupArray(key) AS keys, groupArray(name) AS names
        FROM
        (
            SELECT
                concat(field, if(account = '', '', ' of account')) AS lookup,
                concat(if(vendor = 'alpemix', '', concat(vendor, '\0')), if(account = '', '', concat(account, '\0')), value) AS key,
                min(customer) AS name
            FROM alpemix.customers
            WHERE value != ''
            GROUP BY lookup, key
        )
        GROUP BY lookup
    )
) AS lines
SELECT
    customer, month, connections, seconds, r.resource AS resource, r.allotted AS allotted, r.utilized AS utilized,
    if(r.allotted > 0, r.utilized / r.allotted, NULL) AS ratio
FROM
(
    SELECT customer, month, sum(times) AS connections, sum(duration) AS seconds, groupArrayArray(of_month) AS resources
    FROM
    (
        SELECT
            transform(if(empty(lines['target_alpemix_id of account'].keys), '', concat(account, '\0', target_alpemix_id)),
                lines['target_alpemix_id of account'].keys, lines['target_alpemix_id of account'].names,
            transform(if(empty(lines['target_alpemix_id'].keys), '', target_alpemix_id),
                lines['target_alpemix_id'].keys, lines['target_alpemix_id'].names,
            transform(if(empty(lines['target_device of account'].keys), '', concat(account, '\0', target_device)),
                lines['target_device of account'].keys, lines['target_device of account'].names,
            transform(if(empty(lines['target_device'].keys), '', target_device),
                lines['target_device'].keys, lines['target_device'].names,
            transform(if(empty(lines['support_number of account'].keys), '', concat(account, '\0', support_number)),
                lines['support_number of account'].keys, lines['support_number of account'].names,
            transform(if(empty(lines['support_number'].keys), '', support_number),
                lines['support_number'].keys, lines['support_number'].names,
            transform(if(empty(lines['target_name of account'].keys), '', concat(account, '\0', target_name)),
                lines['target_name of account'].keys, lines['target_name of account'].names,
            transform(if(empty(lines['target_name'].keys), '', target_name),
                lines['target_name'].keys, lines['target_name'].names,
            transform(if(empty(lines['staff_name of account'].keys), '', concat(account, '\0', staff_name)),
                lines['staff_name of account'].keys, lines['staff_name of account'].names,
            transform(if(empty(lines['staff_name'].keys), '', staff_name),
                lines['staff_name'].keys, lines['staff_name'].names,
            '(unmapped)')))))))))) AS customer,
            month, count() AS times, sum(duration_seconds) AS duration,
            CAST([], 'Array(Tuple(resource String, allotted Nullable(Float64), utilized Nullable(Float64)))') AS of_month
        FROM
        (
            SELECT *, toStartOfMonth(started_at) AS month
            FROM alpemix.connections
            WHERE toStartOfMonth(local_day) = toStartOfMonth(started_at)
            UNION ALL
            SELECT *, toStartOfMonth(started_at + 86400) AS month
            FROM alpemix.connections
            WHERE toStartOfMonth(local_day) > toStartOfMonth(started_at)
                AND toDate(started_at) IN (SELECT addMonths(toDate('1970-02-01'), number) - 1 FROM numbers(1640))
            UNION ALL
            SELECT *, toStartOfMonth(started_at - 86400) AS month
            FROM alpemix.connections
            WHERE toStartOfMonth(local_day) < toStartOfMonth(started_at)
                AND toDate(started_at) IN (SELECT addMonths(toDate('1970-02-01'), number) FROM numbers(1640))
        )
        GROUP BY customer, month
        UNION ALL
        SELECT
            whose AS customer, month, 0 AS times, 0 AS duration,
            groupArray(CAST((resource, allotted, utilized), 'Tuple(resource String, allotted Nullable(Float64), utilized Nullable(Float64))')) AS of_month
        FROM
        (
            SELECT
                transform(concat(vendor, '\0', account, '\0', theirs), lines['customer of account'].keys, lines['customer of account'].names,
                transform(concat(vendor, '\0', theirs), lines['customer'].keys, lines['customer'].names,
                '(unmapped)')) AS whose,
                month, resource,
                if(uniqExact(last.unit) = 1 AND countIf(isNull(last.allotted)) = 0, sum(last.allotted), NULL) AS allotted,
                if(uniqExact(last.unit) = 1 AND countIf(isNull(last.utilized)) = 0, sum(last.utilized), NULL) AS utilized
            FROM
            (
                SELECT
                    vendor, account, customer AS theirs, resource, month,
                    argMax(CAST((allotted, utilized, unit), 'Tuple(allotted Nullable(Float64), utilized Nullable(Float64), unit String)'), valid_from) AS last
                FROM
                (
                    SELECT
                        vendor, account, customer, resource, allotted, utilized, unit, valid_from,
                        toStartOfMonth(valid_from) AS first_month, toStartOfMonth(ifNull(valid_to - 1, now('UTC'))) AS last_month,
                        arrayJoin(arrayMap(n -> addMonths(first_month, n), range(toUInt64(greatest(dateDiff('month', first_month, last_month), 0)) + 1))) AS month
                    FROM alpemix.allotment_history
                    WHERE resource != ''
                )
                GROUP BY vendor, account, theirs, resource, month
            )
            GROUP BY whose, month, resource
        )
        GROUP BY customer, month
    )
    GROUP BY customer, month
)
LEFT ARRAY JOIN resources AS r
SETTINGS join_use_nulls = 0;
INSERT INTO alpemix.schema_version SELECT 2, now();
-- The collector remembers this id. Another one means that the database was replaced, emptied or created anew, and that what only
-- the collector's state file still knows has to be written again. Of several ids the oldest counts: two replicas may have
-- been asked at once.
CREATE TABLE IF NOT EXISTS alpemix.identity_rows ON CLUSTER 'main'
(
    id         String COMMENT 'A random id of this database',
    created_at DateTime64(6, 'UTC') COMMENT 'When the id was given, UTC'
)
ENGINE = ReplicatedReplacingMergeTree('/clickhouse/tables/main/{database}/{table}', '{shard}-{replica}')
ORDER BY (created_at, id)
SETTINGS fsync_after_insert = 1, fsync_part_directory = 1
COMMENT 'Which database this is; the collector recognises it by the oldest id';

-- The state file may be lost when an account gets a new name. A login is recognised by what stands here too.
CREATE TABLE IF NOT EXISTS alpemix.login_rows ON CLUSTER 'main'
(
    vendor      LowCardinality(String) COMMENT 'alpemix, or a reseller interface',
    account     LowCardinality(String) COMMENT 'Name of the account in the configuration, under which the rows of this login stand',
    fingerprint String COMMENT 'A hash of what the vendor knows the account by; no secret can be read from it',
    version     UInt64 COMMENT 'Orders the states of an account; higher is newer',
    moved       UInt8 DEFAULT 0 COMMENT '1: the account was renamed, and the login now stands under its new name'
)
ENGINE = ReplicatedReplacingMergeTree('/clickhouse/tables/main/{database}/{table}', '{shard}-{replica}', version)
ORDER BY (vendor, account)
SETTINGS fsync_after_insert = 1, fsync_part_directory = 1
COMMENT 'Which login the rows of an account are of, so that a renamed account is recognised';

-- An account that gets a new name takes its rows along: they are copied, and what is left under the old name is marked.
ALTER TABLE alpemix.day_rows ON CLUSTER 'main'
    ADD COLUMN IF NOT EXISTS moved UInt8 DEFAULT 0 COMMENT '1: the account was renamed, and the row now stands under its new name' AFTER version;
ALTER TABLE alpemix.day_rows ON CLUSTER 'main'
    ADD COLUMN IF NOT EXISTS doubt String DEFAULT '' COMMENT 'as days.doubt' AFTER moved;

-- What is no UTF-8 is kept as it came, so that a wrong guess at its charset can be undone.
ALTER TABLE alpemix.connections ON CLUSTER 'main'
    COMMENT COLUMN raw 'The bytes of the record as Alpemix sent it, which need not be UTF-8; empty once retention.raw has passed';

-- The default reads the uid of records that were quarantined before this column was there.
ALTER TABLE alpemix.quarantine_rows ON CLUSTER 'main'
    COMMENT COLUMN hash 'What identifies the record: one record is one row however often its text changes';
ALTER TABLE alpemix.quarantine_rows ON CLUSTER 'main'
    ADD COLUMN IF NOT EXISTS uid String DEFAULT extract(raw, '"uid"\\s*:\\s*"([^"\\\\]+)"') COMMENT 'Alpemix key uid, as far as it could be read' CODEC(ZSTD(1)) AFTER version;
ALTER TABLE alpemix.quarantine_rows ON CLUSTER 'main'
    ADD COLUMN IF NOT EXISTS moved UInt8 DEFAULT 0 COMMENT '1: the account was renamed, and the row now stands under its new name' AFTER uid;

DROP VIEW IF EXISTS alpemix.days ON CLUSTER 'main';
CREATE VIEW IF NOT EXISTS alpemix.days ON CLUSTER 'main'
(
    account   LowCardinality(String) COMMENT 'Name of the Alpemix account in the configuration',
    day       Date COMMENT 'Vendor day, in the zone of the account',
    state     Enum8('open' = 1, 'sealed' = 2, 'gap' = 3) COMMENT 'open: may still change; sealed: read completely after its end and found in ClickHouse; gap: gone unsealed, Alpemix serves it no more',
    rows      UInt64 COMMENT 'Connections known of that day, those imported later included',
    sealed_at Nullable(DateTime('UTC')) COMMENT 'When the day was sealed, UTC; NULL unless sealed',
    doubt     String COMMENT 'Why the newest answer for the day is not believed to describe all of it; empty as a rule'
)
COMMENT 'How far each vendor day of each account is collected'
AS SELECT d.account AS account, d.day AS day, d.state AS state, if(d.state = 'sealed', d.rows, unsealed.rows) AS rows, d.sealed_at AS sealed_at, d.doubt AS doubt
FROM alpemix.day_rows AS d FINAL
LEFT JOIN
(
    -- A day's rows are written with its seal; until then they are counted.
    SELECT account, local_day, count() AS rows
    FROM alpemix.connections
    WHERE local_day IN (SELECT day FROM alpemix.day_rows FINAL WHERE state != 'sealed' AND NOT moved)
    GROUP BY account, local_day
) AS unsealed ON unsealed.account = d.account AND unsealed.local_day = d.day
WHERE NOT d.moved
SETTINGS join_use_nulls = 0;

DROP VIEW IF EXISTS alpemix.quarantine ON CLUSTER 'main';
CREATE VIEW IF NOT EXISTS alpemix.quarantine ON CLUSTER 'main'
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
FROM alpemix.quarantine_rows FINAL
WHERE NOT moved;

-- The customers file is a constant of the query: for each field the values of its lines and whose they are, once for lines of any
-- account and once for lines of one account, whose keys begin with it; keys of resellers begin with the vendor. A field that no
-- line names is not read. Blanks around a value, which the file's reader takes away, do not count here either.
-- Connections are read by the UTC month in which they began, so that a filter on month reaches partitions and the primary key; the
-- local month of some on a month's first or last day is another one.
DROP VIEW IF EXISTS alpemix.usage_vs_allotment ON CLUSTER 'main';
CREATE VIEW IF NOT EXISTS alpemix.usage_vs_allotment ON CLUSTER 'main'
(
    customer    String COMMENT 'By the view customers. Of the lines that fit a connection the most specific field counts, in the order target_alpemix_id, target_device, support_number, target_name, staff_name; of one field a line with the account before one of any account; of several customers on equal terms the alphabetically first. (unmapped): no line fits',
    month       Date COMMENT 'First day of the month: of connections by local_day, of allotments by UTC',
    connections UInt64 COMMENT 'Number of connections of the month, the same for every resource; each connection counts for one customer',
    seconds     UInt64 COMMENT 'Sum of their durations, seconds',
    resource    LowCardinality(String) COMMENT 'As in allotments; empty where nothing was allotted',
    allotted    Nullable(Float64) COMMENT 'What was allotted when the month ended, or is now, summed over all that the customer has with the vendors, including what ended within the month; NULL if part of it is unknown or in another unit',
    utilized    Nullable(Float64) COMMENT 'What was used of it then, summed likewise; NULL if part of it is unknown or in another unit',
    ratio       Nullable(Float64) COMMENT 'utilized / allotted; NULL unless both are known and anything is allotted'
)
COMMENT 'Usage beside allotment, per customer, month and resource; usage without any allotment is one row with an empty resource'
AS WITH
(
    SELECT CAST((groupArray(lookup), groupArray((keys, names))), 'Map(String, Tuple(keys Array(String), names Array(String)))')
    FROM
    (
        SELECT lookup, groupArray(key) AS keys, groupArray(name) AS names
        FROM
        (
            SELECT
                concat(field, if(account = '', '', ' of account')) AS lookup,
                concat(if(vendor = 'alpemix', '', concat(vendor, '\0')), if(account = '', '', concat(account, '\0')), value) AS key,
                min(customer) AS name
            FROM alpemix.customers
            WHERE value != ''
            GROUP BY lookup, key
        )
        GROUP BY lookup
    )
) AS lines
SELECT
    customer, month, connections, seconds, r.resource AS resource, r.allotted AS allotted, r.utilized AS utilized,
    if(r.allotted > 0, r.utilized / r.allotted, NULL) AS ratio
FROM
(
    SELECT customer, month, sum(times) AS connections, sum(duration) AS seconds, groupArrayArray(of_month) AS resources
    FROM
    (
        SELECT
            transform(if(empty(lines['target_alpemix_id of account'].keys), '', concat(account, '\0', if(reinterpretAsUInt8(substring(target_alpemix_id, 1, 1)) IN (9, 10, 11, 12, 13, 32, 194, 225, 226, 227) OR reinterpretAsUInt8(substring(target_alpemix_id, -1)) IN (9, 10, 11, 12, 13, 32, 128, 129, 130, 131, 132, 133, 134, 135, 136, 137, 138, 159, 160, 168, 169, 175), replaceRegexpAll(target_alpemix_id, '^[\\s\\x0B\\x{85}\\p{Z}]+|[\\s\\x0B\\x{85}\\p{Z}]+$', ''), target_alpemix_id))),
                lines['target_alpemix_id of account'].keys, lines['target_alpemix_id of account'].names,
            transform(if(empty(lines['target_alpemix_id'].keys), '', if(reinterpretAsUInt8(substring(target_alpemix_id, 1, 1)) IN (9, 10, 11, 12, 13, 32, 194, 225, 226, 227) OR reinterpretAsUInt8(substring(target_alpemix_id, -1)) IN (9, 10, 11, 12, 13, 32, 128, 129, 130, 131, 132, 133, 134, 135, 136, 137, 138, 159, 160, 168, 169, 175), replaceRegexpAll(target_alpemix_id, '^[\\s\\x0B\\x{85}\\p{Z}]+|[\\s\\x0B\\x{85}\\p{Z}]+$', ''), target_alpemix_id)),
                lines['target_alpemix_id'].keys, lines['target_alpemix_id'].names,
            transform(if(empty(lines['target_device of account'].keys), '', concat(account, '\0', if(reinterpretAsUInt8(substring(target_device, 1, 1)) IN (9, 10, 11, 12, 13, 32, 194, 225, 226, 227) OR reinterpretAsUInt8(substring(target_device, -1)) IN (9, 10, 11, 12, 13, 32, 128, 129, 130, 131, 132, 133, 134, 135, 136, 137, 138, 159, 160, 168, 169, 175), replaceRegexpAll(target_device, '^[\\s\\x0B\\x{85}\\p{Z}]+|[\\s\\x0B\\x{85}\\p{Z}]+$', ''), target_device))),
                lines['target_device of account'].keys, lines['target_device of account'].names,
            transform(if(empty(lines['target_device'].keys), '', if(reinterpretAsUInt8(substring(target_device, 1, 1)) IN (9, 10, 11, 12, 13, 32, 194, 225, 226, 227) OR reinterpretAsUInt8(substring(target_device, -1)) IN (9, 10, 11, 12, 13, 32, 128, 129, 130, 131, 132, 133, 134, 135, 136, 137, 138, 159, 160, 168, 169, 175), replaceRegexpAll(target_device, '^[\\s\\x0B\\x{85}\\p{Z}]+|[\\s\\x0B\\x{85}\\p{Z}]+$', ''), target_device)),
                lines['target_device'].keys, lines['target_device'].names,
            transform(if(empty(lines['support_number of account'].keys), '', concat(account, '\0', if(reinterpretAsUInt8(substring(support_number, 1, 1)) IN (9, 10, 11, 12, 13, 32, 194, 225, 226, 227) OR reinterpretAsUInt8(substring(support_number, -1)) IN (9, 10, 11, 12, 13, 32, 128, 129, 130, 131, 132, 133, 134, 135, 136, 137, 138, 159, 160, 168, 169, 175), replaceRegexpAll(support_number, '^[\\s\\x0B\\x{85}\\p{Z}]+|[\\s\\x0B\\x{85}\\p{Z}]+$', ''), support_number))),
                lines['support_number of account'].keys, lines['support_number of account'].names,
            transform(if(empty(lines['support_number'].keys), '', if(reinterpretAsUInt8(substring(support_number, 1, 1)) IN (9, 10, 11, 12, 13, 32, 194, 225, 226, 227) OR reinterpretAsUInt8(substring(support_number, -1)) IN (9, 10, 11, 12, 13, 32, 128, 129, 130, 131, 132, 133, 134, 135, 136, 137, 138, 159, 160, 168, 169, 175), replaceRegexpAll(support_number, '^[\\s\\x0B\\x{85}\\p{Z}]+|[\\s\\x0B\\x{85}\\p{Z}]+$', ''), support_number)),
                lines['support_number'].keys, lines['support_number'].names,
            transform(if(empty(lines['target_name of account'].keys), '', concat(account, '\0', if(reinterpretAsUInt8(substring(target_name, 1, 1)) IN (9, 10, 11, 12, 13, 32, 194, 225, 226, 227) OR reinterpretAsUInt8(substring(target_name, -1)) IN (9, 10, 11, 12, 13, 32, 128, 129, 130, 131, 132, 133, 134, 135, 136, 137, 138, 159, 160, 168, 169, 175), replaceRegexpAll(target_name, '^[\\s\\x0B\\x{85}\\p{Z}]+|[\\s\\x0B\\x{85}\\p{Z}]+$', ''), target_name))),
                lines['target_name of account'].keys, lines['target_name of account'].names,
            transform(if(empty(lines['target_name'].keys), '', if(reinterpretAsUInt8(substring(target_name, 1, 1)) IN (9, 10, 11, 12, 13, 32, 194, 225, 226, 227) OR reinterpretAsUInt8(substring(target_name, -1)) IN (9, 10, 11, 12, 13, 32, 128, 129, 130, 131, 132, 133, 134, 135, 136, 137, 138, 159, 160, 168, 169, 175), replaceRegexpAll(target_name, '^[\\s\\x0B\\x{85}\\p{Z}]+|[\\s\\x0B\\x{85}\\p{Z}]+$', ''), target_name)),
                lines['target_name'].keys, lines['target_name'].names,
            transform(if(empty(lines['staff_name of account'].keys), '', concat(account, '\0', if(reinterpretAsUInt8(substring(staff_name, 1, 1)) IN (9, 10, 11, 12, 13, 32, 194, 225, 226, 227) OR reinterpretAsUInt8(substring(staff_name, -1)) IN (9, 10, 11, 12, 13, 32, 128, 129, 130, 131, 132, 133, 134, 135, 136, 137, 138, 159, 160, 168, 169, 175), replaceRegexpAll(staff_name, '^[\\s\\x0B\\x{85}\\p{Z}]+|[\\s\\x0B\\x{85}\\p{Z}]+$', ''), staff_name))),
                lines['staff_name of account'].keys, lines['staff_name of account'].names,
            transform(if(empty(lines['staff_name'].keys), '', if(reinterpretAsUInt8(substring(staff_name, 1, 1)) IN (9, 10, 11, 12, 13, 32, 194, 225, 226, 227) OR reinterpretAsUInt8(substring(staff_name, -1)) IN (9, 10, 11, 12, 13, 32, 128, 129, 130, 131, 132, 133, 134, 135, 136, 137, 138, 159, 160, 168, 169, 175), replaceRegexpAll(staff_name, '^[\\s\\x0B\\x{85}\\p{Z}]+|[\\s\\x0B\\x{85}\\p{Z}]+$', ''), staff_name)),
                lines['staff_name'].keys, lines['staff_name'].names,
            '(unmapped)')))))))))) AS customer,
            month, count() AS times, sum(duration_seconds) AS duration,
            CAST([], 'Array(Tuple(resource String, allotted Nullable(Float64), utilized Nullable(Float64)))') AS of_month
        FROM
        (
            SELECT *, toStartOfMonth(started_at) AS month
            FROM alpemix.connections
            WHERE toStartOfMonth(local_day) = toStartOfMonth(started_at)
            UNION ALL
            SELECT *, toStartOfMonth(started_at + 86400) AS month
            FROM alpemix.connections
            WHERE toStartOfMonth(local_day) > toStartOfMonth(started_at)
                AND toDate(started_at) IN (SELECT addMonths(toDate('1970-02-01'), number) - 1 FROM numbers(1640))
            UNION ALL
            SELECT *, toStartOfMonth(started_at - 86400) AS month
            FROM alpemix.connections
            WHERE toStartOfMonth(local_day) < toStartOfMonth(started_at)
                AND toDate(started_at) IN (SELECT addMonths(toDate('1970-02-01'), number) FROM numbers(1640))
        )
        GROUP BY customer, month
        UNION ALL
        SELECT
            whose AS customer, month, 0 AS times, 0 AS duration,
            groupArray(CAST((resource, allotted, utilized), 'Tuple(resource String, allotted Nullable(Float64), utilized Nullable(Float64))')) AS of_month
        FROM
        (
            SELECT
                transform(concat(vendor, '\0', account, '\0', if(reinterpretAsUInt8(substring(theirs, 1, 1)) IN (9, 10, 11, 12, 13, 32, 194, 225, 226, 227) OR reinterpretAsUInt8(substring(theirs, -1)) IN (9, 10, 11, 12, 13, 32, 128, 129, 130, 131, 132, 133, 134, 135, 136, 137, 138, 159, 160, 168, 169, 175), replaceRegexpAll(theirs, '^[\\s\\x0B\\x{85}\\p{Z}]+|[\\s\\x0B\\x{85}\\p{Z}]+$', ''), theirs)), lines['customer of account'].keys, lines['customer of account'].names,
                transform(concat(vendor, '\0', if(reinterpretAsUInt8(substring(theirs, 1, 1)) IN (9, 10, 11, 12, 13, 32, 194, 225, 226, 227) OR reinterpretAsUInt8(substring(theirs, -1)) IN (9, 10, 11, 12, 13, 32, 128, 129, 130, 131, 132, 133, 134, 135, 136, 137, 138, 159, 160, 168, 169, 175), replaceRegexpAll(theirs, '^[\\s\\x0B\\x{85}\\p{Z}]+|[\\s\\x0B\\x{85}\\p{Z}]+$', ''), theirs)), lines['customer'].keys, lines['customer'].names,
                '(unmapped)')) AS whose,
                month, resource,
                if(uniqExact(last.unit) = 1 AND countIf(isNull(last.allotted)) = 0, sum(last.allotted), NULL) AS allotted,
                if(uniqExact(last.unit) = 1 AND countIf(isNull(last.utilized)) = 0, sum(last.utilized), NULL) AS utilized
            FROM
            (
                SELECT
                    vendor, account, customer AS theirs, resource, month,
                    argMax(CAST((allotted, utilized, unit), 'Tuple(allotted Nullable(Float64), utilized Nullable(Float64), unit String)'), valid_from) AS last
                FROM
                (
                    SELECT
                        vendor, account, customer, resource, allotted, utilized, unit, valid_from,
                        toStartOfMonth(valid_from) AS first_month, toStartOfMonth(ifNull(valid_to - 1, now('UTC'))) AS last_month,
                        arrayJoin(arrayMap(n -> addMonths(first_month, n), range(toUInt64(greatest(dateDiff('month', first_month, last_month), 0)) + 1))) AS month
                    FROM alpemix.allotment_history
                    WHERE resource != ''
                )
                GROUP BY vendor, account, theirs, resource, month
            )
            GROUP BY whose, month, resource
        )
        GROUP BY customer, month
    )
    GROUP BY customer, month
)
LEFT ARRAY JOIN resources AS r
SETTINGS join_use_nulls = 0;
INSERT INTO alpemix.schema_version SELECT 3, now();
-- The bytes in raw alone do not say how they were read. Whoever reads them again needs what the answer said of them.
ALTER TABLE alpemix.connection_rows ON CLUSTER 'main'
    ADD COLUMN IF NOT EXISTS charset LowCardinality(String) DEFAULT '' COMMENT 'The charset that the answer named for texts in raw that are not UTF-8; empty: windows-1254' CODEC(ZSTD(1)) AFTER deleted;
ALTER TABLE alpemix.quarantine_rows ON CLUSTER 'main'
    ADD COLUMN IF NOT EXISTS charset LowCardinality(String) DEFAULT '' COMMENT 'as connection_rows.charset' CODEC(ZSTD(1)) AFTER moved;
INSERT INTO alpemix.schema_version SELECT 4, now();
