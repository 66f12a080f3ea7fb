#!/bin/sh
# SPDX-License-Identifier: ISC
# check_symbols.sh FILE ... - the archives and programs of a POSIX=1 build use no name of the C library that
# posix_symbols.txt does not list. The compiler's own run-time is left out, and glibc's other names for a
# function are turned back: __read_chk (of _FORTIFY_SOURCE) is read, open64 (of large files) is open.
set -eu
cd "$(dirname "$0")/.."

runtime='_Z.*|__(cxa|gxx|gcc|asan|ubsan)_.*|_Unwind_.*|_ITM_.*|__stack_chk_fail|_GLOBAL_OFFSET_TABLE_|__dso_handle'
runtime="$runtime|__tls_get_addr|__gmon_start__|__libc_single_threaded|__fdelt_chk|__libc_start_main|__clang_call_terminate|__dynamic_cast"

used() {
    nm -u "$@" | sed -nE 's/^ +[Uw] ([^@]*).*/\1/p' | grep -vxE "$runtime" |
        sed -E 's/^__errno_location$/errno/; s/^__(assert)_fail$/\1/; s/^__register_atfork$/pthread_atfork/; s/^__isoc[0-9]+_//; s/^__(open|openat)(64)?_2$/\1/' |
        sed -E 's/^__(.*)_chk$/\1/; s/64$//' | sort -u
}
allowed() { grep -v '^#' tests/posix_symbols.txt | tr -s ' ' '\n' | grep . | sort -u; }

names=$(mktemp) && trap 'rm -f "$names"' EXIT
allowed >"$names"
used "$@" | grep -q '^close$' || { echo "check_symbols.sh: nothing to see in $*"; exit 1; }
others=$(used "$@" | comm -23 - "$names")
[ -z "$others" ] || { printf 'not in tests/posix_symbols.txt: %s\n' $others; exit 1; }
