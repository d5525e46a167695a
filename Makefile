# make run, make test and make check need Go and npm, nothing else.

VERSION := $(shell git describe --tags --always --dirty 2>/dev/null)
COMMIT  := $(shell git rev-parse HEAD 2>/dev/null)
LDFLAGS := -s -w -X alpemix-collector/internal/version.version=$(VERSION) -X alpemix-collector/internal/version.commit=$(COMMIT)

STATICCHECK := honnef.co/go/tools/cmd/staticcheck@v0.8.2
GOLANGCI := github.com/golangci/golangci-lint/v2/cmd/golangci-lint@v2.15.0

.PHONY: help run build engine charts test race dates screenshots simulate mutants fuzz soak check lint bench bench-once release clean

help: ## list the targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "make %-11s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

run: build engine ## collect as collector.yaml says, or, without one, from the built-in simulators
	@if [ -f collector.yaml ]; then \
		exec bin/collector run -c collector.yaml; \
	else \
		echo "no collector.yaml here: this collects from the built-in simulators (docs/getting-started.md says how to collect from Alpemix)" >&2; \
		exec bin/collector demo --state ./state; \
	fi

build: charts ## build bin/collector
	CGO_ENABLED=0 go build -trimpath -ldflags '$(LDFLAGS)' -o bin/collector ./cmd/collector

engine: ## fetch the embedded ClickHouse engine into .engine
	@sh sink/engine/fetch.sh .

charts: ## fetch the chart library into web/assets, which the binary embeds
	@sh web/fetch.sh

# The time of tests is bounded for a busy machine; on two idle cores all take less than 8 minutes.
TIMEOUT := 40m

# What the tests run beside Go: the engine, the page's libraries, the official client for Node.
.PHONY: fetched
fetched: engine
	@sh web/fetch.sh tests
	@sh sink/engine/testdata/clients/fetch.sh

test: fetched ## run all tests
	go test -timeout $(TIMEOUT) ./...

# Of two packages the race detector would take most of an hour: parts of them.
LONG := cmd/collector|reliability
race: fetched ## run tests with the race detector; it needs a C compiler
	go test -race -short -timeout $(TIMEOUT) $$(go list ./... | grep -vE "/($(LONG))$$")
	go test -race -timeout $(TIMEOUT) ./reliability -run '^TestSimulation$$' -seeds=8
	go test -race -timeout $(TIMEOUT) ./cmd/collector -run '^Test(Demo|Embedded|Exposed|Commands|Usage|Check)'

# Ends of months, a leap day, and the evening in which a day and a year turn in Istanbul. Most of the time the tests wait,
# so three dates run at once.
DATES := '2027-01-30 12:00' '2027-05-30 12:00' '2027-11-30 12:00' '2028-02-29 12:00' '2027-12-31 20:59:30'
dates: fetched ## run the tests that see the date on other dates; it needs a C compiler
	@printf '%s\n' $(DATES) | xargs -P 3 -I DATE .ci/dates/run DATE ./cmd/collector ./dashboards ./report ./simulator/... ./web \
		-run '^Test(Demo|Commands(OnTheEngine|Reach)|Usage|Answers|View|Calendar|World|Day|Year|Moment|EveryPanel)'

screenshots: charts ## take the pictures of the README, with Debian's chromium and fonts-inter
	CI=true go test ./web -count=1 -run '^TestScreenshots$$' -screenshots $(CURDIR)/docs/screenshots

SEED ?= 1
SEEDS ?= 1000
simulate: ## simulate more days: SEEDS=1000 SEED=1; SEED=n SEEDS=1 replays seed n
	go test ./reliability -run '^TestSimulation$$' -seed=$(SEED) -seeds=$(SEEDS) -timeout 10h -v

mutants: ## break the collector in many ways, each of which the simulation has to notice
	go run ./reliability/mutants

COUNT ?= 2000
fuzz: engine ## run every fuzz target, COUNT=2000 inputs each
	@set -e; for folder in $$(grep -rl --include='*_test.go' '^func Fuzz' . | xargs -n 1 dirname | sort -u); do \
		go test -c -fuzz . -o bin/fuzz.test $$folder; \
		for target in $$(cd $$folder && $(CURDIR)/bin/fuzz.test -test.list '^Fuzz'); do \
			echo "$$folder $$target"; \
			(cd $$folder && $(CURDIR)/bin/fuzz.test -test.run '^$$' -test.fuzz "^$$target\$$" -test.fuzztime $(COUNT)x \
				-test.fuzzminimizetime 100x -test.fuzzcachedir "$$(go env GOCACHE)/fuzz/alpemix-collector/$$folder"); \
		done; \
	done; rm -f bin/fuzz.test

SOAK ?= 10m
soak: engine ## run the real daemon at a hundred times the usual load, with faults, for SOAK=10m: does everything stay level?
	SOAK=$(SOAK) go test ./cmd/collector -run '^TestSoak$$' -v -count=1 -timeout 10h

check: ## run what CI runs before the tests
	@unformatted=$$(gofmt -l .); \
		if [ -n "$$unformatted" ]; then echo "run gofmt -w on:"; echo "$$unformatted"; exit 1; fi
	go vet ./...
	go run $(STATICCHECK) ./...
	go mod verify
	go mod tidy -diff
	go test -run 'TestHouse' .
	@before=$$(cat docs/*.md | cksum); go generate ./...; \
		if [ "$$before" != "$$(cat docs/*.md | cksum)" ]; then echo "generated files were stale; commit what go generate ./... has written"; exit 1; fi

lint: ## run more linters, as .golangci.yml lists them; the first run builds golangci-lint, which takes minutes
	go run $(GOLANGCI) run

bench: engine ## run the benchmarks, with the side-by-side ratios
	go test -run '^$$' -bench . -benchmem -timeout 30m ./...

bench-once: engine ## run each benchmark once, so that none rots
	go test -run '^$$' -bench . -benchtime 1x -timeout $(TIMEOUT) ./...

release: charts ## build the files of a release in dist, for the tag of this commit
	@.ci/release

clean: ## remove what was built; .engine, state and collector.yaml stay
	rm -rf bin dist
