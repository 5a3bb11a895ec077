#!/usr/bin/env bash
# make browser: the built pages in Chromium, by .ci/browser.sh.
. "$(dirname "$0")/lib.sh"
need chromium chromium-browser google-chrome "pages in a browser" "install Chromium (Debian: apt-get install chromium)"
if [ ! -e .ci/browser.sh ]; then
	echo "ERROR: .ci/browser.sh, which looks at the pages, is missing: restore it" >&2
	exit 1
fi
exec bash .ci/browser.sh
