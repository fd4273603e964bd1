# shellcheck shell=bash
# shellcheck disable=SC2154 # the folders that dev names
# What "./dev check" does: lanes of stages, side by side. dev reads this.

set -euo pipefail

# A stage is a command with a log.  What its tests report is counted; a stage
# without tests counts as one.  Results are files "NAME.count" of the form
# "passed failed skipped", since stages run beside one another.

logs=$work/check/log

# Counts the results of make check (*.trs) and of pytest (*.xml) in a folder.
count_results() {
    find "$1" -name '*.trs' -exec cat {} + 2>/dev/null | awk '
        /^:test-result: (PASS|XFAIL)/ { passed++ }
        /^:test-result: (FAIL|XPASS|ERROR)/ { failed++ }
        /^:test-result: SKIP/ { skipped++ }
        END { print passed + 0, failed + 0, skipped + 0 }'
    find "$1" -name '*.xml' -exec grep -ho '<testsuite [^>]*>' {} + \
        2>/dev/null | awk '
        function number(name) {
            return match($0, " " name "=\"[0-9]+\"") ? \
                substr($0, RSTART + length(name) + 3) + 0 : 0
        }
        {
            bad = number("failures") + number("errors")
            print number("tests") - bad - number("skipped"), bad, \
                number("skipped")
        }'
}

sum_counts() {
    awk '{ p += $1; f += $2; s += $3 } END { print p + 0, f + 0, s + 0 }'
}

# What went wrong in a log, as far as it can be told shortly.
show_failures() {
    local said='^([^ ]+: )?(fatal )?(error|warning):'
    {
        grep -E "^(FAIL|ERROR|SKIP|FAILED|SKIPPED)[: ]|$said" "$1" |
            head -n 40 || tail -n 30 "$1"
        grep '^E  ' "$1" | head -n 20
    } | cut -c 1-300 | sed 's/^/      /'
    echo "      the whole log: $1"
}

