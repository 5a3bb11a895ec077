#!/usr/bin/env bash
# make race: the tests under the race detector, which needs cgo.
. "$(dirname "$0")/lib.sh"
need "$("$GO" env CC)" "race detector" "install a C compiler (Debian: apt-get install gcc libc6-dev)"
CGO_ENABLED=1 exec "$GO" test -race -short ${RACE:-./kernelsim/... ./checker/... ./site/...}
