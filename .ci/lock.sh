#!/bin/sh
# Write requirements.lock and requirements-dev.lock out of pyproject.toml. Called by `make lock`
# with the Python to use; further arguments (--upgrade) go to uv. Without them a version that is
# already locked stays.
set -eu

python=$1
shift
workshop=$(mktemp -d)
trap 'rm -rf "$workshop"' EXIT
trap 'exit 1' HUP INT TERM

"$python" -m venv "$workshop"
"$workshop/bin/python" -m pip install -qq --disable-pip-version-check 'uv>=0.13.9'

# One lock for every system and every Python from 3.11 on; hashes for plain pip; no address of
# any package index, because whoever sets up may have their own.
compile() {
    "$workshop/bin/uv" pip compile --quiet --universal --python-version 3.11 \
        --generate-hashes --no-emit-index-url --no-annotate \
        --custom-compile-command 'make lock' --extra demo "$@" pyproject.toml
}

compile "$@" --output-file requirements.lock
# The same versions again, and the tools beside them.
compile "$@" --group dev --constraint requirements.lock --output-file requirements-dev.lock
