#!/bin/bash
# deb.sh FOLDER: makes the Debian package of what is committed, and of nothing
# else, in the folder, which is emptied; lintian then has the last word.
#
# The same commit gives the same package, octet for octet: times are those of
# the changelog, and the path of the folder is not in it.

set -euo pipefail
top=$(cd "$(dirname "$0")/.." && pwd)
folder=$1
tree=$folder/mailchute

rm -rf "$folder"
mkdir -p "$tree"
git -C "$top" archive HEAD | tar -xf - -C "$tree"
cp -R "$tree/packaging/debian" "$tree/debian"
cd "$tree"
dpkg-buildpackage -us -uc -b
lintian --allow-root --fail-on error,warning "$folder"/*.changes
