# The verbs of this repository. Each is a plain go command, or a short script
# of them under .ci; README.md says what to type where there is no make.

GO ?= go
export GO

.PHONY: build start test site update bench fuzz race wasm browser mutants

build: ## compile everything
	$(GO) build ./...

start: ## build the book, serve it, follow every save
	$(GO) run ./site start

site: ## write the pages to site/public
	$(GO) run ./site build

test: ## everything that must pass; what needs more than Go is skipped aloud
	@bash .ci/test.sh

update: ## rewrite goldens, listings and console blocks
	@bash .ci/update.sh

bench: ## the stored benchmarks, allocations included
	$(GO) test -run '^$$' -bench . -benchmem ./...

fuzz: ## every fuzz target for a short time: make fuzz FUZZTIME=1m
	@bash .ci/fuzz.sh

race: ## the race detector (needs a C compiler)
	@bash .ci/race.sh

wasm: ## the simulator's tests as js/wasm (needs node)
	@bash .ci/wasm.sh

browser: ## the pages in a real browser (needs Chromium)
	@bash .ci/browser-if-any.sh

mutants: ## one-line changes that the tests must notice: make mutants PKG=./kernelsim/hw/lapic
	$(GO) run ./checker/internal/mutants $(PKG)
