#!/bin/sh
# A Python environment of the benchmark's own with what requirements.txt names: tests/bench/deps.sh FOLDER
# Does nothing when the folder has just that. A runtime that can't be installed is named and left out; numpy and
# matplotlib, which come first, must be there. Of an older environment only what changed is installed.
set -eu
venv=$1
list=$(dirname "$0")/requirements.txt
cmp -s "$list" "$venv/installed" && exit 0
python=/usr/bin/python3
[ -x $python ] || python=python3
echo "Installing the benchmark's runtimes into $venv"
[ -x "$venv/bin/python" ] || $python -m venv "$venv"
all=yes
for package in $(grep -v '^#' "$list"); do
    alone=
    case $package in pnnx=*) alone=--no-deps ;; esac
    "$venv/bin/python" -m pip install --quiet --disable-pip-version-check --only-binary :all: $alone "$package" && continue
    case $package in numpy=* | matplotlib=*) exit 1 ;; esac
    echo "could not install $package: the benchmark goes on without it" >&2
    all=no
done
[ $all = no ] || cp "$list" "$venv/installed"
