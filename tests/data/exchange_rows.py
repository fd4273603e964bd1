#!/usr/bin/env python3
# SPDX-License-Identifier: ISC
"""The rows of a catalogue of replies, against exchange-online/rows.txt.

    exchange_rows.py CATALOGUE.md [rows.txt]

CATALOGUE.md is a page on what Exchange Online says, with a section 3 of tables
(3.1 to 3.4) whose first column is a code.  Each row gets a key: its section,
and its number there.  Alone, it prints "key | code | text" of each; with
rows.txt it prints what the one has and the other has not, and exits 1 then.

rows.txt was made so: the keys and codes are this script's, the replies are the
page's texts with what varies filled in, and class, action and wait were decided
by hand, from the page's columns of the same names.
"""

import re
import sys


def catalogue(path):
    """{key: (code, text)} of the tables of section 3."""
    rows, section, number = {}, None, 0
    for line in open(path, encoding="utf-8"):
        heading = re.match(r"#+ (3\.\d)\b|(##?#? )", line)
        if heading:
            section, number = heading.group(1), 0
        if section is None or not line.startswith("|"):
            continue
        cells = [c.strip() for c in line.strip().strip("|").split("|")]
        if set(cells[0]) <= {"-"} or cells[0] == "Code":
            continue
        number += 1
        rows["%s.%d" % (section, number)] = (
            cells[0].replace("*", ""), cells[1])
    return rows


def written(path):
    """{key: code} of rows.txt; a letter behind a key tells variants apart."""
    rows = {}
    for line in open(path, encoding="utf-8"):
        if line.strip() and not line.startswith("#"):
            key, code = (c.strip() for c in line.split("|")[:2])
            if not re.match(r"3\.[1-9]", key):
                continue  # of no table
            rows[key.rstrip("abcdefghij")] = code
    return rows


def main():
    rows = catalogue(sys.argv[1])
    if len(sys.argv) < 3:
        for key, (code, text) in rows.items():
            print("%s | %s | %s" % (key, code, text))
        return 0
    have = written(sys.argv[2])
    want = {key: code for key, (code, _) in rows.items()}
    wrong = sorted(set(want.items()) ^ set(have.items()))
    for key, code in wrong:
        print("%s | %s: only in %s" % (key, code, sys.argv[
            1 if want.get(key) == code else 2]))
    print("%d rows" % len(want))
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
