// SPDX-License-Identifier: ISC
// A server for one client that conducts itself as a test wants, to see what the clients make of it.
#pragma once

#include "common/address.hh"
#include "tests/e2e/wire.hh"

#include <cstdint>
#include <functional>
#include <thread>

namespace e2e {

class FakeServer {
public:
    // Runs in a thread of its own; the connection ends when it returns or throws Failure.
    using Conduct = std::function<void(Connection& client)>;

    explicit FakeServer(Conduct conduct);
    ~FakeServer(); // waits for the conduct's end
    FakeServer(const FakeServer&) = delete;
    FakeServer& operator=(const FakeServer&) = delete;

    common::Address address() const;
    std::uint16_t port() const { return address().port(); }

    // As ftpd does it with fcp, up to the login.
    static void greet(Connection& client);

private:
    void serve(const Conduct& conduct);

    common::Fd listener_;
    std::thread thread_;
};

} // namespace e2e
