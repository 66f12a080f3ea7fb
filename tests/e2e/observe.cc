// SPDX-License-Identifier: ISC
#include "tests/e2e/observe.hh"

#include "common/errors.hh"
#include "common/text.hh"

#include <cstdlib>
#include <poll.h>
#include <sstream>
#include <sys/stat.h>
#include <unistd.h>

namespace e2e {

using common::text;

Connection begin_transfer(FtpClient& client, std::string_view command) {
    Connection data = client.open_data();
    client.command(command, 150);
    return data;
}

std::string answer_to(FtpClient& client, const std::string& line) {
    client.send(line + "\r\n");
    std::string all = client.read_reply().text;
    if (!all.starts_with("150 ")) return all;
    all += client.read_exactly(std::stoul(all.substr(4)));
    return all += client.read_reply().text;
}

std::string answer_over_data(FtpClient& client, const std::string& line, std::string_view upload) {
    Connection data = client.open_data();
    client.send(line + "\r\n");
    std::string all = client.read_reply().text;
    if (!all.starts_with("150")) return all;
    data.try_send(upload);
    if (!upload.empty()) data.half_close();
    try {
        all += data.read_to_end();
    } catch (const Failure& reset) {
        all += reset.what(); // with what came before it
    }
    return all += client.read_reply().text;
}

std::string answer_to_put(FtpClient& client, const std::string& line, std::string_view upload) {
    client.command(text("ALLO ", upload.size()), 200);
    client.send(text(line, "\r\n", upload));
    std::string all = client.read_reply().text;
    if (all.starts_with("150")) all += client.read_reply().text;
    return all;
}

pid_t session_of(const Daemon& daemon, const Connection& client) {
    const std::size_t from = daemon.wait_for_log(text("accept ", client.local().shown(), " pid "));
    return std::stoi(daemon.log().substr(from));
}

std::string wait_for_end_of(const Daemon& daemon, pid_t session) {
    const std::size_t from = daemon.wait_for_log(text("end pid ", session, ' '));
    const std::size_t to = daemon.wait_for_log(" clients ", from);
    return daemon.log().substr(from, to - from - std::string_view{" clients "}.size());
}

std::string ask(const Daemon& daemon, const Words& verb) {
    Words command{"ftpctl", "-s", daemon.state() / "control"};
    command.insert(command.end(), verb.begin(), verb.end());
    const Result result = run_client(command);
    if (result.status != 0) throw Failure{"ftpctl: " + result.err};
    return result.out;
}

std::uint64_t stat_of(const Daemon& daemon, const std::string& name) {
    std::istringstream words{ask(daemon, {"stats"})};
    for (std::string word; words >> word;)
        if (std::uint64_t number = 0; word == name && words >> number) return number;
    throw Failure{"ftpctl stats has no " + name};
}

void make_endless_file(const Path& path) {
    write_file(path, "");
    common::checked("truncate", path.native(), [&] { return ::truncate(path.c_str(), off_t{1} << 40); });
}

void wait_until(const std::string& what, const std::function<bool()>& holds) {
    const auto deadline = std::chrono::steady_clock::now() + patience;
    while (!holds()) {
        if (std::chrono::steady_clock::now() > deadline) throw Failure{"it never came to pass that " + what};
        ::poll(nullptr, 0, 1); // lets others run
    }
}

common::Backend backend() {
    const char* const wanted = std::getenv("SUITE_EVENTS");
    return wanted && *wanted ? common::parse_backend(wanted) : common::best_backend();
}

bool is_posix_build() { return have_proc() && common::best_backend() == common::Backend::poll; }

bool is_sanitized() {
#if defined(__SANITIZE_ADDRESS__)
    return true;
#elif defined(__has_feature)
    return __has_feature(address_sanitizer);
#else
    return false;
#endif
}

bool is_root() { return ::geteuid() == 0; }

Daemon::Setting as_ordinary_user(const TempDir& place, Words lines, const std::string& name) {
    if (!is_root()) return {.lines = std::move(lines), .program = name};
    const Path program = place / name; // its own folder may be closed to others
    std::filesystem::copy_file(find_program(name), program);
    ::chmod(program.c_str(), 0755);
    const std::string id = std::to_string(100000 + ::getpid()); // whom no other test has
    return {.lines = std::move(lines),
            .wrapper = {"setpriv", "--reuid=" + id, "--regid=" + id, "--clear-groups", "--"},
            .program = program};
}

} // namespace e2e
