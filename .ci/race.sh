#!/usr/bin/env bash
# make race: the tests under the race detector, which needs cgo. Left out are
# the command that mutates packages, which spends its minutes in other programs,
# the tests that only read source text, which share no memory, and the kernel and
# the hardware, in which a test forbids whatever could race: they run on the
# engine's coroutines, and the packages above take them along. vet is off: make
# test has run all of it already.
. "$(dirname "$0")/lib.sh"
need "$("$GO" env CC)" "race detector" "install a C compiler (Debian: apt-get install gcc libc6-dev)"
packages=${RACE:-$("$GO" list ./kernelsim/... ./checker/... ./site/... | grep -vE '/(checker/internal/mutants|kernelsim|kernelsim/internal/habits|kernelsim/(kernel|hw)/.*)$')} || exit 1
CGO_ENABLED=1 exec "$GO" test -vet=off -race -short $packages
