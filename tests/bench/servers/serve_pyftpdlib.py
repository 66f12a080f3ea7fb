#!/usr/bin/env python3
# SPDX-License-Identifier: ISC
# serve_pyftpdlib.py PORT ROOT - pyftpdlib's own server, all clients in one process, anonymous access, no log.
import logging
import os
import pwd
import sys

from pyftpdlib.authorizers import DummyAuthorizer
from pyftpdlib.handlers import FTPHandler
from pyftpdlib.servers import FTPServer

logging.disable(logging.CRITICAL)
authorizer = DummyAuthorizer()
authorizer.add_anonymous(sys.argv[2], perm="elradfmwMT")
FTPHandler.authorizer = authorizer
FTPHandler.timeout = 0
FTPServer.max_cons = 16384
FTPServer.max_cons_per_ip = 0
server = FTPServer(("127.0.0.1", int(sys.argv[1])), FTPHandler, backlog=1024)
if os.getuid() == 0:
    nobody = pwd.getpwnam("nobody")
    os.setgid(nobody.pw_gid)
    os.setuid(nobody.pw_uid)
server.serve_forever(handle_exit=False)
