#!/bin/sh
# A Python environment of its own with what a list names: tests/venv.sh FOLDER LIST PYTHON
# Does nothing when the folder has just that.
set -eu
cmp -s "$2" "$1/installed" && exit 0
echo "Installing what $2 names into $1"
"$3" -m venv --clear "$1"
"$1/bin/python" -m pip install --quiet --disable-pip-version-check --only-binary :all: -r "$2"
cp "$2" "$1/installed"
