EXTRA_DIST += docs/protocol.md docs/style.md
