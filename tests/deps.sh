#!/bin/sh
# Tests of .ci/deps.sh with stand-ins for dpkg-query, apt-get, id and sudo, so that nothing is installed.
# The last line is "N passed, M failed".
cd "$(dirname "$0")/.." || exit 2
top=$(mktemp -d)
trap 'rm -rf "$top"' EXIT
passed=0 failed=0
mkdir "$top/bin"
for tool in sh env grep mktemp rm cat; do ln -s "$(command -v $tool)" "$top/bin/$tool"; done
stand_in() { # stand_in NAME SCRIPT
    printf '#!/bin/sh\n%s\n' "$2" >"$top/bin/$1"
    chmod +x "$top/bin/$1"
}
# A machine on which `missing` is not installed; apt-get writes down what it is asked for.
stand_in dpkg-query "case \" \$(cat $top/missing) \" in *\" \$4 \"*) exit 1 ;; esac; echo 'install ok installed'"
stand_in apt-get "echo \"\$*\" >>$top/asked"
stand_in id 'echo 0'

# check WHAT STATUS ASKED OUTPUT: runs deps.sh; ASKED is all that apt-get was asked for, OUTPUT a shell pattern.
check() {
    : >"$top/asked"
    PATH=$top/bin .ci/deps.sh >"$top/out" 2>&1
    status=$?
    output=$(cat "$top/out") asked=$(cat "$top/asked")
    case $output in $4) right=1 ;; *) right=0 ;; esac
    if [ $right -eq 1 ] && [ $status -eq "$2" ] && [ "$asked" = "$3" ]; then
        passed=$((passed + 1))
    else
        failed=$((failed + 1))
        printf 'FAILED: %s: status %s, apt-get was asked for "%s", output: %s\n' "$1" "$status" "$asked" "$output"
    fi
}
install='install -y -qq --no-install-recommends'

echo >"$top/missing"
check 'with everything there: no word, no network' 0 '' ''

echo ' libyaml-dev make ' >"$top/missing"
check 'only what is missing' 0 "$install make libyaml-dev" 'Installing: make libyaml-dev'

stand_in apt-get "echo \"\$*\" >>$top/asked; [ \"\$1\" = update ] || [ -e $top/lists ] || exit 100; : >$top/lists"
check 'package lists are fetched when the first try fails' 0 "$install make libyaml-dev
update -qq
$install make libyaml-dev" 'Installing: *'

stand_in apt-get "echo no such package; echo \"\$*\" >>$top/asked; exit 100"
check 'a failure is shown' 1 "$install make libyaml-dev
update -qq" 'Installing: *no such package*make deps: could not install the packages'

stand_in id 'echo 1000'
check 'neither root nor sudo: says what to do' 1 '' 'Missing packages: make*as root: apt-get install make libyaml-dev'

stand_in sudo 'exec "$@"'
stand_in apt-get "echo \"\$*\" >>$top/asked"
check 'sudo' 0 "$install make libyaml-dev" 'Installing: *'

rm "$top/bin/dpkg-query"
check 'another system: says what is missing' 1 '' '*Debian and Ubuntu only. Missing on this system: cc make*'

echo "$passed passed, $failed failed"
[ "$failed" -eq 0 ]
