#!/bin/sh
# Fetches the official ClickHouse client for Node, which the tests run with its defaults, into the folder of this script. Does
# nothing where it is already. npm's own configuration says where packages come from.
set -eu

version=1.23.1
sha512=becdff65cd5d1ef4f5ef56ed5b99cca0fb0f089e90549e69a7ba1bc733b9b23ab0171fe38f3f70c0202a70539d7360e1a6bba00c16959fee1d558f211b703d9f

fail() { echo "clients: $*" >&2; exit 1; }

cd "$(dirname "$0")"
to=node_modules/@clickhouse/client
[ "$(cat node_modules/.from 2>/dev/null)" != "$sha512" ] || exit 0
command -v npm >/dev/null || fail "npm is missing: install Node.js with npm"
command -v sha512sum >/dev/null || fail "sha512sum is missing: install coreutils"
work=$(mktemp -d .fetch.XXXXXX)
trap 'rm -rf "$work"' EXIT
trap 'exit 1' HUP INT TERM
echo "clients: fetching @clickhouse/client $version" >&2
(cd "$work" && npm pack --loglevel=error "@clickhouse/client@$version" >/dev/null) ||
	fail "npm could not fetch @clickhouse/client@$version: see its message above, and run this again"
package=$(echo "$work"/*.tgz)
echo "$sha512  $package" | sha512sum --check --status ||
	fail "the package that npm fetched is not the one that was tested (sha512 differs); nothing was installed"
tar -xzf "$package" -C "$work"
rm -rf node_modules
mkdir -p "$to"
mv "$work"/package/* "$to"
echo "$sha512" >node_modules/.from
