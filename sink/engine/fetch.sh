#!/bin/sh
# Fetches the embedded ClickHouse engine, libchdb.so, into DIR/.engine/VERSION (DIR: the first argument, or the working
# directory). Does nothing where it is already. npm's own configuration says where packages come from.
set -eu

version=26.7.3-stable.1
sha512=5cff7b98caa7739b59a4a432c11f0dedc2d3b073624e61ebdf4a42e66ce8de35a6ba48ca9f62016bad1cd81fe059435cb858ce3235a8a2b408082a81563e70a7

fail() { echo "engine: $*" >&2; exit 1; }

dir=${1:-.}/.engine/$version
mark=$dir/libchdb.so.from
if [ -s "$dir/libchdb.so" ] && [ "$(cat "$mark" 2>/dev/null)" = "$sha512" ]; then
	exit 0
fi
[ "$(uname -s)-$(uname -m)" = Linux-x86_64 ] ||
	fail "there is no embedded engine for $(uname -s) on $(uname -m): set clickhouse.dsn to a ClickHouse server"
command -v npm >/dev/null || fail "npm is missing: install Node.js with npm, or set clickhouse.dsn to a ClickHouse server"
command -v sha512sum >/dev/null || fail "sha512sum is missing: install coreutils"

mkdir -p "$dir"
work=$(mktemp -d "$dir/fetch.XXXXXX")
trap 'rm -rf "$work"' EXIT
trap 'exit 1' HUP INT TERM
echo "engine: fetching libchdb $version (178 MB)" >&2
(cd "$work" && npm pack --loglevel=error "@chdb/lib-linux-x64-gnu@$version" >/dev/null) ||
	fail "npm could not fetch @chdb/lib-linux-x64-gnu@$version: see its message above, and run this again"
set -- "$work"/*.tgz
echo "$sha512  $1" | sha512sum --check --status ||
	fail "the package that npm fetched is not the one that was tested (sha512 differs); nothing was installed"
tar -xzf "$1" -C "$work" package/libchdb.so || fail "the package cannot be unpacked: is the disk full?"
# The mark is written last: a half-done run is done again.
rm -f "$mark"
mv -f "$work/package/libchdb.so" "$dir/libchdb.so"
echo "$sha512" >"$mark"
echo "engine: $dir/libchdb.so" >&2
