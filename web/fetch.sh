#!/bin/sh
# Fetches what others wrote and this repository does not hold: the chart library uPlot into web/assets, from where it is built
# in, and, with the word tests, the accessibility checker axe-core into web/testdata. Does nothing where they are already.
# npm's own configuration says where packages come from.
set -eu

fail() { echo "charts: $*" >&2; exit 1; }

# fetch NAME VERSION SHA512 FOLDER FILE=TO... puts files of a package into a folder.
fetch() {
	name=$1 version=$2 sha512=$3 folder=$4
	shift 4
	mark=$folder/.$name
	present=true
	for pair; do [ -s "$folder/${pair#*=}" ] || present=false; done
	if $present && [ "$(cat "$mark" 2>/dev/null)" = "$sha512" ]; then
		return
	fi
	command -v npm >/dev/null || fail "npm is missing: install Node.js with npm, or build without charts (go build ./cmd/collector)"
	command -v sha512sum >/dev/null || fail "sha512sum is missing: install coreutils"
	mkdir -p "$folder"
	work=$(mktemp -d "$folder/.fetch.XXXXXX")
	trap 'rm -rf "$work"' EXIT
	trap 'exit 1' HUP INT TERM
	echo "charts: fetching $name $version" >&2
	(cd "$work" && npm pack --loglevel=error "$name@$version" >/dev/null) ||
		fail "npm could not fetch $name@$version: see its message above, and run this again"
	package=$(echo "$work"/*.tgz)
	echo "$sha512  $package" | sha512sum --check --status ||
		fail "the package $name that npm fetched is not the one that was tested (sha512 differs); nothing was installed"
	tar -xzf "$package" -C "$work" || fail "the package $name cannot be unpacked: is the disk full?"
	# The mark is written last: a half-done run is done again.
	rm -f "$mark"
	for pair; do mv -f "$work/package/${pair%%=*}" "$folder/${pair#*=}"; done
	echo "$sha512" >"$mark"
	rm -rf "$work"
}

cd "$(dirname "$0")"
fetch uplot 1.6.32 2883159c6ebccefbb95d751b0b82d010f9e1c0ec41b8bc96d401eda66e882935c89a46cb824332fa369b8cb8122cc6ac36e186cd09bf7a9ded3a4c93c6989023 assets \
	dist/uPlot.iife.min.js=uplot.js dist/uPlot.min.css=uplot.css LICENSE=uplot.txt
if [ "${1:-}" = tests ]; then
	fetch axe-core 4.14.1 1477dafa598d8d065f273d6af302aa203c02e83131707b7fa648cd41bd3d6b734f8c22a0dab86ee6a6f64b8afbe804b214d36db85a2826965edfb3a0b9d546b5 testdata axe.min.js=axe.js
fi