# stage NAME TESTS COMMAND...: TESTS is the folder of its results, or "-".
stage() {
    local name=$1 tests=$2 rc=0 start=$SECONDS counts passed failed skipped
    local log=$logs/${1//[^a-z0-9]/-}.log
    shift 2
    # A process of its own: bash forgets "set -e" in a function that is tested.
    "$src/dev" step "$@" >"$log" 2>&1 </dev/null || rc=$?
    counts='0 0 0'
    [ "$tests" = - ] || counts=$(count_results "$tests" | sum_counts)
    read -r passed failed skipped <<<"$counts"
    if [ "$rc" -ne 0 ] && [ "$failed" -eq 0 ]; then
        failed=1
    elif [ "$rc" -eq 0 ] && [ $((passed + failed + skipped)) -eq 0 ]; then
        # Tests were promised and none ran: that is a failure too.
        if [ "$tests" = - ]; then passed=1; else failed=1; fi
    fi
    echo "$passed $failed $skipped" >"${log%.log}.count"
    printf '%5d s  %-36s %s passed, %s failed, %s skipped\n' \
        $((SECONDS - start)) "$name" "$passed" "$failed" "$skipped"
    # Those that passed only when tried again; tests/lib/unsteady.py.
    grep '^UNSTEADY ' "$log" | cut -c 1-300 | sed 's/^/      /' || true
    [ $((failed + skipped)) -eq 0 ] || show_failures "$log"
    [ "$rc" -eq 0 ]
}

# run_tests FOLDER [MAKE-ARGUMENT]...
run_tests() {
    cd "$1"
    shift
    make -j"$jobs" check "$@"
}

# The same, where whatever a sanitizer says is a failure, also of a child whose
# end nobody looks at.  The tests from end to end see to that themselves.  Of the
# source itself nothing new can be found.
run_sanitized() {
    local reports=$1/reports report rc=0
    mkdir -p "$reports"
    chmod 1777 "$reports"
    export ASAN_OPTIONS=log_path=$reports/asan
    export UBSAN_OPTIONS=print_stacktrace=1:log_path=$reports/ubsan
    run_tests "$1" lints= || rc=1
    for report in "$reports"/*; do
        [ -e "$report" ] || continue
        echo "error: a sanitizer has left a report, $report"
        cat "$report"
        rc=1
    done
    return $rc
}

# A test from end to end that fails is tried once more, and told if it passes
# then (tests/lib/unsteady.py); unless mail was lost, a secret was seen, or a
# sanitizer spoke: none of those is an accident.
once_more='--reruns 1'
once_more+=' --only-rerun (?s)^(?!.*(LOST|Leak|Sanitizer|runtime.error))'

# The programs find one another at their configured places, so the tests from
# end to end take an installed tree.  Most of their time is waiting, for a
# server's or a disk's answer: several files of them run side by side.
# run_installed FOLDER [OPTION]
run_installed() {
    local options="-n 4 --dist loadfile -p no:cacheprovider $once_more ${2-}"
    flock "$work/package.lock" true
    cd "$1"
    make install
    mkdir -p "$1/pytest"
    PYTEST_ADDOPTS="$options --junitxml=$1/pytest/results.xml" \
        make installcheck
}

analyse() {
    build "$work/check/analyzer" --enable-werror \
        CFLAGS='-O2 -g -fanalyzer -DANALYSER -Wno-unused-value'
}

tidy() {
    make -C "$work/check/clang" tidy
}

cpp_check() {
    make -C "$work/check/clang" cppcheck
}

# debian_root MODULE NAME: a small Debian with the packages of that list, for
# the servers and the programs of others; tests/lib/debian.py.
debian_root() {
    [ "$(id -u)" -eq 0 ] || return 0 # their tests are skipped
    cd tests
    PYTHONDONTWRITEBYTECODE=1 /usr/bin/python3 -c 'import importlib, sys
from lib import debian
module = importlib.import_module("lib." + sys.argv[1])
debian.root(getattr(module, sys.argv[2]))' "$@"
}

# The one with programs, and our package over its mailer, as all their tests take
# it; tests/lib/host.py.
installed_package() {
    [ "$(id -u)" -eq 0 ] || return 0
    flock "$work/package.lock" true
    cd tests
    PYTHONDONTWRITEBYTECODE=1 /usr/bin/python3 -c 'from lib import host
host.made()'
}

# Programs of others that send mail by it, each in a Debian of its own.
run_programs() {
    mkdir -p "$1/pytest"
    MAILCHUTE_TRIED=$1/tried.json PYTHONDONTWRITEBYTECODE=1 \
        PYTEST_ADDOPTS=$once_more /usr/bin/python3 -m pytest -q -n 4 -p no:cacheprovider \
        --junitxml="$1/pytest/results.xml" tests/programs
}

# The package, which tests install, and once more in another folder: the same
# commit gives the same octets.
debian_package() {
    local again=$work/check/deb-again file
    export DEB_BUILD_OPTIONS="nocheck parallel=$jobs"
    rm -rf "$work/deb"
    packaging/deb.sh "$work/check/deb"
    mv "$work/check/deb" "$work/deb"
    packaging/deb.sh "$again" unchecked
    for file in "$work"/deb/*.deb; do
        cmp "$file" "$again/${file##*/}"
    done
    rm -rf "$again"
}

# A path without what a packager's machine need not have.
bare_path() {
    local folder tool
    mkdir -p "$1"
    for folder in /usr/bin /bin /usr/sbin /sbin; do
        for tool in "$folder"/*; do
            case ${tool##*/} in
            git | git-* | mandoc | mandoc-* | man | python* | pytest*) ;;
            *) ln -sf "$tool" "$1/${tool##*/}" ;;
            esac
        done
    done
    # And of libraries only those that the programs link.
    rm -f "$1/pkg-config"
    cat >"$1/pkg-config" <<'EOT'
#!/bin/sh
case "$*" in *cmocka*) exit 1 ;; esac
exec /usr/bin/pkg-config "$@"
EOT
    chmod +x "$1/pkg-config"
}

# From an exported tree, as packagers do: no .git, no cmocka, no mandoc, no
# Python.  It makes no user, changes no owner, and finds its programs.
bare_build() {
    local top=$work/check/bare inst=$work/check/bare/inst users before
    rm -rf "$top"
    mkdir -p "$top/tree"
    git archive HEAD | tar -xf - -C "$top/tree"
    bare_path "$top/bin"
    users=$(getent passwd | sort)
    before=$PATH
    PATH=$top/bin
    cd "$top/tree"
    autoreconf -fi
    ./configure --quiet --prefix="$inst" PYTHON3=/bin/false
    make -j"$jobs"
    make install
    PATH=$before
    [ "$(getent passwd | sort)" = "$users" ] || die 'error: a user was made'
    [ -z "$(find "$inst" ! -user "$(id -u)")" ] || die 'error: an owner'
    [ -x "$inst/libexec/mailchute/deliver" ] || die 'error: no deliver'
    for program in sbin/sendmail sbin/mailchuted bin/mailchute; do
        [ "$("$inst/$program" --version | wc -l)" -eq 1 ] ||
            die "error: $program does not run"
    done
    grep -q "$inst/libexec/mailchute" "$inst/sbin/mailchuted" ||
        die 'error: deliver is looked for elsewhere'
}

