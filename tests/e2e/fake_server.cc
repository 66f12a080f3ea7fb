// SPDX-License-Identifier: ISC
#include "tests/e2e/fake_server.hh"

#include "common/socket.hh"

#include <iostream>
#include <poll.h>

namespace e2e {

FakeServer::FakeServer(Conduct conduct)
    : listener_(common::listen_on(common::resolve_address("127.0.0.1:0").at(0))),
      thread_([this, body = std::move(conduct)] { serve(body); }) {}

FakeServer::~FakeServer() { thread_.join(); }

common::Address FakeServer::address() const { return common::local_address(listener_.get()); }

void FakeServer::greet(Connection& client) {
    client.send("220 Ready.\r\n");
    for (int line = 0; line < 3; ++line) client.read_line(); // NOOP, FEAT, USER
    client.send("200 Fine.\r\n211-Extensions:\r\n PUT\r\n SITE MLSD\r\n211 End\r\n331 Any.\r\n");
    client.read_line(); // PASS
    client.send("230 Welcome.\r\n");
}

void FakeServer::serve(const Conduct& conduct) {
    pollfd waited{listener_.get(), POLLIN, 0};
    const auto limit = std::chrono::milliseconds{patience};
    if (::poll(&waited, 1, static_cast<int>(limit.count())) != 1) return;
    auto accepted = common::accept_from(listener_);
    if (!accepted) return;
    Connection client{std::move(accepted->socket)};
    try {
        conduct(client);
    } catch (const Failure& failure) {
        std::cout << "fake server: " << failure.what() << '\n'; // shown when the test fails
    }
}

} // namespace e2e
