#!/bin/sh
# See that wrk, which keeps connections busy for the throughput, is there: root on Debian installs
# it; everyone else is told what to install.
set -eu

command -v wrk >/dev/null && exit 0

if [ "$(id -u)" -ne 0 ] || ! grep -Eqs '^ID=("?)debian\1$' /etc/os-release; then
    echo 'The benchmarks need wrk, and it was not found.' >&2
    echo 'Debian: sudo apt-get install wrk   macOS: brew install wrk' >&2
    exit 1
fi

echo 'installing wrk' >&2
export DEBIAN_FRONTEND=noninteractive
# Another installation may be under way: wait for it.
apt-get -qq -o DPkg::Lock::Timeout=300 update >&2
apt-get -qq -o DPkg::Lock::Timeout=300 install -y --no-install-recommends wrk >&2
command -v wrk >/dev/null
