#!/bin/sh
# Makes sure that what the build needs is installed: .ci/deps.sh [test|bench]
# Debian and Ubuntu: installs the packages that dpkg does not know as installed, and does nothing at all (no
# network, no output) when there are none. Other systems: says what is missing.
set -u
build="gcc libc6-dev make pkg-config protobuf-c-compiler libprotobuf-c-dev libprotobuf-dev
libopenblas-openmp-dev libyaml-dev libturbojpeg0-dev libpng-dev libcairo2-dev libhdf5-dev"
test="check clang clang-format valgrind python3-numpy"
want=$build
[ "${1:-}" = test ] && want="$build $test"
[ "${1:-}" = bench ] && want="$build python3-venv"

if ! command -v dpkg-query >/dev/null || ! command -v apt-get >/dev/null; then
    missing=
    for tool in "${CC:-cc}" make pkg-config protoc-c; do
        command -v "${tool%% *}" >/dev/null || missing="$missing $tool"
    done
    for library in libprotobuf-c yaml-0.1 openblas libturbojpeg libpng cairo hdf5; do
        pkg-config --exists "$library" 2>/dev/null || missing="$missing $library"
    done
    [ -z "$missing" ] && exit 0
    echo "make deps installs packages on Debian and Ubuntu only. Missing on this system:$missing" >&2
    echo "(on Debian the packages are:" $want")" >&2
    exit 1
fi

missing=
for package in $want; do
    dpkg-query -W -f '${Status}\n' "$package" 2>/dev/null | grep -q ' installed$' || missing="$missing $package"
done
[ -z "$missing" ] && exit 0

as_root="env DEBIAN_FRONTEND=noninteractive"
if [ "$(id -u)" -eq 0 ]; then
    :
elif command -v sudo >/dev/null; then
    as_root="sudo $as_root"
else
    echo "Missing packages:$missing" >&2
    echo "Install them as root: apt-get install$missing" >&2
    exit 1
fi
echo "Installing:$missing"
install() { $as_root apt-get install -y -qq --no-install-recommends $missing </dev/null >"$log" 2>&1; }
log=$(mktemp)
trap 'rm -f "$log"' EXIT
# The package lists may be absent or old: fetch them when the first try fails.
install || { $as_root apt-get update -qq </dev/null >"$log" 2>&1 && install; } || {
    cat "$log" >&2
    echo "make deps: could not install the packages" >&2
    exit 1
}
