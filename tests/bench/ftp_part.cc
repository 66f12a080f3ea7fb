// SPDX-License-Identifier: ISC
// The FTP rows. All servers run all the time; they are measured in turn, so all but one are idle.
#include "tests/bench/connection.hh"
#include "tests/bench/contest.hh"
#include "tests/bench/ftp_client.hh"
#include "tests/bench/ftp_servers.hh"
#include "tests/bench/memory.hh"
#include "tests/bench/parts.hh"
#include "tests/bench/program.hh"
#include "tests/bench/rows.hh"

#include "common/errors.hh"
#include "common/text.hh"

#include <algorithm>
#include <atomic>
#include <chrono>
#include <fcntl.h>
#include <filesystem>
#include <fstream>

namespace bench {
namespace {

namespace fs = std::filesystem;
using common::text;
using Clock = std::chrono::steady_clock;

constexpr unsigned clients = 4;
constexpr unsigned idle_sessions = 200;
constexpr unsigned replaced_files = 100; // of each session
constexpr std::size_t pipelined = 64;
constexpr unsigned rclone_files = 500;
constexpr std::size_t rclone_size = 1024;
constexpr std::string_view rclone_password =
    "HR_rA7EMlQRioOtv9kJpj3h1JPWMnw"; // bench@, as `rclone obscure' says it
constexpr std::string_view quick_only =
    "vsftpd without sandbox"; // measured where the sandbox makes a difference

// A client that is logged in, and shared by the step that it lives in.
std::shared_ptr<FtpClient> logged_in(std::uint16_t port, std::string_view user = "anonymous") {
    auto client = std::make_shared<FtpClient>(port);
    client->log_in(user);
    client->command("TYPE I", "2");
    return client;
}

// Who may change what is there.
std::string_view writer_at(const Running& server) {
    return server.subject == "pure-ftpd" ? pure_ftpd_user : "anonymous";
}

double seconds_since(Clock::time_point start) {
    return std::chrono::duration<double>(Clock::now() - start).count();
}

std::size_t check_size(std::size_t got, std::size_t wanted) {
    if (got != wanted) throw Failure{std::to_string(got) + " bytes came, not " + std::to_string(wanted)};
    return got;
}

// --- one measurement of one server ---------------------------------------------------------------------

double sessions(std::uint16_t port, std::chrono::milliseconds duration) {
    return rate_of_clients(clients, duration, [=](unsigned) -> Step {
        return [=] {
            FtpClient client{port};
            client.log_in();
            client.quit();
            return 1;
        };
    });
}

double answers(std::uint16_t port, std::chrono::milliseconds duration) {
    return rate_of_clients(clients, duration, [=](unsigned) -> Step {
        return [=] {
            Connection connection{port};
            check_size(connection.discard(), std::string_view{"220 ready\r\n"}.size());
            connection.drop();
            return 1;
        };
    });
}

double small_downloads(std::uint16_t port, std::chrono::milliseconds duration) {
    return rate_of_clients(clients, duration, [=](unsigned) -> Step {
        return [client = logged_in(port)] {
            check_size(client->receive("RETR small"), 1024);
            return 1;
        };
    });
}

double small_uploads(std::uint16_t port, std::chrono::milliseconds duration, const FtpFiles& files) {
    static std::atomic<unsigned> names; // each name is new to all of the servers
    const std::string body(1024, 'x');
    const double rate = rate_of_clients(clients, duration, [&](unsigned) -> Step {
        return [&body, client = logged_in(port)] {
            client->store("in/" + std::to_string(++names), [&](Connection& data) { data.send(body); });
            return 1;
        };
    });
    files.clear_uploads();
    return rate;
}

// Each session has files of its own, which it has stored before the clock starts.
double replacing_uploads(const Running& server, std::chrono::milliseconds duration, const FtpFiles& files) {
    const std::string body(1024, 'x');
    const double rate = rate_of_clients(clients, duration, [&](unsigned number) -> Step {
        const auto client = logged_in(server.port(), writer_at(server));
        const auto store = [&body, client, number](unsigned file) {
            client->store(text("in/", number, '-', file), [&](Connection& data) { data.send(body); });
        };
        for (unsigned file = 0; file < replaced_files; ++file) store(file);
        return [store, next = 0U]() mutable {
            store(next++ % replaced_files);
            return 1;
        };
    });
    files.clear_uploads();
    return rate;
}

double inband_downloads(std::uint16_t port, std::chrono::milliseconds duration) {
    return rate_of_clients(clients, duration, [=](unsigned) -> Step {
        auto client = logged_in(port);
        // The first tells how many bytes an answer has: 150, the file, 226.
        client->command("GET small", "1");
        Connection& control = client->control();
        check_size(control.discard(1024), 1024);
        const std::string tail{control.read_line()};
        const std::size_t answer =
            std::string_view{"150 1024 bytes follow\r\n"}.size() + 1024 + tail.size() + 2;
        std::string lines;
        for (std::size_t i = 0; i < pipelined; ++i) lines += "GET small\r\n";
        return [client, lines, answer] {
            client->control().send(lines);
            check_size(client->control().discard(answer * pipelined), answer * pipelined);
            return pipelined;
        };
    });
}

double large_download(std::uint16_t port) {
    const auto client = logged_in(port);
    const auto start = Clock::now();
    check_size(client->receive("RETR large"), large_file);
    return static_cast<double>(large_file >> 20) / seconds_since(start);
}

double large_upload(std::uint16_t port, const FtpFiles& files) {
    files.warm_memory();
    const common::Fd file{
        common::checked("open", files.large, [&] { return ::open(files.large.c_str(), O_RDONLY); })};
    const auto client = logged_in(port);
    const auto start = Clock::now();
    client->store("in/large", [&](Connection& data) { send_file(data, file.get(), large_file); });
    const double rate = static_cast<double>(large_file >> 20) / seconds_since(start);
    files.clear_uploads();
    return rate;
}

// facts: that are asked for first; who refuses that gives those that are usual.
double listings(std::uint16_t port, std::chrono::milliseconds duration, const std::string& verb,
                std::string_view facts = {}) {
    return rate_of_clients(1, duration, [=](unsigned) -> Step {
        const auto client = logged_in(port);
        if (!facts.empty()) client->command(text("OPTS MLST ", facts), "25");
        const std::string line = verb + " many";
        if (client->count_lines(line) < listed_files) throw Failure{"the listing is not complete"};
        return [client, line] {
            client->receive(line);
            return listed_files;
        };
    });
}

// A folder that rclone sends; it is made here.
std::string make_rclone_files(const Setting& setting) {
    std::string folder = setting.scratch + "/rclone";
    fs::create_directories(folder);
    for (unsigned file = 0; file < rclone_files; ++file)
        if (!(std::ofstream{text(folder, "/file-", file)} << std::string(rclone_size, 'x')))
            common::fail("write", folder);
    return folder;
}

double rclone_upload(const Running& server, const Setting& setting, const std::string& from,
                     const FtpFiles& files) {
    files.clear_uploads(); // of what failed before
    const std::string command =
        text(fs::absolute(setting.peers).string(), "/rclone/run --config /dev/null copy ", from,
             " :ftp:in --retries 1 --low-level-retries 1 --ftp-host 127.0.0.1 --ftp-port ", server.port(),
             " --ftp-user ", writer_at(server), " --ftp-pass ", rclone_password);
    const double rate =
        copy_rate(command, setting.scratch + "/output-rclone", files.uploads, rclone_files, rclone_size);
    files.clear_uploads();
    return rate;
}

double idle_memory(const Running& server) {
    const MemoryPerClient memory{server.server->pid()};
    std::vector<std::shared_ptr<FtpClient>> idle;
    for (unsigned i = 0; i < idle_sessions; ++i) idle.push_back(logged_in(server.port()));
    const double kib = memory.kib(idle_sessions);
    return kib;
}

// The floors of the large files: what the loops send and receive, without a dialogue.
double bare_download(std::uint16_t port) {
    const auto start = Clock::now();
    Connection connection{port};
    check_size(connection.discard(), large_file);
    return static_cast<double>(large_file >> 20) / seconds_since(start);
}

double bare_upload(std::uint16_t port, const FtpFiles& files) {
    files.warm_memory();
    const common::Fd file{
        common::checked("open", files.large, [&] { return ::open(files.large.c_str(), O_RDONLY); })};
    const auto start = Clock::now();
    Connection connection{port};
    send_file(connection, file.get(), large_file);
    connection.finish_sending();
    connection.discard(); // until the loop has written all and closes
    const double rate = static_cast<double>(large_file >> 20) / seconds_since(start);
    files.clear_uploads();
    return rate;
}

} // namespace

void measure_ftp(const Setting& setting, Samples& samples) {
    measure_copies(setting, samples);
    if (setting.only.starts_with("ftp-copy") || setting.only.starts_with("ftp-tls-copy")) return;
    measure_ftp_tls(setting, samples);
    if (setting.only.starts_with("ftp-tls")) return;
    const FtpFiles files{setting};
    if (setting.wants("ftp-memory")) {
        const Lineup servers = start_ftp_servers(setting, files); // that have done nothing yet
        std::vector<Contender> contenders;
        for (const Running& server : servers.all())
            contenders.push_back({"ftp-memory", server.subject, [&server] { return idle_memory(server); }});
        measure_once(samples, contenders);
    }
    const Lineup servers = start_ftp_servers(setting, files);
    Lineup floors{setting, {}};
    floors.add_floor("floor: fork and answer", {"answer", "@PORT@"});
    floors.add_floor("floor: fork and converse", {"converse", "@PORT@"});
    floors.add_floor("floor: sendfile", {"send", "@PORT@", files.large});
    floors.add_floor("floor: recv and write", {"receive", "@PORT@", files.uploads + "/large"});
    const Running &answering = floors.all()[0], &conversing = floors.all()[1], &sending = floors.all()[2],
                  &receiving = floors.all()[3];
    const auto duration = setting.duration;

    const auto contest = [&](std::string_view row, const std::function<double(const Running&)>& measure,
                             const std::vector<Contender>& bare = {}) {
        if (!setting.wants(row)) return;
        std::vector<Contender> contenders;
        for (const Running& server : servers.all()) {
            const bool is_quick = row == "ftp-sessions" || row == "ftp-retr-small" ||
                                  row == "ftp-stor-small" || row == "ftp-stor-replace";
            if (!is_quick && server.subject == quick_only) continue;
            if (row == "ftp-get-inband" && is_peer(server.subject)) continue;
            contenders.push_back({row, server.subject, [&server, &measure] { return measure(server); }});
        }
        contenders.insert(contenders.end(), bare.begin(), bare.end());
        hold_contest(samples, contenders, setting.rounds);
    };
    contest("ftp-sessions", [&](const Running& server) { return sessions(server.port(), duration); },
            {{"ftp-sessions", answering.subject, [&] { return answers(answering.port(), duration); }},
             {"ftp-sessions", conversing.subject, [&] { return sessions(conversing.port(), duration); }}});
    contest("ftp-retr-small",
            [&](const Running& server) { return small_downloads(server.port(), duration); });
    contest("ftp-stor-small",
            [&](const Running& server) { return small_uploads(server.port(), duration, files); });
    contest("ftp-stor-replace",
            [&](const Running& server) { return replacing_uploads(server, duration, files); });
    if (setting.wants("ftp-rclone-send")) {
        const std::string folder = make_rclone_files(setting);
        contest("ftp-rclone-send",
                [&](const Running& server) { return rclone_upload(server, setting, folder, files); });
    }
    contest("ftp-get-inband",
            [&](const Running& server) { return inband_downloads(server.port(), duration); });
    contest("ftp-retr-large", [&](const Running& server) { return large_download(server.port()); },
            {{"ftp-retr-large", sending.subject, [&] { return bare_download(sending.port()); }}});
    contest("ftp-stor-large", [&](const Running& server) { return large_upload(server.port(), files); },
            {{"ftp-stor-large", receiving.subject, [&] { return bare_upload(receiving.port(), files); }}});
    contest("ftp-mlsd", [&](const Running& server) { return listings(server.port(), duration, "MLSD"); });
    contest("ftp-type-only",
            [&](const Running& server) { return listings(server.port(), duration, "MLSD", "type;"); });
    contest("ftp-nlst", [&](const Running& server) { return listings(server.port(), duration, "NLST"); });
}

} // namespace bench
