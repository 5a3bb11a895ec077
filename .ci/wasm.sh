#!/usr/bin/env bash
# make wasm: the simulator's tests as js/wasm under node, with the same
# goldens and trace hashes as the native run, and short sweeps of seeds: node is
# several times slower. vet is off: make test has run it.
. "$(dirname "$0")/lib.sh"
need node "js/wasm" "install Node.js 18 or newer (Debian: apt-get install nodejs)"

runner=$("$GO" env GOROOT)/lib/wasm/go_js_wasm_exec
if [ ! -x "$runner" ]; then
	echo "ERROR: js/wasm: $runner is missing: install Go with its lib/wasm directory" >&2
	exit 1
fi
packages=$("$GO" list ./kernelsim/... | grep -v /cmd/) || exit 1

# A wasm program takes its environment in a few kilobytes: hand over only
# what is needed.
GOOS=js GOARCH=wasm exec "$GO" test -vet=off -short -exec "env -i PATH=$PATH HOME=$HOME TMPDIR=${TMPDIR:-/tmp} $runner" $packages
