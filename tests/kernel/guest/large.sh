#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# A host with a guest_memfd of 1 GiB, and with pages of memfd_secret all over its direct map.
# tests/bench/dump measures its dump. The script leaves its processes running.
# shellcheck source=tests/kernel/guest/lib.sh
. tests/kernel/guest/lib.sh

leave secret "$tools/secret-pages" 1000
leave memory "$tools/own-memory" 1073741824 0 bind
echo "#inode $(gmemctl list --raw -n -o INODE)"
pass "the host has a guest_memfd of 1 GiB and 1000 pages of memfd_secret"
finish
