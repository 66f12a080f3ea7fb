#!/bin/sh
# SPDX-License-Identifier: ISC
# check_manuals.sh PROGRAM ... - the manuals are clean under mandoc's lint, and each program has one: a page of
# its own, or one that names it in its NAME section; and what is said when something is wrong stands there.
set -u
cd "$(dirname "$0")/.." || exit

status=0
for page in man/*.[1-8]; do
    [ -e "$page" ] || continue
    faults=$(mandoc -Tlint -W warning "$page" 2>&1)
    [ -z "$faults" ] || { echo "$faults"; status=1; }
done
for program; do
    grep -qE "^\.Nm $program( ,)?\$" man/*.[18] 2>/dev/null || { echo "man/: no manual names $program"; status=1; }
done
tests/check_messages.py || status=1
exit $status
