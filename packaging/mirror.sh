# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=sh
# Finds the Debian mirror that this machine's apt uses. The mirror has other suites beside this one.

# Prints its URI, or nothing if apt has no lists of a mirror (apt-get update?).
debian_mirror() {
	# shellcheck disable=SC2016 # apt-get's own
	apt-get indextargets --format '$(REPO_URI)' 'Origin: Debian' 'Label: Debian' \
		'Created-By: Packages' 2> /dev/null | head -n 1
}
