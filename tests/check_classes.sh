#!/bin/sh
# SPDX-License-Identifier: ISC
# check_classes.sh - one class, one concept: no class of the programs declares more than 25 functions (one that is
# defined in its class in a line does not count), and no unit of fewer than 40 lines is there for one other file
# alone. Prints a line for each fault.
set -u
cd "$(dirname "$0")/.." || exit

most_functions=25 fewest_lines=40
faults=$(mktemp) && trap 'rm -f "$faults"' EXIT

sources=$(find common ftpd chatd -name '*.cc' -o -name '*.hh' | sort)

# Functions that are declared; one that is defined in its class in a line does not count.
ctags -f - --languages=C++ --language-force=C++ --kinds-C++=p --fields=s $(echo "$sources" | grep '\.hh$') |
    grep -oE '	(class|struct):[A-Za-z_0-9:]+' | sort | uniq -c |
    awk -v most=$most_functions '$1 > most { print $2 ": " $1 " functions, " most " at the most" }' >>"$faults"

# A unit is NAME.hh with NAME.cc; who uses it includes the header. What only Linux has stays by itself, with its twin.
for header in $(echo "$sources" | grep '\.hh$'); do
    source=${header%.hh}.cc
    twin=${header##*/} twin=${twin%.hh}.cc
    [ -e "common/linux/$twin" ] && continue
    lines=$(cat "$header" $([ -e "$source" ] && echo "$source") | wc -l)
    [ "$lines" -lt $fewest_lines ] || continue
    users=$(grep -lF "#include \"$header\"" $sources | grep -vxF "$source")
    [ "$(echo "$users" | wc -l)" -gt 1 ] || echo "$header: $lines lines for $users alone: it belongs there" >>"$faults"
done

cat "$faults"
[ ! -s "$faults" ]
