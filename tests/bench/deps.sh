#!/bin/sh
# A Python environment of the benchmark's own with what requirements.txt names: tests/bench/deps.sh FOLDER
set -eu
python=/usr/bin/python3
[ -x $python ] || python=python3
exec "$(dirname "$0")/../venv.sh" "$1" "$(dirname "$0")/requirements.txt" $python
