#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# make install, programs built against what it installed, and make uninstall.
# shellcheck source=tests/cli/lib.sh
. tests/cli/lib.sh

if wrapped; then
	skip "installed library" "under valgrind nothing would be different"
	finish
fi
if nm "$BUILD/gmemctl" 2> "$scratch/nm" | grep -q __asan_init; then
	skip "installed library" "a sanitized library is not for installing"
	finish
fi

root=$scratch/root
# With the options of the build, so that make install builds nothing.
# option NAME: whether the build has it, as NAME=0 or NAME=1.
option() {
	if grep -q "^\(BPF=. \|BPF=. KDUMP=. \)\{0,1\}$1=0 " "$BUILD/flags"; then
		echo "$1=0"
	else
		echo "$1=1"
	fi
}
bpf=$(option BPF)
options="$bpf $(option KDUMP) $(option TOP)"
# make_here [ARGUMENT...]: runs make on what was built.
make_here() {
	# shellcheck disable=SC2086 # words
	make "$@" BUILD="$BUILD" $options > "$scratch/make" 2>&1
}
make_quietly() {
	make_here "$@" prefix=/usr DESTDIR="$root"
}
if make_quietly install; then
	pass "make install"
else
	fail "make install" "$(tail -3 "$scratch/make")"
	finish
fi
try 0 '^gmemctl' '' "$root/usr/sbin/gmemctl" --version

if grep -qx prefix=/usr "$root/usr/lib/pkgconfig/libgmem.pc" &&
	grep -q '^ExecStart="/usr/sbin/gmemctl" ' "$root"/usr/lib/systemd/system/gmemctl-metrics.service; then
	pass "installed files name the folders where they are"
else
	fail "installed files name the folders where they are" \
		"$(grep -r '^prefix=\|^ExecStart=' "$root/usr/lib/pkgconfig" "$root/usr/lib/systemd")"
fi

# A symbol that the shared library hides must be hidden in the static library, too.
nm --defined-only --extern-only "$root/usr/lib/libgmem.a" | awk 'NF == 3 { print $3 }' | sort > "$scratch/static"
sed -n 's/^\t\(gmem_[a-z0-9_]*\);$/\1/p' libgmem/libgmem.map | sort > "$scratch/listed"
if [ -s "$scratch/static" ] && diff "$scratch/static" "$scratch/listed" > "$scratch/diff"; then
	pass "the static library exports what the shared one does"
else
	fail "the static library exports what the shared one does" "$(cat "$scratch/diff")"
fi

# flags [OPTION]: prints pkg-config's flags for the installed library.
flags() {
	PKG_CONFIG_PATH=$root/usr/lib/pkgconfig PKG_CONFIG_SYSROOT_DIR=$root \
		pkg-config "$@" --cflags --libs libgmem
}
# consumer NAME COMPILER SOURCE [static]: compiles, links and runs SOURCE with the installed library.
consumer() {
	# shellcheck disable=SC2046,SC2086 # words
	if ! $2 -Wall -Wextra -Wshadow -Werror ${4:+-static} -o "$scratch/$1" "$3" \
		$(flags ${4:+--static}) 2> "$scratch/cc"; then
		fail "$1" "$(head -5 "$scratch/cc")"
		return 1
	fi
	LD_LIBRARY_PATH=$root/usr/lib "$scratch/$1" > "$scratch/out" 2>&1
	if [ -s "$scratch/out" ]; then
		pass "$1"
	else
		fail "$1" "it printed nothing"
	fi
}
# shellcheck disable=SC2016 # a code block of Markdown
sed -n '/^```c$/,/^```$/{/^```/!p;}' README.md > "$scratch/readme.c"
if [ "$(wc -l < "$scratch/readme.c")" -le 25 ]; then
	pass "the README's program has 25 lines at most"
else
	fail "the README's program has 25 lines at most"
fi
consumer "the README's program" cc "$scratch/readme.c"

# Without installing: the command line of the README, in a checkout that has been built.
# shellcheck disable=SC2016 # a code block of Markdown
line=$(sed -n '/^## The library$/,/^## /s/^\(cc x\.c .*-Lbuild .*\)$/\1/p' README.md)
mkdir "$scratch/checkout"
ln -s "$(realpath include)" "$scratch/checkout/include"
ln -s "$(realpath "$BUILD")" "$scratch/checkout/build"
cp "$scratch/readme.c" "$scratch/checkout/x.c"
status=127
if [ -n "$line" ] && (cd "$scratch/checkout" && sh -c "$line") > "$scratch/cc" 2>&1; then
	"$scratch/checkout/x" > "$scratch/out" 2>> "$scratch/cc"
	status=$?
