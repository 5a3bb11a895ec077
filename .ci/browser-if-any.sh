#!/usr/bin/env bash
# make browser: the built pages in Chromium, by .ci/browser.sh.
. "$(dirname "$0")/lib.sh"
need chromium chromium-browser google-chrome "pages in a browser" "install Chromium (Debian: apt-get install chromium)"
need .ci/browser.sh "pages in a browser" "restore .ci/browser.sh, which looks at the pages"
exec bash .ci/browser.sh
