#!/bin/sh
# Everything that `make test` checks, one part after the other, whatever fails. usage: tests/all.sh BUILD-FOLDER
# The last line adds up: "N passed, M failed". A part's output is shown when it fails.
cd "$(dirname "$0")/.." || exit 2
build=${1:-build}
make=${MAKE:-make}
case " ${MAKEFLAGS:-} " in *\ -j*) ;; *) make="$make -j$(nproc 2>/dev/null || echo 2)" ;; esac
make="$make --no-print-directory"
log=$(mktemp)
trap 'rm -f "$log"' EXIT
passed=0 failed=0

# part NAME COMMAND...: counts what the command's last "N passed, M failed" says; without one it is one check.
part() {
    printf '%s: ' "$1"
    shift
    "$@" >"$log" 2>&1 </dev/null
    status=$?
    line=$(sed -n 's/^\([0-9][0-9]*\) passed, \([0-9][0-9]*\) failed$/\1 \2/p' "$log" | tail -n 1)
    set -- $line
    [ $# -eq 2 ] || if [ "$status" -eq 0 ]; then set -- 1 0; else set -- 0 1; fi
    [ "$status" -eq 0 ] || [ "$2" -gt 0 ] || set -- "$1" 1
    echo "$1 passed, $2 failed"
    passed=$((passed + $1)) failed=$((failed + $2))
    [ "$2" -eq 0 ] || cat "$log"
}
# have TOOL: or say that its part is left out.
have() { command -v "$1" >/dev/null || { echo "$1 is not installed: its check is left out"; false; }; }

part 'build' $make B="$build" all
part 'unit tests' $make B="$build" unit
part 'error messages' tests/errors/run.sh "$build/crema"
part 'build with sanitizers' $make B="$build/asan" SAN=1 all
part 'unit tests with sanitizers' $make B="$build/asan" SAN=1 unit
part 'error messages with sanitizers' tests/errors/run.sh "$build/asan/crema"
part "the benchmark's programs" $make B="$build" bench-programs
part 'digits' "$build/crema" check data/digits.yaml
part 'commands in README' tests/readme.sh "$build/crema"
part 'install and README example' tests/install/run.sh "$build"
part 'make deps' tests/deps.sh
part 'rooms' tests/check_rooms.sh
part 'files of layers' tests/layer_files.sh
have clang && part 'build with clang' $make B="$build/clang" CC=clang CFLAGS=-O1 all
have clang-format && part 'format' $make format-check
have valgrind && part 'valgrind' valgrind -q --error-exitcode=9 "$build/crema" check data/digits.yaml

echo "$passed passed, $failed failed"
[ "$failed" -eq 0 ]
