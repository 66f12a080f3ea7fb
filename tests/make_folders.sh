#!/bin/sh
# SPDX-License-Identifier: ISC
# make_folders.sh NOTES TOP FOLDER ... - makes each folder below TOP, and notes in the file NOTES the absolute paths
#                                        of those that were not there, the outermost first.
# make_folders.sh -r NOTES             - removes those folders, if they are empty, and NOTES.
set -eu

if [ "$1" = -r ]; then
    [ -e "$2" ] || exit 0
    made=$(sort -r "$2")
    rm -f "$2"
    printf '%s\n' "$made" | while IFS= read -r folder; do rmdir "$folder" 2>/dev/null || :; done
    exit 0
fi

notes=$1 top=$2 made=
shift 2

# make PATH: it and what is above it.
make() {
    [ ! -d "$1" ] || return 0
    make "$(dirname "$1")"
    mkdir "$1"
    chmod 755 "$1"
    made="$made$1
"
}

for folder; do make "$(realpath -m "$top/$folder")"; done
make "$(realpath -m "$(dirname "$notes")")"
printf '%s' "$made" >>"$notes"
chmod 644 "$notes"
