#!/bin/sh
# The whole benchmark, into BUILD/bench: tests/bench/run.sh BUILD
# nets.csv, layers.csv, kernels.csv, convolutions.csv, large.csv, padding.csv, machine.json; ratios.svg, roofline.svg and a
# roofline of each net; tables on the way out.
# $BENCH_PARTS, of "nets layers kernels convolutions large padding", says what is measured; the rest is drawn from what is
# there.
set -eu
build=$1
python="$build/bench-venv/bin/python"
here=tests/bench
parts=" ${BENCH_PARTS:-nets layers kernels convolutions large padding} "
mkdir -p "$build/bench"
case $parts in *" nets "*) "$python" $here/bench_nets.py "$build" ;; esac
case $parts in *" layers "*) "$python" $here/bench_layers.py "$build" ;; esac
for part in kernels convolutions large padding; do
    case $parts in *" $part "*) ;; *) continue ;; esac
    echo "timing $part" >&2
    case $part in
    convolutions | large)
        shapes=conv
        [ $part = convolutions ] || shapes=large
        "$build/bench_conv" $here/${shapes}_shapes.txt ${CREMA_ISA:-} >"$build/bench/$part.txt"
        grep , "$build/bench/$part.txt" | grep -v '^total ' >"$build/bench/$part.csv"
        ;;
    *) "$build/bench_$part" >"$build/bench/$part.csv" ;;
    esac
done
"$python" $here/tables.py "$build"
"$python" $here/plots.py "$build"
