#!/bin/bash
# deb.sh FOLDER [unchecked]: makes the Debian package of what is committed, and
# of nothing else, in the folder, which is emptied; lintian then has the last
# word.  An exported tree is taken whole, but for folders that were built in it.
#
# The same commit gives the same package, octet for octet: times are those of
# the changelog, and the path of the folder is not in it.

set -euo pipefail
top=$(cd "$(dirname "$0")/.." && pwd)
folder=$1
tree=$folder/mailchute

rm -rf "$folder"
mkdir -p "$tree"
if [ -e "$top/.git" ]; then
    git -C "$top" archive HEAD
else
    tar -cf - -C "$top" --exclude='./build*' .
fi | tar -xf - -C "$tree"
cp -R "$tree/packaging/debian" "$tree/debian"
cd "$tree"
dpkg-buildpackage -us -uc -b
[ "${2-}" = unchecked ] ||
    lintian --allow-root --fail-on error,warning "$folder"/*.changes
