#!/bin/sh
# A Python environment of the benchmark's own with what requirements.txt names: tests/bench/deps.sh FOLDER
# Does nothing when the folder has just that.
set -eu
venv=$1
list=$(dirname "$0")/requirements.txt
cmp -s "$list" "$venv/installed" && exit 0
python=/usr/bin/python3
[ -x $python ] || python=python3
echo "Installing the benchmark's runtimes into $venv"
$python -m venv --clear "$venv"
"$venv/bin/python" -m pip install --quiet --disable-pip-version-check --only-binary :all: -r "$list"
cp "$list" "$venv/installed"
