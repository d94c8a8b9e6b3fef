#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# What KVM's selftests assert, on the running kernel.
RUNNING=1 exec sh tests/cli/kvm-selftests.sh
