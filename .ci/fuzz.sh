#!/usr/bin/env bash
# make fuzz: every fuzz target of the module, found by go test itself, for
# FUZZTIME each (10s unless set). Packages may be given: .ci/fuzz.sh ./kernelsim/...
. "$(dirname "$0")/lib.sh"

list=$("$GO" test -vet=off -list '^Fuzz' ${*:-./...}) || { echo "$list"; exit 1; }
targets=$(echo "$list" | awk '/^Fuzz/ { name[n++] = $1 } $1 == "ok" { for (i = 0; i < n; i++) print $2, name[i]; n = 0 }')
if [ -z "$targets" ]; then
	echo "ERROR: no fuzz target was found" >&2
	exit 1
fi

# once PACKAGE TARGET LOG: runs one target for its time.
once() {
	"$GO" test -vet=off -run '^$' -fuzz "^$2\$" -fuzztime "${FUZZTIME:-10s}" -fuzzminimizetime 10x "$1" </dev/null 2>&1 | tee "$3"
	return "${PIPESTATUS[0]}"
}

# fuzz PACKAGE TARGET: when the time is over in the middle of an input, go test
# may fail with "context deadline exceeded" and nothing found. An input that
# hangs may look the same. So such an end is tried once more, and a second one
# counts.
fuzz() {
	local log status=0
	log=$(mktemp)
	once "$1" "$2" "$log" || status=$?
	if [ "$status" != 0 ] && grep -q '^    context deadline exceeded$' "$log" && ! grep -qE 'Failing input|panic:|DATA RACE|fatal error' "$log"; then
		echo "the time was over in the middle of an input: once more"
		status=0
		once "$1" "$2" "$log" || status=$?
	fi
	rm -f "$log"
	return "$status"
}

failed=0
while read -r package target; do
	echo "== $target in $package"
	fuzz "$package" "$target" || failed=1
done <<<"$targets"
exit $failed
