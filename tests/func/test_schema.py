# SPDX-License-Identifier: ISC
"""docs/schema.md explains every table, column and view of a real queue.db."""

import os
import re
import sqlite3

import pytest

from lib.site import TESTS

PAGE = os.path.join(os.path.dirname(TESTS), "docs", "schema.md")
NAME = re.compile(r"`([a-z_0-9]+)`")


def section(name):
    """What the page says under **name**, up to the next such name."""
    with open(PAGE) as f:
        found = re.search(r"^\*\*%s\*\*(.*?)(?=^\*\*|^## |\Z)" % name,
                          f.read(), re.M | re.S)
    assert found, "%s is not explained" % name
    return found.group(1)


@pytest.fixture
def database(site):
    site.start()
    site.stop()
    with sqlite3.connect("file:%s?mode=ro" % site.path("lib/queue.db"),
                         uri=True) as db:
        yield db
    db.close()


def objects(db, kind):
    return {name: [row[1] for row in db.execute(
        "PRAGMA table_info(%s)" % name)] for (name,) in db.execute(
            "SELECT name FROM sqlite_master WHERE type = ? AND name NOT LIKE "
            "'sqlite_%'", (kind,)).fetchall()}


def test_every_column_is_explained(database):
    tables = objects(database, "table")
    assert "message" in tables and "recipient" in tables
    for table, columns in tables.items():
        told = set(NAME.findall(section(table)))
        assert not set(columns) - told, table


def test_no_column_is_invented(database):
    for table, columns in objects(database, "table").items():
        for row in re.findall(r"^\| (`.*?) \|", section(table), re.M):
            for name in NAME.findall(row):
                assert name in columns, "%s.%s" % (table, name)


def test_views_are_as_documented(database):
    views = objects(database, "view")
    assert set(views) == {"v_queue", "v_history"}
    for view, columns in views.items():
        text = re.sub(r"\(.*?\)", "", section(view), flags=re.S)
        listed = text.split(":", 1)[1].split("Times in")[0]
        assert NAME.findall(listed) == columns, view
