-- +goose NO TRANSACTION
-- +goose Up

-- The bytes in raw alone do not say how they were read. Whoever reads them again needs what the answer said of them.
ALTER TABLE {{.Database}}.connection_rows{{.OnCluster}}
    ADD COLUMN IF NOT EXISTS charset LowCardinality(String) DEFAULT '' COMMENT 'The charset that the answer named for texts in raw that are not UTF-8; empty: windows-1254' CODEC(ZSTD(1)) AFTER deleted;
ALTER TABLE {{.Database}}.quarantine_rows{{.OnCluster}}
    ADD COLUMN IF NOT EXISTS charset LowCardinality(String) DEFAULT '' COMMENT 'as connection_rows.charset' CODEC(ZSTD(1)) AFTER moved;
