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

# ahead NAME COMMAND...: begins a step whose turn comes later, because the steps
# before it leave a core idle. arrived NAME is its command then.
early=$(mktemp -d)
ahead() {
	local name=$1
	shift
	{
		"$@" </dev/null >"$early/$name" 2>&1
		echo $? >"$early/$name.part"
		mv "$early/$name.part" "$early/$name.status"
	} &
}
arrived() {
	until [ -e "$early/$1.status" ]; do sleep 1; done
	cat "$early/$1"
	return "$(cat "$early/$1.status")"
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
# The labs' mutants alone take minutes: on a busy machine more than the ten that
# go test allows a package.
step tests "$GO" test -vet=off -timeout 20m ./...
step book "$GO" run ./site build
step labs "$GO" run ./checker check
step race bash .ci/race.sh
ahead wasm bash .ci/wasm.sh
step browser bash .ci/browser-if-any.sh
step wasm arrived wasm
rm -rf "$early"

echo
for line in "${skipped[@]}"; do
	echo "$line"
done
if [ ${#failed[@]} -gt 0 ]; then
	echo "FAILED after $SECONDS s: ${failed[*]}"
	exit 1
fi
echo "PASSED in $SECONDS s, ${#skipped[@]} skipped"
