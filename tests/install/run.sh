#!/bin/sh
# Installs into a temporary folder, then builds and runs the README's C example against what was installed,
# with the shared and with the static library, as a user would. usage: tests/install/run.sh BUILD-FOLDER
# The last line is "N passed, M failed".
cd "$(dirname "$0")/../.." || exit 2
build=${1:-build}
make="${MAKE:-make} --no-print-directory B=$build"
top=$(mktemp -d)
trap 'rm -rf "$top"' EXIT
passed=0 failed=0
ok() { # ok WHAT COMMAND...
    what=$1
    shift
    if "$@" >"$top/log" 2>&1; then passed=$((passed + 1)); return 0; fi
    failed=$((failed + 1))
    echo "FAILED: $what: $*"
    cat "$top/log"
    return 1
}

# With DESTDIR: everything lands below it, and uninstall takes it away again.
ok 'install with DESTDIR' $make install DESTDIR="$top/dest" PREFIX=/opt/crema
for file in bin/crema include/crema.h include/crema_tools.h lib/libcrema.a lib/libcrema-tools.a lib/libcrema.so \
    lib/libcrema-tools.so lib/pkgconfig/crema.pc lib/pkgconfig/crema-tools.pc; do
    ok "installed $file" test -s "$top/dest/opt/crema/$file"
done
ok 'the .pc file names the prefix' grep -qx 'prefix=/opt/crema' "$top/dest/opt/crema/lib/pkgconfig/crema.pc"
ok 'uninstall' $make uninstall DESTDIR="$top/dest" PREFIX=/opt/crema
ok 'nothing is left' test -z "$(find "$top/dest" ! -type d)"

# As a user of the installed copy.
prefix=$top/usr
ok 'install' $make install PREFIX="$prefix"
export PKG_CONFIG_PATH="$prefix/lib/pkgconfig"
ok 'the installed command runs' "$prefix/bin/crema" --version
awk '/^```c$/ { on = 1; next } /^```/ { on = 0 } on' README.md >"$top/example.c"
ok 'the README has an example' test -s "$top/example.c"
flags="-std=c11 -Wall -Wextra -Werror"
example() { # example NAME LINKER-FLAGS...: builds, runs on a picture of a 3, wants the 3
    program=$top/$1
    shift
    ok "$program builds" ${CC:-cc} $flags $(pkg-config --cflags crema-tools) -o "$program" "$top/example.c" "$@" &&
        ok "$program sees a 3" sh -c "'$program' nets/digits.prototxt data/digits.caffemodel data/3.png |
            grep '^3 [01][.]'"
}
export LD_LIBRARY_PATH="$prefix/lib"
example shared $(pkg-config --libs crema-tools)
ok 'it uses the shared library' sh -c "ldd $top/shared | grep -q '$prefix/lib/libcrema.so.0'"
# A plugin sees crema.h alone; it finds the functions in whoever loads it.
ok 'a plugin builds' ${CC:-cc} $flags $(pkg-config --cflags crema) -shared -fPIC -o "$top/example.so" \
    tests/plugin/example.c -lm
printf "input: 'x' input_shape { dim: 1 dim: 1 dim: 2 dim: 2 }
layer { name: 'lc' type: 'LocalContrast' bottom: 'x' top: 'y' }" >"$top/lc.prototxt"
ok 'the installed command runs it' "$prefix/bin/crema" time "$top/lc.prototxt" --plugin "$top/example.so"
printf '#include <crema_tools.h>
int main(int n, char **v) { return n < 2 || crema_plugin_load(crema_context_create(0, 0), v[1], 0); }' >"$top/load.c"
ok 'a program that loads a plugin builds' ${CC:-cc} $flags $(pkg-config --cflags crema-tools) -o "$top/load" \
    "$top/load.c" $(pkg-config --libs crema-tools)
ok 'it loads it' "$top/load" "$top/example.so"
unset LD_LIBRARY_PATH
example static $(pkg-config --static --libs crema-tools | sed -E 's/-l(crema(-tools)?)/-l:lib\1.a/g')
ok 'it does not need the shared library' sh -c "! ldd $top/static | grep -q libcrema"
if command -v clang >/dev/null; then
    printf '#include <crema_tools.h>\nint main() { return crema_version() == nullptr; }\n' >"$top/example.cpp"
    ok 'C++ takes the headers' clang -x c++ -std=c++11 -fsyntax-only -I"$prefix/include" "$top/example.cpp"
fi
echo "$passed passed, $failed failed"
[ "$failed" -eq 0 ]
