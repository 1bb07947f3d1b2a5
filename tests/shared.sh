#!/bin/sh
# Checks against stored outputs of Caffe in a folder beside the project: tests/shared.sh SHARED CREMA
#
#   cases/, models/  every case of every manifest
#   threads          the same cases and nets give the same bits with 1, 2 and 3 threads
#   corpus/          every net of the wild loads in the shapes that Caffe gives it (tests/corpus.py), and goes
#                    through all formats and back with its comments (tests/convert.py)
#   bench/           seven well-known nets, with weights made on the spot, and our own nets/ of the same name
#
# The last line is "N passed, M failed".
set -u
shared=$(cd "$1" && pwd) || exit 2
crema=$(cd "$(dirname "$2")" && pwd)/$(basename "$2") || exit 2
cd "$(dirname "$0")/.." || exit 2
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
passed=0 failed=0
pass() { passed=$((passed + $1)); }
fail() { failed=$((failed + 1)); echo "FAILED: $*"; }

# manifest NAME [OPTIONS]: all its cases.
manifest() {
    name=$1
    shift
    "$crema" check "$shared/$name" "$@" >"$scratch/log" 2>&1
    tail -n 1 "$scratch/log" | grep -q ' passed, .* failed$' || fail "$name: $(tail -n 1 "$scratch/log")"
    sed -n "s|^FAIL |FAILED: $name: |p" "$scratch/log"
    passed=$((passed + $(grep -c '^ok ' "$scratch/log"))) failed=$((failed + $(grep -c '^FAIL ' "$scratch/log")))
}

# same_bits NAME ARGUMENTS...: `crema run` writes the same blobs with 1, 2 and 3 threads.
same_bits() {
    name=$1
    shift
    for threads in 1 2 3; do
        rm -rf "$scratch/$threads"
        mkdir "$scratch/$threads"
        "$crema" run "$@" --threads $threads --dump "$scratch/$threads" >/dev/null 2>"$scratch/log" ||
            { fail "$name with $threads threads: $(tail -n 1 "$scratch/log")"; return; }
    done
    if diff -rq "$scratch/1" "$scratch/2" && diff -rq "$scratch/1" "$scratch/3"; then pass 1
    else fail "$name: other bits for another number of threads"; fi
}

# all_same_bits NAME: same_bits for the cases of a manifest, which stand on a line each.
all_same_bits() {
    manifest=$1 folder=$shared/${1%/*}
    sed -n 's/^  - {name: \([^,]*\), net: \([^,]*\),\( weights: \([^,]*\),\)\{0,1\}.* inputs: {\([^}]*\)}.*/\1 \2 -\4 \5/p' \
        "$shared/$manifest" | while read -r case net weights inputs; do
        set -- "$folder/$net"
        [ "$weights" = - ] && set -- "$@" --allow-missing || set -- "$@" "$folder/${weights#-}"
        for input in $(echo "$inputs" | sed 's/: */=/g; s/,/ /g'); do set -- "$@" --input "${input%%=*}=$folder/${input#*=}"; done
        echo "$case $*"
    done >"$scratch/list"
    while read -r line; do same_bits $line; done <"$scratch/list"
}

# bench NAME: a net of bench/ and ours of that name, with weights that are made and removed again.
bench() {
    "$python" "$shared/tools/make_weights.py" "$1" "$scratch/bench/weights/$1.caffemodel" ||
        { fail "bench: no weights for $1"; return; }
    for folder in bench ours; do
        [ -f "$scratch/$folder/$1.prototxt" ] || continue
        if "$crema" check "$scratch/$folder/bench.yaml" --filter "$1" >"$scratch/log" 2>&1; then pass 1
        else fail "$folder: $(cat "$scratch/log")"; fi
    done
    input=$(sed -n "s|.*name: $1, .*inputs: {data: \([^}]*\)}.*|\1|p" "$shared/bench/bench.yaml")
    same_bits "bench/$1" "$scratch/bench/$1.prototxt" "$scratch/bench/weights/$1.caffemodel" \
        --input "data=$shared/bench/$input"
    rm -f "$scratch/bench/weights/$1.caffemodel"
}

for file in "$shared"/cases/*.yaml "$shared"/models/*.yaml; do
    file=${file#"$shared/"}
    manifest "$file"
    manifest "$file" --exact --strict
    all_same_bits "$file"
    echo "$file: so far $passed passed, $failed failed"
done

python=
for candidate in /usr/bin/python3 python3; do
    "$candidate" -c 'import numpy' 2>/dev/null && { python=$candidate; break; }
done
if [ -n "$python" ]; then
    mkdir -p "$scratch/bench" "$scratch/ours"
    cp "$shared"/bench/*.prototxt "$shared/bench/bench.yaml" "$scratch/bench"
    mkdir "$scratch/bench/weights"
    ln -s "$shared/bench/expect" "$scratch/bench/expect"
    cp nets/*.prototxt "$shared/bench/bench.yaml" "$scratch/ours"
    ln -s "$shared/bench/expect" "$scratch/bench/weights" "$scratch/ours"
    for name in $(sed -n 's/.*{name: \([^,]*\), net: .*/\1/p' "$shared/bench/bench.yaml"); do bench "$name"; done
else
    echo "numpy is not there: bench/ is left out"
fi

if command -v python3 >/dev/null; then
    for script in corpus convert; do
        python3 tests/$script.py "$crema" "$shared" >"$scratch/log" 2>&1
        sed -n "s/^FAIL  /FAILED: $script: /p" "$scratch/log"
        set -- $(sed -n 's/^\([0-9]*\) passed, \([0-9]*\) failed$/\1 \2/p' "$scratch/log")
        [ $# -eq 2 ] || { fail "$script: $(tail -n 1 "$scratch/log")"; set -- 0 0; }
        passed=$((passed + $1)) failed=$((failed + $2))
    done
else
    echo "python3 is not there: corpus/ is left out"
fi
echo "$passed passed, $failed failed"
[ "$failed" -eq 0 ]
