#!/bin/sh
# Print the path of the Chromium or Chrome that the browser tests drive; the first of: $CHROMIUM,
# the usual names, the usual places on macOS. Where there is none, root on Debian installs it;
# everyone else is told what to install.
set -eu

find_chromium() {
    for name in "${CHROMIUM:-}" chromium chromium-browser google-chrome google-chrome-stable \
        '/Applications/Chromium.app/Contents/MacOS/Chromium' \
        '/Applications/Google Chrome.app/Contents/MacOS/Google Chrome'; do
        if [ -n "$name" ] && command -v "$name"; then
            return 0
        fi
    done
    return 1
}

is_debian() {
    [ -r /etc/os-release ] && grep -Eq '^ID=("?)debian\1$' /etc/os-release
}

if [ -n "${CHROMIUM:-}" ] && ! command -v "$CHROMIUM" >/dev/null; then
    echo "CHROMIUM=$CHROMIUM cannot be started." >&2
    exit 1
fi
find_chromium && exit 0

if [ "$(id -u)" -ne 0 ] || ! is_debian; then
    echo 'The browser tests need Chromium or Chrome, and none was found.' >&2
    echo 'Debian: sudo apt-get install chromium fonts-dejavu-core   macOS: install Google Chrome' >&2
    echo 'Somewhere unusual: make test CHROMIUM=/path/to/chromium' >&2
    exit 1
fi

echo 'installing Chromium' >&2
export DEBIAN_FRONTEND=noninteractive
# Another installation may be under way: wait for it. The fonts are for the screenshots.
apt-get -qq -o DPkg::Lock::Timeout=300 update >&2
apt-get -qq -o DPkg::Lock::Timeout=300 install -y --no-install-recommends \
    chromium fonts-dejavu-core >&2
find_chromium
