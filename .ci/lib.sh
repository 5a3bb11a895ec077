# Shared by the scripts beside it. Sourced, not run.
#
# REQUIRE=1 (set by .ci/run) makes a missing tool an error instead of a skip.

cd "$(dirname "${BASH_SOURCE[0]}")/.." || exit 1
GO=${GO:-go}

# A script of this repository counts as a tool too, if it may be executed.
#
# need TOOL... WHAT HINT: succeeds if one of the tools is installed. Otherwise
# it says what is not run and how to run it, and ends the script.
need() {
	local hint=${*: -1} what=${*: -2:1} tool
	for tool in "${@:1:$#-2}"; do
		if command -v "$tool" >/dev/null 2>&1; then
			return 0
		fi
	done
	if [ "${REQUIRE:-}" = 1 ]; then
		echo "ERROR: $what: no ${*:1:$#-2} here, and this run may skip nothing: $hint" >&2
		exit 1
	fi
	echo "SKIPPED: $what: no ${*:1:$#-2} here: $hint"
	exit 0
}
