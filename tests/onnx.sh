#!/bin/sh
# What Python's readers make of crema's conversions: tests/onnx.sh SHARED CREMA VENV
#
# Nets are exported to ONNX, and onnxruntime is compared with crema; folded nets are read with Python's protobuf.
# The cases and models of SHARED, and its seven well-known nets with weights that are made on the spot. VENV gets what
# tests/onnx/requirements.txt names, from PyPI; where that can't be reached the check is left out, and says so.
# The last line is "N passed, M failed".
set -u
shared=$(cd "$1" && pwd) || exit 2
crema=$(cd "$(dirname "$2")" && pwd)/$(basename "$2") || exit 2
venv=$3
cd "$(dirname "$0")/.." || exit 2

leave_out() { echo "The ONNX export is not checked: $*"; echo "0 passed, 0 failed"; exit 0; }
/usr/bin/python3 -c 'import venv, ensurepip' 2>/dev/null && python=/usr/bin/python3 || python=python3
"$python" -c 'import venv, ensurepip' 2>/dev/null || leave_out "there is no Python with venv"
tests/venv.sh "$venv" tests/onnx/requirements.txt "$python" || leave_out "PyPI can't be reached"

scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
mkdir "$scratch/bench" "$scratch/bench/weights"
cp "$shared"/bench/*.prototxt "$shared/bench/bench.yaml" "$scratch/bench"
ln -s "$shared/bench/expect" "$scratch/bench/expect"
passed=0 failed=0
# add COMMAND...: shows its output, counts its last line.
add() {
    "$@" >"$scratch/log" 2>&1
    cat "$scratch/log"
    set -- $(sed -n 's/^\([0-9]*\) passed, \([0-9]*\) failed$/\1 \2/p' "$scratch/log" | tail -n 1)
    [ $# -eq 2 ] || set -- 0 1
    passed=$((passed + $1)) failed=$((failed + $2))
}
# check MANIFEST [CASE]
check() { add "$venv/bin/python" tests/onnx_check.py "$crema" tests/onnx/refused.txt "$@"; }
# fold NET WEIGHTS
fold() { add "$venv/bin/python" tests/fold_check.py "$crema" "$scratch/crema.desc" "$@"; }
include=$(pkg-config --variable=includedir libprotobuf-c)
protoc-c --include_imports --descriptor_set_out="$scratch/crema.desc" -Iproto -I"$include" proto/crema.proto

fold "$shared/models/wechat_qr/detect.prototxt" "$shared/models/wechat_qr/detect.caffemodel"
check "$shared"/cases/*.yaml "$shared"/models/*.yaml
for name in $(sed -n 's/.*{name: \([^,]*\), net: .*/\1/p' "$shared/bench/bench.yaml"); do
    "$venv/bin/python" "$shared/tools/make_weights.py" "$name" "$scratch/bench/weights/$name.caffemodel"
    grep -v "{name: .*, net: " "$shared/bench/bench.yaml" >"$scratch/bench/$name.yaml"
    grep "{name: $name, net: " "$shared/bench/bench.yaml" >>"$scratch/bench/$name.yaml"
    check "$scratch/bench/$name.yaml"
    grep -q 'type: "BatchNorm"' "$scratch/bench/$name.prototxt" &&
        fold "$scratch/bench/$name.prototxt" "$scratch/bench/weights/$name.caffemodel"
    rm -f "$scratch/bench/weights/$name.caffemodel"
done
echo "$passed passed, $failed failed"
[ "$failed" -eq 0 ]
