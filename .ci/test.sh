#!/usr/bin/env bash
# make test: everything that must pass. Every step runs, even after a failed
# one; the last lines say which failed and which were skipped.
. "$(dirname "$0")/lib.sh"

failed=() skipped=()

# step NAME COMMAND...: runs it under a heading and keeps the outcome.
step() {
	local name=$1 start=$SECONDS log
	shift
	echo
	echo "== $name: $*"
	log=$(mktemp)
	"$@" 2>&1 | tee "$log"
	if [ "${PIPESTATUS[0]}" != 0 ]; then
		failed+=("$name")
		echo "== $name: FAILED after $((SECONDS - start)) s"
	elif grep -q '^SKIPPED:' "$log"; then
		skipped+=("$(grep '^SKIPPED:' "$log")")
	else
		echo "== $name: ok, $((SECONDS - start)) s"
	fi
	rm -f "$log"
}

# formatted fails with the names of the files that gofmt would change.
formatted() {
	local files
	files=$(gofmt -l book checker kernelsim labs site) || return 1
	if [ -n "$files" ]; then
		echo "$files"
		echo "gofmt would change these files: run gofmt -w on them"
		return 1
	fi
}

step format formatted
step build "$GO" build ./...
step vet "$GO" vet ./...
step tests "$GO" test ./...
step book "$GO" run ./site build
step labs "$GO" run ./checker check
step race bash .ci/race.sh
step wasm bash .ci/wasm.sh
step browser bash .ci/browser-if-any.sh

echo
for line in "${skipped[@]}"; do
	echo "$line"
done
if [ ${#failed[@]} -gt 0 ]; then
	echo "FAILED after $SECONDS s: ${failed[*]}"
	exit 1
fi
echo "PASSED in $SECONDS s, ${#skipped[@]} skipped"
