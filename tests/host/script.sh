#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# The README's script on the running kernel.
RUNNING=1 exec sh tests/cli/script.sh
