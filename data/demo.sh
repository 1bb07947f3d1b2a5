#!/bin/sh
# Reads the ten pictures in data/ with two nets and prints a row for each: data/demo.sh CREMA
# Fails when a digit is not the one that the picture's name says.
set -eu
crema=$1
out=$(mktemp)
trap 'rm -f "$out"' EXIT
pictures=$(echo data/[0-9].png | tr ' ' ',')

for net in digits digits_c2sp; do
    echo "$net: crema run nets/$net.prototxt data/$net.caffemodel --input data=$pictures --top 1"
    "$crema" run "nets/$net.prototxt" "data/$net.caffemodel" --input "data=$pictures" --top 1 >"$out"
    # The command prints "data/0.png: prob", then a table: rank score class.
    awk 'BEGIN { printf "%-12s %5s %10s\n", "picture", "digit", "confidence" }
        /: prob$/ { picture = $1; sub(/:$/, "", picture) }
        $1 == "1" { rows++; right += picture ~ ("/" $3 "\\.png$"); printf "%-12s %5s %10s\n", picture, $3, $2 }
        END { printf "%d of %d right\n\n", right, rows; exit rows != 10 || right != rows }' "$out"

done
