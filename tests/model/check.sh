#!/bin/sh
# SPDX-License-Identifier: ISC
# check.sh FOLDER - what `make model' does: looks at every state that the model can come to, with two deaths of the
# hub, and with one for runs that never end. Then leaves out its rules, one by one: with none, one or two deaths
# something must go wrong then, or the model shows nothing. Works in FOLDER; takes about a minute and 2 GB.
set -u
model=$(cd "$(dirname "$0")" && pwd)/deaths.pml
mkdir -p "$1" && cd "$1" || exit
for program in spin gcc; do
    command -v "$program" >/dev/null || { echo "model: $program is not there, please type: apt-get install spin gcc" >&2; exit 1; }
done
passed=0 failed=0

# search RULE DEATHS FLAGS OPTIONS: says of a model without RULE whether it has an error; leaves states, and a trail.
search() {
    rm -f deaths.pml.trail
    spin -a -DWITHOUT="$1" -DHUB_DEATHS="$2" "$model" >spin.log && gcc -w $3 -o pan pan.c &&
        ./pan -m200000 $4 >pan.log 2>&1
    states=$(sed -n 's/^ *\([0-9.e+]*\) states, stored.*/\1/p' pan.log)
    if grep -q 'errors: 0$' pan.log && ! grep -qi 'max search depth too small\|out of memory\|reached -DMEMLIM' pan.log; then
        echo sound
    elif grep -q '^pan:1: \(assertion violated\|non-progress cycle\|invalid end state\)' pan.log; then
        echo wrong
    else
        echo unknown
    fi
}

# whole DEATHS FLAGS OPTIONS WORDS
whole() {
    search none "$1" "-O2 $2" "$3" >verdict
    case $(cat verdict) in
    sound) passed=$((passed + 1)) && echo "model: $4: $states states, all as they should be" ;;
    *)
        failed=$((failed + 1))
        cat spin.log pan.log
        echo "model: $4: $(cat verdict). To see how it comes about:"
        echo "  cd $PWD && spin -t -p -g -k deaths.pml.trail -DHUB_DEATHS=$1 $model"
        ;;
    esac
}

for rule in $(sed -n 's/^#define \([a-z_]*\)  *[1-9][0-9]*\( .*\)*$/\1/p' "$model"); do
    for deaths in 0 1 2; do
        search "$rule" "$deaths" '-O0 -DSAFETY -DCOLLAPSE' '' >verdict
        [ "$(cat verdict)" = sound ] || break
    done
    if [ "$(cat verdict)" = wrong ]; then
        passed=$((passed + 1)) && echo "model: without $rule: wrong, with $deaths deaths, after $states states"
    else
        failed=$((failed + 1)) && echo "model: without $rule: $(cat verdict), and should be wrong"
    fi
done
whole 1 -DNP -l 'one death, no endless run'
whole 2 '-DSAFETY -DCOLLAPSE' '' 'two deaths'
echo "model: $passed passed, $failed failed"
[ "$failed" = 0 ]