fi
# Status 1: this kernel has no guest_memfd, and the library reports that.
if [ $status -eq 0 ] && grep -q '^PFN 0x' "$scratch/out" || [ $status -eq 1 ]; then
	pass "the README's program, built against build/ without installing"
else
	fail "the README's program, built against build/ without installing" "$line" "$(head -5 "$scratch/cc")"
fi
if [ "$bpf" = BPF=0 ] || tests/packages/static-libelf > "$scratch/libelf"; then
	consumer "the README's program, linked statically" cc "$scratch/readme.c" static
else
	skip "the README's program, linked statically" "$(cat "$scratch/libelf")"
fi

# Prints the program of a man page as man shows it. printed_by() prints the output that the page promises.
# col(1) understands letters that are struck twice, but not the escape sequences of newer groffs.
program_of() {
	GROFF_NO_SGR=1 MANWIDTH=400 man -E UTF-8 -l -Tutf8 "$1" 2> "$scratch/man" | col -bx |
		awk '/^EXAMPLES/ { examples = 1 }
			examples && /^ *#include/ && !inside { inside = 1; indent = match($0, /#/) }
			/^ +It prints:/ { exit }
			inside { print substr($0, indent) }'
}
printed_by() {
	# shellcheck disable=SC2016 # a code block of Markdown
	awk '/^It prints:$/ { wanted = 1; next } wanted && /^```$/ { if (inside) exit; inside = 1; next } inside' "$1"
}
if ! command -v man > "$scratch/which" || ! command -v col > "$scratch/which"; then
	skip "programs of the man pages" "there is no man or no col"
