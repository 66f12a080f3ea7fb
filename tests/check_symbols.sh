#!/bin/sh
# SPDX-License-Identifier: ISC
# check_symbols.sh BUILD - the programs of a POSIX=1 build use no name of the C library that posix_symbols.txt
# does not list. The compiler's own run-time is left out, and glibc's names for what _FORTIFY_SOURCE makes of
# a function are turned back: __read_chk is read.
set -eu
cd "$(dirname "$0")/.."

runtime='_Z.*|__(cxa|gxx|gcc|asan|ubsan)_.*|_Unwind_.*|_ITM_.*|__stack_chk_fail|_GLOBAL_OFFSET_TABLE_|__dso_handle'
runtime="$runtime|__tls_get_addr|__gmon_start__|__libc_single_threaded|__fdelt_chk|__clang_call_terminate"

used() {
    find "$1"/obj/common "$1"/obj/[cf]*d -name '*.o' -exec nm -u {} + 2>/dev/null |
        awk '$1 == "U" || $1 == "w" { print $2 }' | grep -vxE "$runtime" |
        sed -E 's/^__errno_location$/errno/; s/^__(assert)_fail$/\1/; s/^__ctype_get_mb_cur_max$/MB_CUR_MAX/; s/^__isoc[0-9]+_//; s/^__(open|openat)(64)?_2$/\1/' |
        sed -E 's/^__(.*)_chk$/\1/' | sort -u
}
allowed() { grep -v '^#' tests/posix_symbols.txt | tr -s ' ' '\n' | grep . | sort -u; }

names=$(mktemp) && trap 'rm -f "$names"' EXIT
allowed >"$names"
used "$1" | grep -q '^close$' || { echo "check_symbols.sh: no objects below $1"; exit 1; }
others=$(used "$1" | comm -23 - "$names")
[ -z "$others" ] || { printf 'not in tests/posix_symbols.txt: %s\n' $others; exit 1; }
