# All targets need Go and make. `make test` installs the other programs on Debian.
export CGO_ENABLED ?= 0
GO      ?= go
BIN     := bin/aitys
COMMIT  := $(shell git describe --always --abbrev=40 --exclude "*" --dirty 2>/dev/null)
DATE    := $(shell git log -1 --format=%cs 2>/dev/null)
LDFLAGS := -s -w -X main.commit=$(COMMIT) -X main.date=$(DATE)
# TIER is fast, ci or full. DB is the database of most tests: sqlite, postgres or both.
TIER    ?= fast
DB      ?= sqlite
TESTS   := bin/testrun
# Start the slowest packages first, so that all cores are busy until the end.
LONGEST := ./e2e ./cmd/aitys ./api ./internal/store ./widget

.DEFAULT_GOAL := help
.PHONY: help build run test deps race testrun lint sizes lint-web web fuzz bench scale exam rehearsal torture planted hardening hostile wordpress shots release clean

help: ## list these targets
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed 's/:.*## /\t/' | expand -t 12

build: ## build the static binary, bin/aitys
	@echo 'building (the first time lists up to 450 packages: a minute or two)' >&2
	$(GO) build -v -ldflags '$(LDFLAGS)' -o $(BIN) ./cmd/aitys

run: build ## start the demo: a blog with comments and a moderation queue
	$(BIN) demo

deps: ## install the programs that the tests need
	@.ci/setup.sh
	@$(GO) mod download

testrun:
	@$(GO) build -o bin/testrun ./internal/testkit/run

test: deps testrun ## run the tests of TIER on DB, with FLAGS of go test
	$(TESTS) -tier $(TIER) -db $(DB) -contracts 2 $(LONGEST) ./... -- -timeout 60m $(FLAGS)
	cd widget/build && $(GO) run . -check
	cd bench && $(GO) test ./load ./stdio

# SQLite (translated from C) is not instrumented, because it would take most of the time. Tests of memory, CPU or time
# are skipped: they would measure the detector.
race: testrun ## run the concurrent packages under the race detector
	CGO_ENABLED=1 $(TESTS) ./api ./api/web ./internal/coord/... ./moderation/... ./internal/mail ./internal/webhook ./internal/oidc -- \
		-race -gcflags='modernc.org/...=-race=false -d=checkptr=0' -timeout 40m \
		-skip 'MemoryPerStream|CostDoesNotGrow|ClientsThatDoNotRead|FrozenDatabase_CachedPages'

# The first run builds golangci-lint, which takes two minutes of CPU.
GOLANGCI := $(GO) tool -modfile=.ci/tools/go.mod golangci-lint

lint: ## run golangci-lint, and go vet on the module bench
	$(GOLANGCI) run ./...
	cd bench && $(GO) vet ./...

sizes: ## report long functions, long lines and the largest packages
	@$(GOLANGCI) run --enable-only funlen,lll --issues-exit-code 0 --output.text.print-issued-lines=false ./...
	@git ls-files '*.go' | grep -v _test.go | xargs wc -l | grep -v ' total$$' | \
		awk '{ sub("/[^/]*$$", "", $$2); n[$$2] += $$1 } END { for (p in n) print n[p] " lines in " p }' | sort -rn | head -10

# `npm ci` fails if the registry lacks the linter's builds for other systems.
lint-web: ## check types and style of the TypeScript (needs Node)
	cd widget && npm install --no-save --loglevel error --no-audit --no-fund && npm run --silent types && npm run --silent lint

web: ## rebuild the widget and the desk's scripts into their dist folders
	cd widget/build && $(GO) run .

fuzz: ## run each fuzz target for 20 seconds
	@for p in $$($(GO) list ./...); do \
		for f in $$($(GO) test -list '^Fuzz' $$p | grep '^Fuzz' || true); do \
			echo "$$p $$f"; $(GO) test -run '^$$' -fuzz "^$$f$$" -fuzztime 20s $$p || exit 1; \
		done; \
	done

bench: ## run the benchmarks, check their limits and write docs/measurements.md
	cd bench && $(GO) run . reads
	cd bench && $(GO) run . bench
	cd bench && $(GO) run . waiting
	cd bench && $(GO) run . joining
	cd bench && $(GO) run . live
	cd bench && $(GO) test -run '^$$' -bench 'Neighbours|Webhooks|Transfer|Static' -benchtime 1x -timeout 2h .
	cd bench && $(GO) run . copies
	cd bench && $(GO) test -run '^$$' -bench 'Widget|BesideAnImport' -benchtime 1x -timeout 1h .

scale: ## run three replicas through kills, restarts and a failover of Postgres, and count what is lost (needs nginx)
	cd bench && $(GO) test -run '^$$' -bench Scale -benchtime 1x -timeout 1h .

exam: ## evaluate the classifier and write bin/exam.md (an hour)
	cd bench && $(GO) run . exam

rehearsal: ## replay real comments against a server, with a scripted moderator
	cd bench && $(GO) run . rehearsal
	cd bench && $(GO) test -run '^$$' -bench Nearby -benchtime 1x -timeout 1h .

torture: deps testrun ## run all tests at full length on both databases (hours)
	TEST_KILLS=1000 TEST_DECISIONS=500 TEST_WAITING=100000 TEST_TAKEDOWNS=200 \
		$(TESTS) -tier full -db both $(LONGEST) ./... -- -count=1 -timeout 6h

planted: ## build each mutation and check that its test fails
	TEST_PLANTED=1 $(GO) test -count=1 -timeout 40m -v ./e2e/mutation

hardening: ## measure resistance to attacks and faults against the goals
	cd bench && TEST_HARDENING=1 $(GO) test -count=1 -v -timeout 3h ./hardening

HOSTILE ?= ../shared/data/hostile
hostile: ## send the hostile strings in HOSTILE through every field and check every output (hours)
	TEST_HOSTILE=$(abspath $(HOSTILE)) $(GO) test -count=1 -v -timeout 6h -run TestHostile ./e2e
	cd bench && TEST_HARDENING=1 FIGURES=2,6,9,12,14,17,18 $(GO) test -count=1 -v -timeout 60m ./hardening

wordpress: ## test integrations/wordpress in a real WordPress
	@.ci/wordpress.sh
	TEST_WORDPRESS=1 $(GO) test -count=1 -v -timeout 20m -run TestWordPress_Integrations ./e2e

shots: ## take the screenshots of docs/shots, and others into bin/shots
	cd bench && $(GO) run . shots

# Without RELEASE=--snapshot, goreleaser publishes the release of the tag that is checked out.
RELEASE ?= --snapshot
TOOLS   := $(CURDIR)/bin/tools
release: ## build archives, packages, checksums and SBOMs of all systems into dist
	GOBIN=$(TOOLS) $(GO) install github.com/goreleaser/goreleaser/v2@v2.15.1
	GOBIN=$(TOOLS) $(GO) install github.com/CycloneDX/cyclonedx-gomod/cmd/cyclonedx-gomod@v1.10.0
	PATH="$(TOOLS):$$PATH" goreleaser release --clean $(RELEASE)

clean: ## remove build results
	rm -rf bin dist
