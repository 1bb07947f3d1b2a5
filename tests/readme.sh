#!/bin/sh
# Runs the commands that README.md shows ("$ crema ..." at the start of a block) and compares what they print
# with the lines below: word for word, but for the digits of numbers, which differ from machine to machine.
# usage: tests/readme.sh CREMA. The last line is "N passed, M failed".
cd "$(dirname "$0")/.." || exit 2
crema=$1
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
passed=0 failed=0
awk -v folder="$scratch" '
    /^```/ { file = ""; inside = !inside; first = inside && $0 == "```"; next }
    first { first = 0; if (/^\$ crema /) { file = folder "/" ++n; print substr($0, 9) >(file ".command") } next }
    file != "" { print >(file ".expected") }' README.md
for command in "$scratch"/*.command; do
    name=${command%.command}
    "$crema" $(cat "$command") >"$name.out" 2>&1 </dev/null
    sed 's/[0-9][0-9.]*\(e-[0-9]*\)\{0,1\}/N/g; s/  */ /g' "$name.out" >"$name.got"
    sed 's/[0-9][0-9.]*\(e-[0-9]*\)\{0,1\}/N/g; s/  */ /g' "$name.expected" >"$name.want"
    if cmp -s "$name.want" "$name.got"; then
        passed=$((passed + 1))
    else
        failed=$((failed + 1))
        echo "FAILED: crema $(cat "$command") (- README, + got)"
        diff -u "$name.expected" "$name.out" | tail -n +3
    fi
done
echo "$passed passed, $failed failed"
[ "$failed" -eq 0 ] && [ "$passed" -gt 0 ]
