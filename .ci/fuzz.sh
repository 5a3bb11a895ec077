#!/usr/bin/env bash
# make fuzz: every fuzz target of the module, found by go test itself, for
# FUZZTIME each (10s unless set). Packages may be given: .ci/fuzz.sh ./kernelsim/...
. "$(dirname "$0")/lib.sh"

list=$("$GO" test -list '^Fuzz' ${*:-./...}) || { echo "$list"; exit 1; }
targets=$(echo "$list" | awk '/^Fuzz/ { name[n++] = $1 } $1 == "ok" { for (i = 0; i < n; i++) print $2, name[i]; n = 0 }')
if [ -z "$targets" ]; then
	echo "ERROR: no fuzz target was found" >&2
	exit 1
fi

# fuzz PACKAGE TARGET: runs one target. When the time is over in the middle of
# an input, go test may say "context deadline exceeded" and fail without having
# found anything: such an end is one of time.
fuzz() {
	local log status
	log=$(mktemp)
	"$GO" test -run '^$' -fuzz "^$2\$" -fuzztime "${FUZZTIME:-10s}" -fuzzminimizetime 10x "$1" </dev/null 2>&1 | tee "$log"
	status=${PIPESTATUS[0]}
	if [ "$status" != 0 ] && grep -q '^    context deadline exceeded$' "$log" && ! grep -qE 'Failing input|panic:|DATA RACE|fatal error' "$log"; then
		echo "the time was over in the middle of an input, and nothing was found"
		status=0
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
