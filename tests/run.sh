#!/bin/sh
# Runs unit-test programs and adds up: the last line is "N passed, M failed".
# usage: tests/run.sh PROGRAM...
export LSAN_OPTIONS="suppressions=$(dirname "$0")/lsan.supp:print_suppressions=0"
passed=0 failed=0
for program in "$@"; do
    out=$(mktemp)
    "$program" >"$out" 2>&1
    status=$?
    line=$(sed -n 's/^[0-9]*%: Checks: \([0-9]*\), Failures: \([0-9]*\), Errors: \([0-9]*\)$/\1 \2 \3/p' "$out" | tail -n 1)
    set -- ${line:-0 0 1}
    bad=$(($2 + $3))
    if [ "$status" -ne 0 ] && [ "$bad" -eq 0 ]; then bad=1; fi
    passed=$((passed + $1 - $2 - $3)) failed=$((failed + bad))
    [ -n "$line" ] || passed=$((passed + 1)) # the program died before it could count
    if [ "$bad" -ne 0 ]; then
        echo "FAILED: $program (exit status $status)"
        cat "$out"
    fi
    rm -f "$out"
done
echo "$passed passed, $failed failed"
[ "$failed" -eq 0 ]
