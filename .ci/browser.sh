#!/usr/bin/env bash
# The pages in a real browser: built into a temporary folder, opened from
# file:, light and dark, wide and 320 units narrow, with and without
# JavaScript. Screenshots stay in the folder that is named at the end.
#
#   .ci/browser.sh [CHROMIUM]
set -eu
cd "$(dirname "$0")/.."
chromium=${1:-}
for name in chromium chromium-browser google-chrome google-chrome-stable; do
	[ -n "$chromium" ] || chromium=$(command -v "$name" || true)
done
[ -n "$chromium" ] || { echo "browser.sh: no Chromium; install it or name it as the argument" >&2; exit 1; }
command -v node >/dev/null || { echo "browser.sh: no node" >&2; exit 1; }

out=${BROWSER_OUT:-$(mktemp -d)}
mkdir -p "$out/site" "$out/shots"
"${GO:-go}" run ./site build -o "$out/site" ${BROWSER_BUILD:-}
timeout 300 node .ci/browser.mjs "$chromium" "$out/site" "$out/shots"
echo "screenshots: $out/shots"
