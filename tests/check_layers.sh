#!/bin/sh
# SPDX-License-Identifier: ISC
# check_layers.sh - holds the sources to the rules of the tree: which part includes which, what stands in
# common/linux alone, and how long a file is. Prints a line for each fault.
set -u
cd "$(dirname "$0")/.." || exit

faults=$(mktemp) && trap 'rm -f "$faults"' EXIT
parts=$(ls -d common ftpd chatd 2>/dev/null)

sources() { find "$@" -name '*.cc' -o -name '*.hh' | sort; }
code() { sed 's,^ *//.*,,; s, // .*,,' "$1"; } # without comments, line for line
report() { awk -v file="$1" -v why="$2" '{ print file ":" $0 "   <- " why }' >>"$faults"; }
forbid() { # PATTERN WHY FILE...
    pattern=$1 why=$2
    shift 2
    for file; do code "$file" | grep -nE -- "$pattern" | report "$file" "$why"; done
}

# Each part includes itself and common, by the path from the top.
for part in $parts; do
    for file in $(sources $part); do
        grep -nE '^ *# *include "' "$file" | grep -vE "\"(common|$part)/[^\"]*\.hh\"" |
            report "$file" "$part includes $part/ and common/ only, by path from the top"
    done
done

# The path says which process runs a file, and no process includes what another runs: what two share lies above
# them. A folder that several processes use is as good as above: terminal, room_log. main.cc starts them all.
may_include() { # FOLDER OTHER...
    folder=$1
    shift
    others=$(printf '|%s' "$@")
    for file in $(sources "$folder"); do
        grep -nE "^ *# *include \"${folder%/*}/[a-z_]+/" "$file" |
            grep -vE "\"${folder%/*}/(${folder##*/}$others)/" |
            report "$file" "$folder includes nothing of another process's folder"
    done
}
may_include chatd/hub room_log
may_include chatd/spawner
may_include chatd/handler terminal room_log
may_include chatd/chat terminal
may_include chatd/terminal
may_include chatd/room_log
may_include ftpd/parent session
may_include ftpd/session
may_include ftpd/fcp
# The kinds of conversation know nothing of each other, and what they share knows none of them.
for kind in chatd/handler/*/; do
    may_include "${kind%/}"
done
for file in $(sources chatd/handler | grep -E '^chatd/handler/[^/]*$'); do
    grep -nE '^ *# *include "chatd/handler/[a-z_]+/' "$file" |
        report "$file" 'what all conversations share includes none of them'
done
for part in $parts; do
    for file in $(sources $part | grep -E "^$part/[^/]*$" | grep -v '/main\.cc$'); do
        grep -nE '^ *# *include "(chatd|ftpd)/[a-z_]+/' "$file" |
            report "$file" 'what several processes know includes no folder of one'
    done
done

# The benchmarks see the daemons from outside.
for file in $(sources tests/bench); do
    grep -nE '^ *# *include "' "$file" | grep -vE '"(common/|tests/bench/|tests/e2e/proc\.hh)' |
        report "$file" 'benchmarks include common/ and tests/bench/ only'
done

# What only Linux has stands in common/linux, and every file there has its twin.
functions='epoll_(create1?|ctl|p?wait2?)|signalfd|eventfd|timerfd_[a-z]*|inotify_[a-z]*|sendfile|splice|tee|vmsplice'
functions="$functions|openat2|close_range|accept4|pipe2|prctl|ppoll|syscall|memfd_create|copy_file_range|sync_file_range|renameat2|unshare"
forbid "(^|[^a-z_:])(::)?($functions)\(|SOCK_(CLOEXEC|NONBLOCK)|O_(PATH|TMPFILE)|MSG_CMSG_CLOEXEC|<(sys/(epoll|sendfile|prctl|syscall)|linux/.*)\.?h?>" \
    'only Linux has it: common/linux is its place' $(sources $parts | grep -v '^common/linux/')
for file in common/linux/*.cc common/posix/*.cc; do
    name=${file##*/}
    [ -e "common/linux/$name" ] && [ -e "common/posix/$name" ] || echo | report "$file" 'has no twin'
done

# A linker script names no object that is not there any more.
for script in $(find $parts -name '*.ld'); do
    grep -noE 'lib[a-z]+\.a:[a-z_]+\.o' "$script" | sed -nE 's,lib(ftpd|chatd|common)\.a:(.*)\.o$,\1 \2.cc,p' |
        while read -r part file; do
            [ -n "$(find "${part#*:}" -name "$file")" ] || echo "$part $file"
    done | report "$script" 'no such source'
done

# Files are not too long, say their licence first, and leave nothing for later.
for file in $(sources $parts tests) Makefile .clang-tidy .ci/run $(find $parts -name '*.ld') $(find tests -name '*.sh' -o -name '*.mk' -o -name '*.py'); do
    lines=$(wc -l <"$file")
    [ "$lines" -le 800 ] || echo "$lines" | report "$file" 'lines, 800 at the most'
    head -n 2 "$file" | grep -q 'SPDX-License-Identifier: ISC' || echo 1 | report "$file" 'no licence line'
    grep -nwE 'TO''DO|FIX''ME|XX''X' "$file" | report "$file" 'finish it'
    grep -nE '[[:blank:]]$' "$file" | report "$file" 'blank at the end'
done
forbid '^using namespace std;' 'hides where names come from' $(sources $parts tests)

# Tests: a comma would end doctest's pattern, and the runner goes by the suite.
for file in $(find tests/unit tests/e2e -name '*_test.cc'); do
    kind=${file#tests/} kind=${kind%%/*}
    grep -nE 'TEST_CASE\("[^"]*,' "$file" | report "$file" 'a comma in the name of a test'
    grep -q 'TEST_SUITE("' "$file" || echo 1 | report "$file" 'tests outside of a suite'
    grep -nE 'TEST_SUITE\("' "$file" | grep -vE "TEST_SUITE\(\"($kind( slow)?|e2e readiness)\"\)" |
        report "$file" "suites in tests/$kind are \"$kind\" and \"$kind slow\", and in tests/e2e \"e2e readiness\""
done

cat "$faults"
[ ! -s "$faults" ]
