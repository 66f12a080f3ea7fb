#!/bin/sh
# SPDX-License-Identifier: ISC
# make.sh SHELL PROGRAM [OPERANDS] - prints what SHELL (bash, zsh or fish) is to offer behind PROGRAM's name: the
# options of its table, as its own -h prints them, and their arguments; and, from the file OPERANDS, what else it
# can be given. In that file @NAME@ stands for the program's name.
#
# An argument that is a choice says so: of new|FINGERPRINT the words in small letters are offered. FILE and PATH are
# files; what has another name is only typed.
set -u

shell=$1 program=$2 operands=${3-}
name=${program##*/}
text=$("$program" -h) || exit

# Of each option, between tabs: its name; whether it has an argument, `must' or `may'; what that is called; whether
# it is a file, or else the words to offer; and the help. The usage line says which have an argument.
table=$(printf '%s\n' "$text" | awk '
    NR == 1 { usage = $0; next }
    {
        name = $1
        has = argument = offer = ""
        rest = substr($0, length(name) + 3)
        if (at = index(name, "[=")) {
            argument = substr(name, at + 2, length(name) - at - 2)
            name = substr(name, 1, at - 1)
            has = "may"
        } else if (index(usage, "[" name " ")) {
            argument = $2
            has = "must"
            rest = substr(rest, length(argument) + 2)
        }
        sub(/^ +/, "", rest)
        count = split(argument, words, "|")
        for (i = 1; i <= count; ++i) if (words[i] !~ /[A-Z]/) offer = offer (offer ? " " : "") words[i]
        if (argument ~ /^(FILE|PATH)$/) offer = "FILE"
        print name "\t" has "\t" argument "\t" offer "\t" rest
    }')

note="# Made from the options of $name by completions/make.sh."
case $shell in
bash)
    echo "$note"
    printf '%s\n' "$table" | awk -F '\t' -v name="$name" -v quote="'" '
        function offered(words) { return "mapfile -t COMPREPLY < <(compgen " words " -- \"$word\")" }
        { names = names (NR > 1 ? " " : "") $1; option[NR] = $1; has[NR] = $2; offer[NR] = $4 }
        $2 == "" && length($1) == 2 { flags = flags substr($1, 2) }
        END {
            print "# Completes an option or its argument; the status is 1 where an operand is wanted."
            print "_" name "_option() { # WORD"
            print "    local word=$1 at=$COMP_CWORD option"
            print "    COMPREPLY=()"
            print "    # Bash makes a word of the = in --option=argument."
            print "    [[ ${COMP_WORDS[at]} != = ]] || { word= && ((++at)); }"
            print "    option=${COMP_WORDS[at - 1]}"
            print "    [[ $option != = ]] || option=${COMP_WORDS[at - 2]}="
            for (i = 1; i <= NR; ++i) {
                if (has[i] == "") continue
                equals = has[i] == "may" ? "=" : "=?"
                pattern = length(option[i]) == 2 ? "-[" flags "]*" substr(option[i], 2) : option[i] equals
                print "    if [[ $option =~ ^" pattern "$ ]]; then"
                if (offer[i] == "FILE") print "        compopt -o filenames 2>/dev/null"
                if (offer[i] == "FILE") print "        " offered("-f")
                else if (offer[i] != "") print "        " offered("-W " quote offer[i] quote)
                print "        return 0"
                print "    fi"
            }
            print "    [[ $word == -* ]] || return 1"
            print "    " offered("-W " quote names quote)
            print "}"
        }'
    [ -n "$operands" ] || printf '\n_%s() { _%s_option "$2"; }\n' "$name" "$name"
    end="complete -F _$name $name"
    ;;
zsh)
    printf '%s\n' "#compdef $name" "$note"
    printf '%s\n' "$table" | awk -F '\t' -v name="$name" -v quote="'" '
        BEGIN { print "\nlocal -a options=(" }
        {
            repeats = $5 ~ /; repeats$/ ? "*" : ""
            gsub(/[\]\[:\\]/, "\\\\&", $5)
            gsub(quote, quote "\\" quote quote, $5)
            mark = length($1) > 2 ? "=" : "+"
            if ($2 == "may") mark = "=-"
            if ($2 == "") mark = ""
            behind = $4 == "FILE" ? "_files" : $4 != "" ? "(" $4 ")" : " "
            behind = $2 == "" ? "" : ($2 == "may" ? "::" : ":") $3 ":" behind
            print "    " quote repeats $1 mark "[" $5 "]" behind quote
        }
        END { print ")" }'
    end="_arguments -s -S -A '-*' : \$options${operands:+ \"*: :_${name}_operand\"}"
    ;;
fish)
    echo "$note"
    printf '%s\n' "$table" | awk -F '\t' -v name="$name" -v quote="'" '
        BEGIN { print "\ncomplete -c " name " -f" }
        {
            gsub(/[\\'\'']/, "\\\\&", $5)
            behind = $4 == "FILE" ? " -r -F" : $2 == "must" ? " -x" : ""
            if ($4 != "" && $4 != "FILE") behind = behind " -a " quote $4 quote
            print "complete -c " name (length($1) > 2 ? " -l " substr($1, 3) : " -s " substr($1, 2)) behind \
                " -d " quote $5 quote
        }'
    end=
    [ -z "$operands" ] || end="complete -c $name -a '(__${name}_operand)'"
    ;;
*)
    echo "make.sh: nothing is known of the shell $shell" >&2
    exit 64
    ;;
esac
[ -z "$operands" ] || sed "s/@NAME@/$name/g; /^# SPDX/d" "$operands"
[ -z "$end" ] || printf '\n%s\n' "$end"
