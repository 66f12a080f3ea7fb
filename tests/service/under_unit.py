#!/usr/bin/env python3
# SPDX-License-Identifier: ISC
"""under_unit.py UNIT PROGRAM ARGUMENT... - runs a program with what a unit of systemd leaves it: its filter of
system calls, its bounding set, its user and groups, its view of other users and no-new-privileges, as
systemd.exec(5) has them. For tests, where no systemd runs, and the unit's own users need not be there: who stands
in for its user, and for a further group of a drop-in, UNIT_USER (nobody) and UNIT_GROUP (none) in the environment say. The groups
of calls are systemd's own (systemd-analyze(1)); the filter is libseccomp's."""
import ctypes
import grp
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


def hide_users(libc, uid, gid):
    """PrivateUsers=: root and these are what they are, all others nobody. Another process has to say so."""
    is_there, is_mapped = os.pipe(), os.pipe()
    child = os.fork()
    if child == 0:
        os.read(is_there[0], 1)
        for kind, own in (('uid', uid), ('gid', gid)):
            with open(f'/proc/{os.getppid()}/{kind}_map', 'w', encoding='ascii') as file:
                file.write(f'0 0 1\n{own} {own} 1\n')
        os.write(is_mapped[1], b'.')
        os._exit(0)
    clone_newuser = 0x10000000
    assert libc.unshare(clone_newuser) == 0, os.strerror(ctypes.get_errno())
    os.write(is_there[1], b'.')
    assert os.read(is_mapped[0], 1) == b'.'
    os.waitpid(child, 0)
    for end in is_there + is_mapped:
        os.close(end)


def main():
    found = directives(sys.argv[1])
    values = {}
    for name, value in found:
        values.setdefault(name, []).append(value)
    libc = ctypes.CDLL(None, use_errno=True)
    user, is_root = pwd.getpwnam(os.environ.get('UNIT_USER', 'nobody')), os.geteuid() == 0
    if is_root and 'User' in values:
        further = os.environ.get('UNIT_GROUP')
        os.setgroups([grp.getgrnam(further).gr_gid] if further else [])
        os.setresgid(*[user.pw_gid] * 3)
        if values.get('PrivateUsers') == ['yes']:
            hide_users(libc, user.pw_uid, user.pw_gid)
    if is_root and 'CapabilityBoundingSet' in values:
        kept = {CAPABILITIES[word.removeprefix('CAP_')] for word in ' '.join(values['CapabilityBoundingSet']).split()}
        for number in range(64):
            if number not in kept and libc.prctl(PR_CAPBSET_READ, number, 0, 0, 0) == 1:
                assert libc.prctl(PR_CAPBSET_DROP, number, 0, 0, 0) == 0
    if is_root and 'User' in values:
        os.setresuid(*[user.pw_uid] * 3)
    if 'NoNewPrivileges' in values:
        assert libc.prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0
    calls = allowed(values['SystemCallFilter'])
    load_filter(calls)
    os.execvp(sys.argv[2], sys.argv[2:])


main()
