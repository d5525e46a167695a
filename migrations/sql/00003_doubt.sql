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

-- The state file may be lost when an account gets a new name. A login is recognised by what stands here too.
CREATE TABLE IF NOT EXISTS {{.Database}}.login_rows{{.OnCluster}}
(
    vendor      LowCardinality(String) COMMENT 'alpemix, or a reseller interface',
    account     LowCardinality(String) COMMENT 'Name of the account in the configuration, under which the rows of this login stand',
    fingerprint String COMMENT 'A hash of what the vendor knows the account by; no secret can be read from it',
    version     UInt64 COMMENT 'Orders the states of an account; higher is newer',
    moved       UInt8 DEFAULT 0 COMMENT '1: the account was renamed, and the login now stands under its new name'
)
ENGINE = {{.Engine "ReplacingMergeTree" "version"}}
ORDER BY (vendor, account)
SETTINGS {{.Durable}}
COMMENT 'Which login the rows of an account are of, so that a renamed account is recognised';

-- An account that gets a new name takes its rows along: they are copied, and what is left under the old name is marked.
ALTER TABLE {{.Database}}.day_rows{{.OnCluster}}
    ADD COLUMN IF NOT EXISTS moved UInt8 DEFAULT 0 COMMENT '1: the account was renamed, and the row now stands under its new name' AFTER version;
ALTER TABLE {{.Database}}.day_rows{{.OnCluster}}
    ADD COLUMN IF NOT EXISTS doubt String DEFAULT '' COMMENT 'as days.doubt' AFTER moved;

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
    rows      UInt64 COMMENT 'Connections known of that day, those imported later included',
    sealed_at Nullable(DateTime('UTC')) COMMENT 'When the day was sealed, UTC; NULL unless sealed',
    doubt     String COMMENT 'Why the newest answer for the day is not believed to describe all of it; empty as a rule'
)
COMMENT 'How far each vendor day of each account is collected'
AS SELECT d.account AS account, d.day AS day, d.state AS state, if(d.state = 'sealed', d.rows, unsealed.rows) AS rows, d.sealed_at AS sealed_at, d.doubt AS doubt
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

-- The customers file is a constant of the query: for each field the values of its lines and whose they are, once for lines of any
-- account and once for lines of one account, whose keys begin with it; keys of resellers begin with the vendor. A field that no
-- line names is not read. Blanks around a value, which the file's reader takes away, do not count here either.
-- Connections are read by the UTC month in which they began, so that a filter on month reaches partitions and the primary key; the
-- local month of some on a month's first or last day is another one.
DROP VIEW IF EXISTS {{.Database}}.usage_vs_allotment{{.OnCluster}};
CREATE VIEW IF NOT EXISTS {{.Database}}.usage_vs_allotment{{.OnCluster}}
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
            FROM {{.Database}}.customers
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
            transform(if(empty(lines['target_alpemix_id of account'].keys), '', concat(account, '\0', {{.Trimmed "target_alpemix_id"}})),
                lines['target_alpemix_id of account'].keys, lines['target_alpemix_id of account'].names,
            transform(if(empty(lines['target_alpemix_id'].keys), '', {{.Trimmed "target_alpemix_id"}}),
                lines['target_alpemix_id'].keys, lines['target_alpemix_id'].names,
            transform(if(empty(lines['target_device of account'].keys), '', concat(account, '\0', {{.Trimmed "target_device"}})),
                lines['target_device of account'].keys, lines['target_device of account'].names,
            transform(if(empty(lines['target_device'].keys), '', {{.Trimmed "target_device"}}),
                lines['target_device'].keys, lines['target_device'].names,
            transform(if(empty(lines['support_number of account'].keys), '', concat(account, '\0', {{.Trimmed "support_number"}})),
                lines['support_number of account'].keys, lines['support_number of account'].names,
            transform(if(empty(lines['support_number'].keys), '', {{.Trimmed "support_number"}}),
                lines['support_number'].keys, lines['support_number'].names,
            transform(if(empty(lines['target_name of account'].keys), '', concat(account, '\0', {{.Trimmed "target_name"}})),
                lines['target_name of account'].keys, lines['target_name of account'].names,
            transform(if(empty(lines['target_name'].keys), '', {{.Trimmed "target_name"}}),
                lines['target_name'].keys, lines['target_name'].names,
            transform(if(empty(lines['staff_name of account'].keys), '', concat(account, '\0', {{.Trimmed "staff_name"}})),
                lines['staff_name of account'].keys, lines['staff_name of account'].names,
            transform(if(empty(lines['staff_name'].keys), '', {{.Trimmed "staff_name"}}),
                lines['staff_name'].keys, lines['staff_name'].names,
            '(unmapped)')))))))))) AS customer,
            month, count() AS times, sum(duration_seconds) AS duration,
            CAST([], 'Array(Tuple(resource String, allotted Nullable(Float64), utilized Nullable(Float64)))') AS of_month
        FROM
        (
            SELECT *, toStartOfMonth(started_at) AS month
            FROM {{.Database}}.connections
            WHERE toStartOfMonth(local_day) = toStartOfMonth(started_at)
            UNION ALL
            SELECT *, toStartOfMonth(started_at + 86400) AS month
            FROM {{.Database}}.connections
            WHERE toStartOfMonth(local_day) > toStartOfMonth(started_at)
                AND toDate(started_at) IN (SELECT addMonths(toDate('1970-02-01'), number) - 1 FROM numbers(1640))
            UNION ALL
            SELECT *, toStartOfMonth(started_at - 86400) AS month
            FROM {{.Database}}.connections
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
                transform(concat(vendor, '\0', account, '\0', {{.Trimmed "theirs"}}), lines['customer of account'].keys, lines['customer of account'].names,
                transform(concat(vendor, '\0', {{.Trimmed "theirs"}}), lines['customer'].keys, lines['customer'].names,
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
                    FROM {{.Database}}.allotment_history
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
