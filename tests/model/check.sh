#!/bin/sh
# SPDX-License-Identifier: ISC
# check.sh FOLDER - what `make model' does: looks at every state that the model can come to, with two deaths of the
# hub, and with one for runs that never end. Then leaves out its rules, one by one: with none, one or two deaths
# something must go wrong then, or the model shows nothing. Works in FOLDER; takes three minutes and 3 GB.
set -u
model=$(cd "$(dirname "$0")" && pwd)/deaths.pml
mkdir -p "$1" && cd "$1" || exit
for program in spin gcc; do
    command -v "$program" >/dev/null || { echo "model: $program is not there, please type: apt-get install spin gcc" >&2; exit 1; }
done
passed=0 failed=0

# search RULE DEATHS FLAGS OPTIONS: says of a model without RULE whether it has an error; leaves pan.log, and a trail.
search() {
    rm -f deaths.pml.trail
    spin -a -DWITHOUT="$1" -DHUB_DEATHS="$2" "$model" >spin.log && gcc -w $3 -o pan pan.c &&
        ./pan -m200000 $4 >pan.log 2>&1
    if grep -q 'errors: 0$' pan.log && ! grep -qi 'max search depth too small\|out of memory\|reached -DMEMLIM' pan.log; then
        echo sound
    elif grep -q '^pan:1: \(assertion violated\|non-progress cycle\|invalid end state\)' pan.log; then
        echo wrong
    else
        echo unknown
    fi
}

# note VERDICT WANTED WORDS: of the search in this folder.
note() {
    states=$(sed -n 's/^ *\([0-9.e+]*\) states, stored.*/\1/p' pan.log)
    if [ "$1" = "$2" ]; then
        passed=$((passed + 1)) && echo "model: $3: $1, as it should be, after $states states"
    else
        failed=$((failed + 1)) && echo "model: $3: $1, and should be $2"
    fi
}

# The two large searches, each in a folder of its own, while the rules are left out.
mkdir -p endless two
(cd endless && search none 1 '-O2 -DNP' -l >verdict) &
(cd two && search none 2 '-O2 -DSAFETY -DCOLLAPSE' '' >verdict) &

for rule in $(sed -n 's/^#define \([a-z_]*\)  *[1-9][0-9]*\( .*\)*$/\1/p' "$model"); do
    for deaths in 0 1 2; do
        search "$rule" "$deaths" '-O0 -DSAFETY -DCOLLAPSE' '' >verdict
        [ "$(cat verdict)" = sound ] || break
    done
    note "$(cat verdict)" wrong "without $rule, deaths of the hub: $deaths"
done
wait
for folder in endless two; do
    deaths=$([ $folder = two ] && echo 2 || echo 1)
    cd $folder || exit
    note "$(cat verdict)" sound "deaths of the hub: $deaths$([ $folder = two ] || echo ', runs without an end')"
    [ "$(cat verdict)" = sound ] ||
        echo "  how it comes about: cd $PWD && spin -t -p -g -k deaths.pml.trail -DHUB_DEATHS=$deaths $model"
    cd ..
done
echo "model: $passed passed, $failed failed"
[ "$failed" = 0 ]
