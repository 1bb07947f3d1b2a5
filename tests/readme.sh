#!/bin/sh
# Runs the commands that README.md shows ("$ crema ..." at the start of a block) and compares what they print
# with the lines below: word for word, but for the digits of numbers, which differ from machine to machine.
# Also compares the table of layers with what `crema layers --markdown` prints; with --write it puts it in instead.
# usage: tests/readme.sh CREMA [--write]. The last line is "N passed, M failed".
cd "$(dirname "$0")/.." || exit 2
crema=$1
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
passed=0 failed=0
# The table stands between two marks.
"$crema" layers --markdown >"$scratch/table" || exit 2
awk -v table="$scratch/table" '
    /^<!-- end of layers -->/ { inside = 0 }
    !inside { print }
    /^<!-- layers:/ { inside = 1; while ((getline line <table) > 0) print line }' README.md >"$scratch/readme"
if [ "${2:-}" = --write ]; then
    cmp -s "$scratch/readme" README.md || cp "$scratch/readme" README.md
    exit
fi
if grep -q '^<!-- layers:' README.md && cmp -s "$scratch/readme" README.md; then
    passed=$((passed + 1))
else
    failed=$((failed + 1))
    echo "FAILED: the table of layers is not that of the code; \`make readme\` writes it (- README, + code)"
    diff -u README.md "$scratch/readme" | tail -n +3
fi

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
