#!/bin/sh
# Golden tests of what a user sees when something is wrong: tests/errors/run.sh CREMA [WRAPPER...]
# cases.txt holds commands ("$ run type.prototxt") and below each, up to an empty line, what must stand on
# standard error, word for word. Exit status 1 is expected, or the one in brackets ("$ [0] run ..."). Commands
# run in the folder files/, without a shell of their own, behind the wrapper ("valgrind -q") if there is one.
# The last line is "N passed, M failed".
here=$(cd "$(dirname "$0")" && pwd) || exit 2
crema=$(cd "$(dirname "$1")" && pwd)/$(basename "$1") || exit 2
shift
wrapper=$*
cd "$here/files" || exit 2
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
passed=0 failed=0

check() { # of the case that has been read: $command, $scratch/expected
    [ -n "$command" ] || return
    status=1
    set -f
    set -- $command
    set +f
    case $1 in \[*\]) status=${1#?} status=${status%?}; shift ;; esac
    $wrapper "$crema" "$@" >"$scratch/out" 2>"$scratch/got" </dev/null
    got=$?
    if [ "$got" -eq "$status" ] && cmp -s "$scratch/expected" "$scratch/got"; then
        passed=$((passed + 1))
    else
        failed=$((failed + 1))
        echo "FAILED: crema $*: exit status $got instead of $status, or other words (- expected, + got):"
        diff -u "$scratch/expected" "$scratch/got" | tail -n +3
    fi
    command=
}

command=
while IFS= read -r line; do
    case $line in
    '$ '*) command=${line#??}; : >"$scratch/expected" ;;
    '') check ;;
    '#'*) ;;
    *) printf '%s\n' "$line" >>"$scratch/expected" ;;
    esac
done <"$here/cases.txt"
check
echo "$passed passed, $failed failed"
[ "$failed" -eq 0 ] && [ "$passed" -gt 0 ]
