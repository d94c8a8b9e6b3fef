# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=sh
# What the tests of packages share: TAP, and clean roots. The script that sources it sets scratch, and root
# before it calls a function that needs a root.
# shellcheck disable=SC2154 # scratch and root

# shellcheck source=packaging/mirror.sh
. packaging/mirror.sh

out=$scratch/out
tests=0
failed=0

# test_that NAME COMMAND...: whether the command succeeds. If it does not, its output is shown.
test_that() {
	name=$1
	shift
	tests=$((tests + 1))
	if "$@" > "$out" 2>&1; then
		echo "ok $tests - $name"
	else
		failed=$((failed + 1))
		echo "not ok $tests - $name"
		tail -n 20 "$out" | sed 's/^/#   /'
		return 1
	fi
}

finish() {
	echo "1..$tests"
	exit $((failed > 0))
}

# Prints every file of the root, except those that package managers keep for themselves.
files_of() {
	find "$1" -xdev \( -path "$1/proc" -o -path "$1/sys" -o -path "$1/dev" -o -path "$1/tmp" -o \
		-path "$1/var/lib/dpkg" -o -path "$1/var/lib/apt" -o -path "$1/var/lib/rpm" -o \
		-path "$1/var/cache" -o \
		-path "$1/var/log" -o -path "$1/etc/ld.so.cache" \) -prune -o -printf '%P %m %l\n' | sort
}

# Runs a command in the root with /proc, in a mount namespace that ends with the command.
in_root() {
	# shellcheck disable=SC2016 # for that shell
	unshare --mount --propagation private sh -c 'mount -t proc proc "$1/proc" && exec chroot "$@"' sh \
		"$root" env -i PATH=/usr/sbin:/usr/bin:/sbin:/bin LC_ALL=C.UTF-8 TERM=dumb \
		DEBIAN_FRONTEND=noninteractive AUTOPKGTEST_TMP=/tmp "$@"
}

apt_in_root() {
	in_root apt-get -qq --yes --no-install-recommends "$@"
}

# no_sync ROOT: nobody needs a root after a crash, so dpkg need not sync its files.
no_sync() {
	mkdir -p "$1/etc/dpkg/dpkg.cfg.d"
	echo force-unsafe-io > "$1/etc/dpkg/dpkg.cfg.d/unsafe-io"
}

# copy_of SUITE FOLDER: copies the root that debootstrap makes. The cache keeps the original.
copy_of() {
	pristine=${XDG_CACHE_HOME:-$HOME/.cache}/gmemctl/roots/$1
	if [ ! -e "$pristine.complete" ]; then
		rm -rf "$pristine"
		mkdir -p "${pristine%/*}"
		debootstrap --variant=minbase "$1" "$pristine" "$(debian_mirror)" || return 1
		: > "$pristine.complete"
	fi
	cp -a "$pristine" "$2"
	no_sync "$2"
}

nothing_left() {
	files_of "$root" > "$scratch/after"
	diff "$scratch/before" "$scratch/after"
}
