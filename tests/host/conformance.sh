#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# The conformance scripts on the running kernel. What it does not have is skipped, by name.
set -u

: "${BUILD:?run me through tests/run}"
exec "$BUILD/tests/conformance-runner" tests/conformance/*.gmt
