#!/usr/bin/env python3
# SPDX-License-Identifier: ISC
"""under_unit.py UNIT PROGRAM ARGUMENT... - runs a program with what a unit of systemd leaves it: its filter of
system calls, its bounding set, its user and no-new-privileges, as systemd.exec(5) has them. For tests, where no
systemd runs. The groups of calls are systemd's own (systemd-analyze(1)); the filter is libseccomp's."""
import ctypes
import os
import pwd
import re
import subprocess
import sys

ALLOW, ERRNO = 0x7FFF0000, 0x00050000
PR_SET_NO_NEW_PRIVS, PR_CAPBSET_READ, PR_CAPBSET_DROP = 38, 23, 24
CAPABILITIES = {'CHOWN': 0, 'DAC_OVERRIDE': 1, 'DAC_READ_SEARCH': 2, 'FOWNER': 3, 'FSETID': 4, 'KILL': 5, 'SETGID': 6,
                'SETUID': 7, 'NET_BIND_SERVICE': 10, 'SYS_CHROOT': 18}


def directives(path):
    """Of the section [Service]: a list of (name, value)."""
    section, found = '', []
    for line in open(path, encoding='utf-8'):
        line = line.strip()
        if line.startswith('['):
            section = line
        elif section == '[Service]' and '=' in line and line[0] not in '#;':
            found.append(tuple(line.split('=', 1)))
    return found


def calls_of(words, groups={}):
    if not groups:
        text = subprocess.run(['systemd-analyze', 'syscall-filter', '--no-pager'], check=True, capture_output=True,
                              text=True).stdout
        name = ''
        for line in re.sub('\x1b[^m]*m', '', text).splitlines():
            if line.startswith('@'):
                name = line.strip()
                groups[name] = []
            elif line.startswith('    ') and not line.strip().startswith('#'):
                groups[name].append(line.strip())
    calls = set()
    for word in words:
        calls |= calls_of(groups[word]) if word.startswith('@') else {word}
    return calls


def allowed(lines):
    calls = set()
    for line in lines:
        calls = calls - calls_of(line[1:].split()) if line.startswith('~') else calls | calls_of(line.split())
    return calls | calls_of(['@default'])


def load_filter(calls):
    library = ctypes.CDLL('libseccomp.so.2')
    library.seccomp_init.restype = ctypes.c_void_p
    context = ctypes.c_void_p(library.seccomp_init(ERRNO | 1))  # EPERM
    for call in sorted(calls):
        number = library.seccomp_syscall_resolve_name(call.encode())
        if number >= 0:  # else this processor has none of that name
            assert library.seccomp_rule_add(context, ALLOW, number, 0) == 0, call
    assert library.seccomp_load(context) == 0


def main():
    found = directives(sys.argv[1])
    values = {}
    for name, value in found:
        values.setdefault(name, []).append(value)
    libc = ctypes.CDLL(None, use_errno=True)
    if os.geteuid() == 0 and 'CapabilityBoundingSet' in values:
        kept = {CAPABILITIES[word.removeprefix('CAP_')] for word in ' '.join(values['CapabilityBoundingSet']).split()}
        for number in range(64):
            if number not in kept and libc.prctl(PR_CAPBSET_READ, number, 0, 0, 0) == 1:
                assert libc.prctl(PR_CAPBSET_DROP, number, 0, 0, 0) == 0
    if os.geteuid() == 0 and 'User' in values:
        nobody = pwd.getpwnam('nobody')  # the unit's own need not be there
        os.setgroups([])
        os.setresgid(*[nobody.pw_gid] * 3)
        os.setresuid(*[nobody.pw_uid] * 3)
    if 'NoNewPrivileges' in values:
        assert libc.prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0
    calls = allowed(values['SystemCallFilter'])
    load_filter(calls)
    os.execvp(sys.argv[2], sys.argv[2:])


main()
