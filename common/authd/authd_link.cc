// SPDX-License-Identifier: ISC
#include "common/authd/authd_link.hh"

#include "common/daemon.hh"
#include "common/errors.hh"
#include "common/sandbox.hh"
#include "common/socket.hh"
#include "common/text.hh"

#include <array>
#include <fcntl.h>
#include <filesystem>
#include <unistd.h>

namespace common {
namespace {

Fd open_folder(const std::string& path) {
    return Fd{
        checked("open", path, [&] { return ::open(path.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC); })};
}

} // namespace

AuthdSettings make_authd_settings(const DaemonSettings& settings, std::string_view daemon) {
    AuthdSettings made;
    made.users = settings.users;
    made.table = &user_table(daemon);
    made.tries = settings.login_tries;
    made.holdoff.max_wait = settings.login_holdoff;
    made.events = settings.events;
    return made;
}

AuthdLink::AuthdLink(Loop& loop, Log& log, AuthdSettings settings, std::function<void()> let_go)
    : log_(log),
      settings_(std::move(settings)),
      let_go_(std::move(let_go)),
      process_({.role = "authd",
                .max_packet = max_authd_packet,
                .has_errors_logged = true,
                .body = [this](Fd pair) { return run_authd(std::move(pair)); },
                .on_packet = [this](std::span<const char> packet) { write_note(packet); }}) {
    settings_.holdoff.free_failures = settings_.tries;
    if (!settings_.users.empty()) {
        // Opened, so that a start fails which would be useless, but not read: what is in it is authd's alone.
        const Fd readable{checked("open the user file", settings_.users, [&] {
            return ::open(settings_.users.c_str(), O_RDONLY | O_NONBLOCK | O_CLOEXEC);
        })};
        settings_.users = std::filesystem::canonical(settings_.users);
    }
    process_.attach(loop, log);
    if (!process_.start()) fail_with(EAGAIN, "fork", "authd");
}

// In the child. When root started the daemon it stays root, to read the file again when that changes; but it
// can write nowhere, execute nothing and, of the files, read those in the user file's folder.
int AuthdLink::run_authd(Fd pair) {
    if (let_go_) let_go_();
    close_other_descriptors(std::array{STDIN_FILENO, STDOUT_FILENO, STDERR_FILENO, pair.get()});
    discard_standard_input_and_output();
    hide_memory();
    limit_resources({.core_bytes = 0, .open_files = RLIM_INFINITY, .processes = RLIM_INFINITY});
    forbid_new_privileges();
    deny_calls(DeniedCalls::also_sockets);
    const bool has_file = !settings_.users.empty();
    Fd folder = has_file ? open_folder(std::filesystem::path{settings_.users}.parent_path()) : Fd{};
    Authd authd{std::move(settings_), std::move(pair)}; // before: it may open /dev/urandom
    restrict_files(folder.get(), has_file ? TreeAccess::read : TreeAccess::none);
    folder.reset();
    return authd.run();
}

Fd AuthdLink::open_client(const Address& client) {
    std::pair<Fd, Fd> ends = make_packet_pair();
    // Beyond that nobody will ask: the login finds its pair at its end, and says try again.
    if (process_.waiting() < max_unsent) process_.send(pack_client(client.network()), std::move(ends.first));
    return std::move(ends.second);
}

void AuthdLink::configure(unsigned tries, std::chrono::seconds max_holdoff,
                          std::vector<StoredSecret> secrets) {
    settings_.tries = settings_.holdoff.free_failures = tries;
    settings_.holdoff.max_wait = max_holdoff;
    settings_.secrets = std::move(secrets);
    if (!process_.runs()) return; // the next one is born with them
    process_.send(pack_configuration({tries, max_holdoff, settings_.secrets.size()}));
    for (const StoredSecret& secret : settings_.secrets) process_.send(pack_secret(secret));
}

void AuthdLink::write_note(std::span<const char> packet) {
    const Note note = unpack_note(packet);
    log_.write_for("authd", process_.pid(), note.severity, note.text);
}

} // namespace common
