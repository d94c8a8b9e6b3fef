#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# Runs the assertions of KVM's selftests on the running kernel.
RUNNING=1 exec sh tests/cli/kvm-selftests.sh
