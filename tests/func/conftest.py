# SPDX-License-Identifier: ISC
"""Makes tests/lib and tests/exchange importable, and takes the fixtures."""

import os
import sys

sys.path.insert(0, os.path.dirname(os.path.dirname(os.path.abspath(__file__))))

from lib.fixtures import *  # noqa: E402,F401,F403