else
	for page in libgmem/man/*.3.scd; do
		name=$(basename "$page" .scd)
		if ! grep -q '^It prints:$' "$page"; then
			! grep -q '^int main' "$page" ||
				fail "$name: its program" "the page does not say what it prints"
			continue
		fi
		program_of "$root/usr/share/man/man3/$name" > "$scratch/page.c"
		printed_by "$page" > "$scratch/wanted"
		consumer "$name: its program" cc "$scratch/page.c" || continue
		if shows "$scratch/wanted" "$scratch/out"; then
			pass "$name: its program prints what the page says"
		else
			fail "$name: its program prints what the page says" "$(diff "$scratch/wanted" "$scratch/out")"
		fi
	done
fi
# The library guards a VMM that uses no other part of it.
cat > "$scratch/guarded.c" << 'EOF'
#include <gmem/gmem.h>
#include <stdio.h>
int main(void)
{
	struct gmem_memory_options m = { sizeof(m), 65536, GMEM_MEMORY_NO_DIRECT_MAP };
	struct gmem_slot_options slot = { .size = sizeof(slot), .memory_size = 65536 };
	struct gmem_tdx_launch_options launch = { .size = sizeof(launch) };
	struct gmem_populate_options all = { .size = sizeof(all), .method = GMEM_POPULATE_PRE_FAULT };
	struct gmem_ctx *ctx;
	struct gmem_vm *vm;
	char why[1024];
	if (gmem_ctx_new_simulated("tdx-no-direct-map", &ctx) || gmem_vm_new(ctx, GMEM_VM_TDX, &vm) ||
	    gmem_memory_new(vm, &m, &slot.memory) || gmem_slot_set(vm, &slot) ||
	    gmem_convert(vm, 0, 65536, true) || gmem_tdx_launch(vm, &launch) ||
	    gmem_populate(vm, slot.memory, &all, NULL, NULL) != -GMEM_EWOULDFAULT)
		return 2;
	gmem_explain(ctx, why, sizeof(why));
	printf("%s%s\n", why, gmem_ctx_kernel_log(ctx));
}
EOF
consumer "a VMM's program" cc "$scratch/guarded.c"
if grep -q '^KVM_PRE_FAULT_MEMORY: not called: tdx-page-aug .* on 16 of these pages' "$scratch/out" &&
	! grep -q 'BUG: ' "$scratch/out"; then
	pass "removed memory of a TD is not mapped: the library names the path, and nothing oopses"
else
	fail "removed memory of a TD is not mapped: the library names the path, and nothing oopses" \
		"$(cat "$scratch/out")"
fi
if command -v g++ > "$scratch/which"; then
	consumer "a C++ program" "g++ -std=c++17" tests/packages/consumer.cc
else
	skip "a C++ program" "there is no g++"
fi
# uninstalls WHERE: whether make uninstall leaves no file there.
uninstalls() {
	left=$(find "$root" ! -type d)
	if [ -z "$left" ]; then
		pass "make uninstall leaves no file $1"
	else
		fail "make uninstall leaves no file $1" "$left"
	fi
}
make_quietly uninstall
uninstalls "in /usr"

# The root and the prefix are folders with spaces in their names.
root="$scratch/a root"
spaces() {
	make_here "$1" MAN=0 prefix="/opt/two words" DESTDIR="$root"
}
spaces install
try 0 '^gmemctl' '' "$root/opt/two words/sbin/gmemctl" --version
PKG_CONFIG_PATH="$root/opt/two words/lib/pkgconfig"
export PKG_CONFIG_PATH
try 0 '^-I/opt/two\\ words/include' '' pkg-config --cflags libgmem
# AppArmor reads only /etc/apparmor.d.
try 0 '^  "/opt/two words/sbin/gmemctl" mr,$' '' grep gmemctl "$root/etc/apparmor.d/gmemctl-metrics"
try 0 '^## 0\.1\.0' '' grep '^## ' "$root/opt/two words/share/doc/gmemctl/CHANGELOG.md"
spaces uninstall
uninstalls "where names have spaces"
make_here

# Without git there is no tarball, not even an empty one.
if ! make_here dist GIT_DIR="$scratch/none" tarball="$scratch/tarball" && [ ! -e "$scratch/tarball" ] &&
	grep -q 'run them in a clone of the repository' "$scratch/make"; then
	pass "make dist without git is refused"
else
	fail "make dist without git is refused" "$(ls -l "$scratch/tarball" 2>&1)" "$(tail -3 "$scratch/make")"
fi

# A libkdumpfile in a folder of its own, which LDFLAGS names.
mkdir "$scratch/own"
cc -shared -nostdlib -Wl,-soname,libkdumpfile.so.99 -o "$scratch/own/libkdumpfile.so" -x c /dev/null
make "$scratch/refused/kdump_soname.h" BUILD="$scratch/refused" LDFLAGS="-L$scratch/own" > "$scratch/make" 2>&1
try 0 '^#define KDUMP_SONAME "libkdumpfile.so.99"$' '' cat "$scratch/refused/kdump_soname.h"

# The compiler's notes about headers have relative names. They are also right if BUILD is an absolute one.
here=$(realpath .)
whole=$(realpath "$BUILD")
# shellcheck disable=SC2086 # words
make -pn BUILD="$whole" $options 2> "$scratch/make" |
	grep -a "^${whole#"$here"/}/obj/libgmem/base/names\.o: " > "$scratch/rule"
if grep '/flags ' "$scratch/rule" | grep -q ' include/gmem/base\.h '; then
	pass "with an absolute BUILD make knows which headers an object depends on"
else
	fail "with an absolute BUILD make knows which headers an object depends on" "$(cut -c1-200 "$scratch/rule")"
fi

# refused NAME MESSAGE COMPILER: whether a make with that compiler ends with one error, MESSAGE. With -k make
# builds everything that does not depend on the failure.
refused() {
	rm -rf "$scratch/refused"
	make -k -j2 BUILD="$scratch/refused" "$bpf" MAN=0 CC="$3" > "$scratch/make" 2>&1
	if [ "$(grep -c 'error:' "$scratch/make")" = 1 ] && grep -q "error \"$2" "$scratch/make"; then
		pass "$1 is refused with one message"
	else
		fail "$1 is refused with one message" "$(head -5 "$scratch/make")"
	fi
}
case $(uname -m) in
x86_64) refused "a 32-bit machine" "gmemctl needs a 64-bit machine" "gcc -m32" ;;
*) skip "a 32-bit machine" "gcc has -m32 on x86-64 only" ;;
esac
if command -v musl-gcc > "$scratch/which"; then
	refused musl "gmemctl needs glibc" musl-gcc
else
	skip musl "there is no musl-gcc"
fi
finish
