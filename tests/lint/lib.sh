# shellcheck shell=sh
# What the lint scripts share: TAP output, and the lists of our files.  Each
# script reads this first; it then stands in the top of the source tree.

set -eu
LC_ALL=C
export LC_ALL

top_builddir=${top_builddir:-.}
cd "${top_srcdir:-$(dirname "$0")/../..}"

# The folders whose files are ours; a build folder beside them is not.
code_folders='common mail sendmail queue delivery smtpd admin'
all_folders="$code_folders tests docs m4 packaging .ci"

count=0
failed=0

# judge SUBJECT COMPLAINTS: no complaint is a success.
judge() {
    count=$((count + 1))
    if [ -z "$2" ]; then
        echo "ok $count - $1"
    else
        echo "not ok $count - $1"
        printf '%s\n' "$2" | sed 's/^/# /'
        failed=1
    fi
}

# skip SUBJECT REASON
skip() {
    count=$((count + 1))
    echo "ok $count - $1 # SKIP $2"
}

finish() {
    echo "1..$count"
    exit "$failed"
}

skip_all() {
    echo "1..0 # SKIP $1"
    exit 0
}

need() {
    command -v "$1" >/dev/null 2>&1 || skip_all "$1 is not installed"
}

# find_in 'FOLDER...' FIND-EXPRESSION...: in those of the folders that exist.
find_in() {
    folders=
    for folder in $1; do
        [ ! -d "$folder" ] || folders="$folders $folder"
    done
    shift
    # shellcheck disable=SC2086 # a list of folder names
    [ -z "$folders" ] || find $folders -path tests/fuzz/corpus -prune \
        -o -path 'tests/data/*/*' -prune -o -name __pycache__ -prune -o -type f "$@" -print | sort
}

c_files() {
    find_in "$code_folders tests" -name '*.[ch]'
}

# Everything of ours that people read.
text_files() {
    find_in "$all_folders" ! -name '*.pyc' ! -name '*.[ao]' ! -name '*.log' \
        ! -name '*.trs' # a packager builds among the sources
    for file in README.md CONTRIBUTING.md SECURITY.md NEWS.md LICENSE \
        Makefile.am configure.ac dev .clang-format .clang-tidy .editorconfig; do
        [ ! -f "$file" ] || echo "$file"
    done
}

# code FILE: the C source with its comments gone and its strings emptied, so
# that a search finds code alone.  Line numbers stay.
code() {
    awk '
    {
        out = ""
        n = length($0)
        for (i = 1; i <= n; i++) {
            c = substr($0, i, 1)
            two = substr($0, i, 2)
            if (comment) {
                if (two == "*/") { comment = 0; i++ }
            } else if (quote != "") {
                if (c == "\\") i++
                else if (c == quote) { quote = ""; out = out c }
            } else if (two == "/*") { comment = 1; i++ }
            else if (two == "//") break
            else {
                if (c == "\"" || c == "\047") quote = c
                out = out c
            }
        }
        print out
    }' "$1"
}

# grep_code REGEX FILE...: "file:line:code" of each hit in code.
grep_code() {
    regex=$1
    shift
    for file in "$@"; do
        code "$file" | grep -nE -e "$regex" | sed "s|^|$file:|" || :
    done
}
