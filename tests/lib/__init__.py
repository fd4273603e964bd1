# SPDX-License-Identifier: ISC
"""Helpers and fixtures of the end-to-end tests in tests/func."""
