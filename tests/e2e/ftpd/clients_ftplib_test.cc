// SPDX-License-Identifier: ISC
// Python's ftplib against ftpd; what it does is in ftplib_client.py.
#include "tests/e2e/clients.hh"

#include "common/text.hh"

#include <doctest/doctest.h>

using e2e::Daemon;
using e2e::run_in;

TEST_SUITE("e2e") {
    TEST_CASE("Python's ftplib does all that it knows over IPv4 and IPv6") {
        for (std::size_t listener = 0; listener < e2e::writable().listeners; ++listener) {
            const Daemon daemon{e2e::writable()};
            const common::Address server = daemon.addresses().at(listener);
            run_in(daemon.folder().path(), {"python3", e2e::in_source("tests/e2e/ftpd/ftplib_client.py"),
                                            server.host(), common::text(server.port()), daemon.files()});
        }
    }
}
