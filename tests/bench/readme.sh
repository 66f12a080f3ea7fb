#!/bin/sh
# SPDX-License-Identifier: ISC
# readme.sh - puts the targets and what was reached in the last run of `make bench' into README.md, between the
# two comments there.
set -eu
cd "$(dirname "$0")/../.."

summary=tests/bench/results/summary.md
fresh=$(mktemp) && trap 'rm -f "$fresh"' EXIT
awk -v summary="$summary" '
    /^<!-- end of figures -->/ { inside = 0 }
    !inside { print }
    /^<!-- figures/ { inside = 1; while ((getline line < summary) > 0) print line }' README.md >"$fresh"
cat "$fresh" >README.md