distcheck() {
    local missing some='tests/lint/references.sh tests/unit/conf tests/unit/store'
    cd "$work/check/gcc"
    # All tests have had their stages: here they are built, and some run, from a
    # tree that may not be written to.
    make distcheck PYTHON3= TESTS="$some" \
        DISTCHECK_CONFIGURE_FLAGS='--quiet --enable-werror'
    [ -e "$src/.git" ] || return 0
    missing=$(comm -23 \
        <(git -C "$src" ls-files | grep -vxF .gitignore | sort) \
        <(tar -tf mailchute-*.tar.gz | cut -d / -f 2- | sort))
    [ -z "$missing" ] || die "error: not distributed:" "$missing"
}

# Lanes of stages that do not depend on one another, for two processors.
lane_plain() {
    local tree=$work/check/gcc rc=0
    if stage 'gcc: build' - build "$tree" --enable-werror; then
        stage 'gcc: make check' "$tree/tests" run_tests "$tree" || rc=1
        stage 'gcc: installcheck' "$tree/pytest" run_installed "$tree" || rc=1
        stage 'gcc: make distcheck' - distcheck || rc=1
    else
        rc=1
    fi
    [ ! -e "$src/.git" ] || stage 'packager: build' - bare_build || rc=1
    stage 'gcc: -fanalyzer' - analyse || rc=1
    stage 'fuzz: a second each' - fuzz_all 1 || rc=1
    return $rc
}

lane_sanitized() {
    local tree=$work/check/sanitized rc=0
    if stage 'sanitizers: build' - \
        build "$tree" CFLAGS='-O1 -g' --enable-werror --enable-sanitizers; then
        stage 'sanitizers: make check' "$tree/tests" \
            run_sanitized "$tree" || rc=1
        # The package's programs are other ones: once is enough.
        stage 'sanitizers: installcheck' "$tree/pytest" \
            run_installed "$tree" '--ignore-glob=*/test_package_*' || rc=1
    else
        rc=1
    fi
    if stage 'clang: build' - \
        build "$work/check/clang" CC=clang --enable-werror; then
        stage 'clang: tidy' - tidy || rc=1
        stage 'cppcheck' - cpp_check || rc=1
    else
        rc=1
    fi
    return $rc
}

# Most of it waits for a mirror and for programs.
lane_debian() {
    local folder=$work/check/programs rc=0
    stage 'debian: with a real server' - debian_root postfix PACKAGES || rc=1
    stage 'debian: with real clients' - debian_root clients PACKAGES || rc=1
    stage 'debian: with real programs' - debian_root packages ALL || rc=1
    if stage 'programs: the package over exim' - installed_package; then
        stage 'programs: real ones send mail' "$folder/pytest" \
            run_programs "$folder" || rc=1
    else
        rc=1
    fi
    return $rc
}

# Its tests are among those from end to end, which wait for it.
lane_package() {
    local rc=0
    stage 'debian: package, twice' - debian_package || rc=1
    stage 'debian: for it, with exim' - debian_root packaged EXIM || rc=1
    stage 'debian: for it, with postfix' - debian_root packaged POSTFIX || rc=1
    stage 'debian: for it, to build' - debian_root packaged SOURCE || rc=1
    return $rc
}

# The lanes side by side; the sum of their counts is the last line.
cmd_check() {
    local passed failed skipped rc=0 lanes=() pid lane
    rm -rf "$work/check"
    mkdir -p "$logs"
    cmd_deps
    (
        flock 9
        lane_package 9>&-
    ) 9>"$work/package.lock" &
    lanes+=($!)
    autoreconf -fi
    for lane in lane_plain lane_sanitized lane_debian; do
        "$lane" &
        lanes+=($!)
    done
    for pid in "${lanes[@]}"; do
        wait "$pid" || rc=1
    done
    read -r passed failed skipped <<<"$(cat "$logs"/*.count | sum_counts)"
    if [ "$passed" -eq 0 ] || [ $((failed + skipped)) -gt 0 ]; then
        rc=1
    fi
    echo "$((SECONDS / 60)) minutes and $((SECONDS % 60)) seconds"
    echo "$passed passed, $failed failed, $skipped skipped"
    return $rc
}
