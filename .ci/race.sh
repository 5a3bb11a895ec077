#!/usr/bin/env bash
# make race: the tests under the race detector, which needs cgo. The command
# that mutates packages is left out: it spends its minutes in other programs.
. "$(dirname "$0")/lib.sh"
need "$("$GO" env CC)" "race detector" "install a C compiler (Debian: apt-get install gcc libc6-dev)"
packages=${RACE:-$("$GO" list ./kernelsim/... ./checker/... ./site/... | grep -v '/checker/internal/mutants$')} || exit 1
CGO_ENABLED=1 exec "$GO" test -race -short $packages
