// SPDX-License-Identifier: ISC
// The FTP rows under TLS. The clients are those of bench-tls, since this program links no TLS library.
#include "tests/bench/connection.hh"
#include "tests/bench/contest.hh"
#include "tests/bench/ftp_servers.hh"
#include "tests/bench/memory.hh"
#include "tests/bench/parts.hh"

#include "common/errors.hh"
#include "common/text.hh"

#include <chrono>
#include <cstdio>
#include <functional>
#include <memory>
#include <string>
#include <thread>
#include <vector>

namespace bench {
namespace {

using namespace std::chrono_literals;

constexpr unsigned idle_sessions = 100;

using Pipe = std::unique_ptr<FILE, int (*)(FILE*)>;

double ask(const Setting& setting, const std::string& words) {
    const Pipe answer{::popen((setting.tls_clients + ' ' + words).c_str(), "r"), ::pclose};
    double number = 0;
    if (!answer || std::fscanf(answer.get(), "%lf", &number) != 1) throw Failure{"bench-tls does not answer"};
    return number;
}

double large_upload(const Setting& setting, const Running& server, const FtpFiles& files) {
    files.warm_memory();
    const double rate = ask(setting, common::text("put ", server.port(), " in/large ", files.large));
    files.clear_uploads();
    return rate;
}

double idle_memory(const Setting& setting, const Running& server) {
    const MemoryPerClient memory{server.server->pid()};
    const std::uint16_t ready = find_free_port();
    const Server clients{{setting.tls_clients, "idle", std::to_string(server.port()),
                          std::to_string(idle_sessions), std::to_string(ready)},
                         ready,
                         setting.scratch + "/output-clients"};
    std::this_thread::sleep_for(1s); // idle: nothing has come for a while
    return memory.kib(idle_sessions);
}

} // namespace

void measure_ftp_tls(const Setting& setting, Samples& samples) {
    if (!setting.wants("ftp-tls") || setting.tls_clients.empty()) return;
    const FtpFiles files{setting};
    const auto contest = [&](std::string_view row, const std::function<double(const Running&)>& measure,
                             bool is_repeated) {
        if (!setting.wants(row)) return;
        const Lineup servers = start_ftp_tls_servers(setting, files);
        std::vector<Contender> contenders;
        for (const Running& server : servers.all())
            contenders.push_back({row, server.subject, [&] { return measure(server); }});
        if (is_repeated)
            hold_contest(samples, contenders, setting.rounds);
        else
            measure_once(samples, contenders);
    };
    contest(
        "ftp-tls-memory", [&](const Running& server) { return idle_memory(setting, server); }, false);
    contest(
        "ftp-tls-sessions",
        [&](const Running& server) {
            return ask(setting, common::text("logins ", server.port(), ' ', setting.duration.count()));
        },
        true);
    contest(
        "ftp-tls-retr-large",
        [&](const Running& server) {
            return ask(setting, common::text("get ", server.port(), " large ", large_file));
        },
        true);
    contest(
        "ftp-tls-stor-large", [&](const Running& server) { return large_upload(setting, server, files); },
        true);
}

} // namespace bench
