# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=sh
# shellcheck disable=SC2034,SC2154 # set here or before, used by the scripts that source it
# Fetches packages of another Debian suite from the mirror that this machine's apt uses. It changes
# nothing of the machine's apt: the cache keeps its lists and packages.

# shellcheck source=packaging/mirror.sh
. "$here/../../packaging/mirror.sh"

debian_apt() {
	tool=$1
	shift
	"apt-$tool" -o Dir::Etc::sourcelist="$debian_lists/sources.list" -o Dir::Etc::sourceparts=- \
		-o Dir::State::lists="$debian_lists/lists" -o Dir::Cache="$debian_lists/cache" \
		-o APT::Architecture="$debian_arch" -o APT::Architectures="$debian_arch" \
		-o APT::Sandbox::User=root -o APT::Get::List-Cleanup=0 "$@"
}

# debian_suite NAME [ARCHITECTURE]: brings the suite's package lists up to date.
debian_suite() {
	debian_arch=${2-amd64}
	debian_lists=$cache/apt/$1
	[ "$debian_arch" = amd64 ] || debian_lists=$debian_lists-$debian_arch
	mirror=$(debian_mirror)
	if [ -z "$mirror" ]; then
		echo "${0##*/}: this machine's apt has no Debian mirror (apt-get update?)" >&2
		return 1
	fi
	mkdir -p "$debian_lists/lists/partial" "$debian_lists/cache/archives/partial"
	echo "deb $mirror $1 main" > "$debian_lists/sources.list"
	if ! debian_apt get -qq update > "$debian_lists/log" 2>&1; then
		cat "$debian_lists/log" >&2
		echo "${0##*/}: the mirror does not give $1" >&2
		return 1
	fi
}

debian_version() {
	debian_apt cache policy "$1" | awk '$1 == "Candidate:" { print $2 }'
}

# debian_download NAME VERSION FOLDER: sets debian_file. It does not fetch a file that is there.
debian_download() {
	mkdir -p "$3"
	# The name of a file contains the epoch, with its colon written as %3a.
	for debian_file in "$3/$1_$(echo "$2" | sed 's/:/%3a/')"_*.deb; do
		dpkg-deb --info "$debian_file" > "$3/log" 2>&1 && return
	done
	rm -f "$3/$1_"*.deb
	(cd "$3" && debian_apt get -qq download "$1=$2" > log 2>&1) || {
		cat "$3/log" >&2
		echo "${0##*/}: $1 $2 cannot be fetched" >&2
		return 1
	}
	for debian_file in "$3/$1_"*.deb; do
		return
	done
}
