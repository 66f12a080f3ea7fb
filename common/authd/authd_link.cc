// SPDX-License-Identifier: ISC
#include "common/authd/authd_link.hh"

#include "common/authd/authd_process.hh"
#include "common/errors.hh"
#include "common/sandbox.hh"
#include "common/socket.hh"
#include "common/text.hh"

#include <array>
#include <unistd.h>

namespace common {

AuthdSettings make_authd_settings(const DaemonSettings& settings, std::string_view daemon) {
    AuthdSettings made;
    made.users = settings.users;
    made.table = &user_table(daemon);
    made.tries = settings.login_tries;
    made.holdoff.max_wait = settings.login_holdoff;
    made.holdoff.free_failures = settings.login_tries;
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
                .body = [this](Fd pair) { return run_child(std::move(pair)); },
                .on_packet = [this](std::span<const char> packet) { write_note(packet); }}) {
    settings_.holdoff.free_failures = settings_.tries;
    settings_.users = real_user_file(settings_.users);
    process_.attach(loop, log);
    if (!process_.start()) fail_with(EAGAIN, "fork", "authd");
}

AuthdLink::AuthdLink(Loop& loop, Log& log, AuthdSettings settings, StartedElsewhere elsewhere)
    : log_(log),
      settings_(std::move(settings)),
      process_({.role = "authd",
                .max_packet = max_authd_packet,
                .has_errors_logged = true,
                .on_packet = [this](std::span<const char> packet) { write_note(packet); },
                .on_restart = [this] { send_configuration(); },
                .on_misuse = std::move(elsewhere.end)}) {
    settings_.holdoff.free_failures = settings_.tries;
    process_.attach(loop, log);
}

int AuthdLink::run_child(Fd pair) {
    if (let_go_) let_go_();
    close_other_descriptors(std::array{STDIN_FILENO, STDOUT_FILENO, STDERR_FILENO, pair.get()});
    return run_authd(std::move(settings_), std::move(pair));
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
    if (process_.runs()) send_configuration(); // else the next one gets them
}

void AuthdLink::send_configuration() {
    process_.send(
        pack_configuration({settings_.tries, settings_.holdoff.max_wait, settings_.secrets.size()}));
    for (const StoredSecret& secret : settings_.secrets) process_.send(pack_secret(secret));
}

void AuthdLink::write_note(std::span<const char> packet) {
    const Note note = unpack_note(packet);
    log_.write_for("authd", process_.pid(), note.severity, note.text);
}

} // namespace common
