# SPDX-License-Identifier: ISC
# Python's ftplib against ftpd: all that it knows. Started by clients_ftplib_test.cc with HOST, PORT and the
# folder that is served; any assertion that fails ends it with a traceback.
import ftplib, io, os, sys

host, port, served = sys.argv[1], int(sys.argv[2]), sys.argv[3]
odd_names = ['100%41', 'a name with blanks', 'hash#tag', "it's", 'say "hi"', 'semi;colon?', '张三', '-dash',
             'back\\slash', 'trailing ', '  leading', '$HOME', 'star*', '.hidden', '...']
every_byte = bytes(range(256)) * 5000


def connect():
    ftp = ftplib.FTP(encoding='utf-8')
    assert ftp.connect(host, port, timeout=60).startswith('220 ')
    assert ftp.login() == '230 Welcome.'
    return ftp


def content_of(name):
    with open(os.path.join(served, name), 'rb') as file:
        return file.read()


def fetch(ftp, name, rest=None):
    got = io.BytesIO()
    assert ftp.retrbinary('RETR ' + name, got.write, rest=rest).startswith('226 ')
    return got.getvalue()


def refused(call, *arguments):
    try:
        call(*arguments)
    except ftplib.error_perm as error:
        return str(error)[:3]
    raise AssertionError(arguments)


def transfers(ftp, passive):
    ftp.set_pasv(passive)
    ftp.storbinary('STOR binary', io.BytesIO(every_byte))
    assert content_of('binary') == every_byte and fetch(ftp, 'binary') == every_byte
    assert fetch(ftp, 'binary', rest=len(every_byte) - 3) == every_byte[-3:]
    ftp.storbinary('STOR binary', io.BytesIO(b'new'), rest=4)
    assert content_of('binary') == every_byte[:4] + b'new' + every_byte[7:]
    ftp.storbinary('APPE binary', io.BytesIO(b'more'))
    assert content_of('binary')[-5:] == every_byte[-1:] + b'more'
    lines = []
    ftp.storlines('STOR lines', io.BytesIO(b'one\ntwo'))
    ftp.retrlines('RETR lines', lines.append)
    assert content_of('lines') == b'one\ntwo\n' and lines == ['one', 'two']
    listed = []
    ftp.dir(listed.append)
    assert [line.split()[-1] for line in listed] == ['binary', 'lines']
    assert ftp.nlst() == ['binary', 'lines'] and ftp.nlst('*s') == ['lines']
    facts = dict(ftp.mlsd(facts=['size', 'type']))
    assert facts == {'binary': {'type': 'file', 'size': str(len(every_byte) + 4)},
                     'lines': {'type': 'file', 'size': '8'}}
    ftp.voidcmd('TYPE I')
    assert ftp.size('lines') == 8
    ftp.delete('binary')
    ftp.delete('lines')
    assert refused(ftp.retrbinary, 'RETR lines', print) == '550'


def names(ftp):
    for name in odd_names:
        assert ftp.mkd(name) == '/' + name
        assert ftp.cwd(name).startswith('250 ') and ftp.pwd() == '/' + name
        ftp.storbinary('STOR ' + name, io.BytesIO(name.encode()))
        assert content_of(os.path.join(name, name)) == fetch(ftp, name) == name.encode()
        assert ftp.nlst() == [name]
        assert [(entry, facts['type']) for entry, facts in ftp.mlsd()] == [(name, 'file')]
        assert ftp.rename(name, 'of ' + name).startswith('250 ')
        ftp.cwd('..')
        assert ftp.pwd() == '/'
        assert refused(ftp.rmd, name) == '550'
        ftp.delete(name + '/of ' + name)
        ftp.rmd(name)
    assert ftp.nlst() == []


# ftplib sends all of ABOR as urgent data, which arrives whatever becomes of the urgent byte.
def abortion(ftp):
    ftp.voidcmd('TYPE I')
    assert ftp.abort().startswith('226 ')  # nothing to abort
    data, size = ftp.ntransfercmd('RETR large')
    assert size == 1 << 30 and data.recv(1)
    assert ftp.abort().startswith('426 ')
    assert ftp.getmultiline().startswith('226 ')
    data.close()
    data = ftp.transfercmd('STOR new')
    data.sendall(b'x')
    assert ftp.abort().startswith('426 ')
    assert ftp.getmultiline().startswith('226 ')
    data.close()
    assert not os.path.exists(os.path.join(served, 'new'))
    assert ftp.sendcmd('NOOP').startswith('200 ')


def statistics(ftp):
    assert ftp.sendcmd('STAT').startswith('211')
    assert ftp.sendcmd('STAT /').startswith('213')
    data = ftp.transfercmd('RETR large')
    assert 'RETR /large: ' in ftp.sendcmd('STAT')
    ftp.abort()
    ftp.getmultiline()
    data.close()
    assert refused(ftp.sendcmd, 'RNTO nothing') == '503'


ftp = connect()
for passive in (True, False):
    transfers(ftp, passive)
names(ftp)
with open(os.path.join(served, 'large'), 'wb') as file:
    file.truncate(1 << 30)
abortion(ftp)
statistics(ftp)
assert ftp.quit() == '221 Goodbye.'
