#!/bin/sh
# The whole benchmark, into BUILD/bench: tests/bench/run.sh BUILD
# convolutions.csv, nets.csv, layers.csv, machine.json, ratios.svg, roofline.svg; tables on the way out.
# $BENCH_PARTS, of "convolutions nets layers", says what is measured; the rest is drawn from what is there.
set -eu
build=$1
python="$build/bench-venv/bin/python"
here=tests/bench
parts=" ${BENCH_PARTS:-convolutions nets layers} "
mkdir -p "$build/bench"
case $parts in *" nets "*) "$python" $here/bench_nets.py "$build" ;; esac
case $parts in *" layers "*) "$python" $here/bench_layers.py "$build" ;; esac
case $parts in *" convolutions "*)
    echo "timing convolutions" >&2
    "$build/bench_conv" >"$build/bench/convolutions.txt"
    grep , "$build/bench/convolutions.txt" | grep -v '^total ' >"$build/bench/convolutions.csv"
    ;;
esac
"$python" $here/tables.py "$build"
"$python" $here/plots.py "$build"
