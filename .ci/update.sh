#!/usr/bin/env bash
# make update: rewrites what is generated from the code: the goldens of every
# test package that has an -update flag, then the book's listings and console
# blocks. Read the diff before you commit it.
. "$(dirname "$0")/lib.sh"
set -e

grep -rl --include='*_test.go' 'flag\.Bool("update"' . | xargs -r -n1 dirname | sort -u |
	while read -r dir; do
		echo "== goldens of $dir"
		"$GO" test "$dir" -update </dev/null
	done
"$GO" run ./site update
