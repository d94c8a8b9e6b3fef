# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=sh
# The mirror of Debian that this machine's apt uses; other suites are beside its own.

# Prints its URI, or nothing where apt knows none (apt-get update?).
debian_mirror() {
	# shellcheck disable=SC2016 # apt-get's own
	apt-get indextargets --format '$(REPO_URI)' 'Origin: Debian' 'Label: Debian' \
		'Created-By: Packages' 2> /dev/null | head -n 1
}
