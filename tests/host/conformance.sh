#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# Runs the conformance scripts on the running kernel. It skips, by name, what this kernel does not have.
set -u

: "${BUILD:?run me through tests/run}"
exec "$BUILD/tests/conformance-runner" tests/conformance/*.gmt
