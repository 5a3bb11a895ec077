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
failed=0
while read -r package target; do
	echo "== $target in $package"
	"$GO" test -run '^$' -fuzz "^$target\$" -fuzztime "${FUZZTIME:-10s}" "$package" </dev/null || failed=1
done <<<"$targets"
exit $failed
