// SPDX-License-Identifier: ISC
// Starting what is measured: the builds of the suite, the peers that are there, and bench-floor's loops.
#pragma once

#include "tests/bench/server.hh"
#include "tests/bench/setting.hh"

#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace bench {

struct Running {
    std::string subject;
    std::unique_ptr<Server> server;
    std::uint16_t port() const { return server->port(); }
};

class Lineup {
public:
    // words: what servers/NAME.conf has for @WORD@, besides @PORT@, @EMPTY@ (a folder of that kind) and
    // @STATE@ (one that is not there). environment: NAME=VALUE.
    Lineup(const Setting& setting, std::map<std::string, std::string> words, Words environment = {});

    // Each build of a daemon, in the foreground, with more lines of configuration. Ours are there: what keeps
    // them from starting is thrown. configuration: another than the one of its name.
    void add_suite(const std::string& daemon, const Words& lines = {}, std::string_view configuration = {});
    // A peer, unpacked in a folder of that name; configuration may be empty. In the arguments, @CONF@ is its
    // path, @PORT@ the port. One that is missing, or does not start, is named in the log.
    void add_peer(std::string_view subject, std::string_view folder, std::string_view configuration,
                  const Words& arguments);
    void add_floor(std::string_view subject, const Words& arguments);

    const std::vector<Running>& all() const { return running_; }

private:
    void start(std::string_view subject, std::string_view configuration, Words command);

    const Setting& setting_;
    std::map<std::string, std::string> words_;
    Words environment_;
    std::vector<Running> running_;
};

} // namespace bench
