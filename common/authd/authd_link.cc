// SPDX-License-Identifier: ISC
#include "common/authd/authd_link.hh"

#include "common/daemon.hh"
#include "common/errors.hh"
#include "common/sandbox.hh"
#include "common/socket.hh"
#include "common/text.hh"

#include <algorithm>
#include <array>
#include <csignal>
#include <fcntl.h>
#include <filesystem>
#include <unistd.h>

namespace common {
namespace {

constexpr std::chrono::seconds restart_pause{1}; // between starts of an authd that dies at once
constexpr int notes_at_once = 32;                // log lines in one round

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
    made.holdoff.longest = settings.login_holdoff;
    made.events = settings.events;
    return made;
}

AuthdLink::AuthdLink(Loop& loop, Log& log, AuthdSettings settings, std::function<void()> let_go)
    : loop_(loop), log_(log), settings_(std::move(settings)), let_go_(std::move(let_go)) {
    settings_.holdoff.free_failures = settings_.tries;
    if (!settings_.users.empty()) {
        // Opened, so that a start fails which would be useless, but not read: what is in it is authd's alone.
        const Fd readable{checked("open the user file", settings_.users, [&] {
            return ::open(settings_.users.c_str(), O_RDONLY | O_NONBLOCK | O_CLOEXEC);
        })};
        settings_.users = std::filesystem::canonical(settings_.users);
    }
    if (!start()) fail_with(EAGAIN, "fork", "authd");
}

AuthdLink::~AuthdLink() {
    loop_.cancel(restart_);
    stop();
}

// False when there is no process to be had now.
bool AuthdLink::start() {
    auto [ours, theirs] = make_packet_pair();
    started_ = Clock::now();
    const auto pid =
        children_.spawn({.role = "authd"}, [this, &pair = theirs] { return run_authd(std::move(pair)); });
    if (!pid) return false;
    pid_ = *pid;
    pair_ = std::move(ours);
    loop_.watch(pair_.get(), Interest::read, [this](const Event& event) {
        if (event.writable) flush();
        if (event.readable || event.hangup) read_notes();
    });
    flush();
    return true;
}

// In the child. When root started the daemon it stays root, to read the file again when that changes; but it
// can write nowhere, execute nothing and, of the files, read those in the user file's folder.
int AuthdLink::run_authd(Fd pair) {
    if (let_go_) let_go_();
    close_other_descriptors(std::array{STDIN_FILENO, STDOUT_FILENO, STDERR_FILENO, pair.get()});
    discard_standard_input_and_output();
    // It was forked before the daemon let go of whoever started it, and would hold their standard error.
    if (log_.target() != Log::Target::standard_error)
        checked("duplicate", "/dev/null", [] { return ::dup2(STDIN_FILENO, STDERR_FILENO); });
    hide_memory();
    limit_resources({.core_bytes = 0, .open_files = RLIM_INFINITY, .processes = RLIM_INFINITY});
    forbid_new_privileges();
    const bool has_file = !settings_.users.empty();
    Fd folder = has_file ? open_folder(std::filesystem::path{settings_.users}.parent_path()) : Fd{};
    Authd authd{std::move(settings_), std::move(pair)}; // before: it needs /dev/urandom
    restrict_files(folder.get(), has_file ? TreeAccess::read : TreeAccess::none);
    folder.reset();
    return authd.run();
}

Fd AuthdLink::open_client(const Address& client) {
    std::pair<Fd, Fd> ends = make_packet_pair();
    // Beyond that nobody will ask: the login finds its pair at its end, and says try again.
    if (unsent_.size() < most_unsent) send({pack_client(client.network()), std::move(ends.first)});
    return std::move(ends.second);
}

void AuthdLink::configure(unsigned tries, std::chrono::seconds longest_holdoff,
                          std::vector<StoredSecret> secrets) {
    settings_.tries = settings_.holdoff.free_failures = tries;
    settings_.holdoff.longest = longest_holdoff;
    settings_.secrets = std::move(secrets);
    send({pack_configuration({tries, longest_holdoff, settings_.secrets.size()}), {}});
    for (const StoredSecret& secret : settings_.secrets) send({pack_secret(secret), {}});
}

void AuthdLink::send(Unsent packet) {
    unsent_.push_back(std::move(packet));
    flush();
}

void AuthdLink::flush() {
    if (!pair_) return; // they wait for the next authd
    while (!unsent_.empty()) {
        const IoState state = send_packet(pair_.get(), unsent_.front().packet, unsent_.front().passed.get());
        if (state == IoState::vanished) return; // SIGCHLD follows
        if (state != IoState::done) break;
        unsent_.pop_front();
    }
    loop_.change(pair_.get(), unsent_.empty() ? Interest::read : Interest::both);
}

void AuthdLink::read_notes() {
    std::array<char, max_authd_packet> packet{};
    for (int budget = notes_at_once; pair_; --budget) {
        if (budget == 0) return loop_.again(pair_.get());
        const Received got = receive_packet(pair_.get(), packet, 0);
        if (got.state == IoState::would_block) return;
        if (got.state != IoState::done) return lose();
        const Note note = unpack_note(std::span{packet}.first(got.bytes));
        log_.write_for("authd", pid_, note.severity, note.text);
    }
}

// Its end: SIGCHLD says how.
void AuthdLink::lose() {
    if (!pair_) return;
    loop_.forget(pair_.get());
    pair_.reset();
}

bool AuthdLink::note_end(pid_t pid, int status) {
    return children_.end(pid, status, [this](const Ended& ended) {
        if (pair_) read_notes(); // its last words
        lose();
        if (stopping_) return;
        log_.warning(
            text("authd ", ended.pid, " ended: ", describe_status(ended.status), "; starting another"));
        start_again();
    });
}

void AuthdLink::start_again() {
    if (stopping_) return;
    const auto earliest = started_ + restart_pause;
    if (Clock::now() >= earliest && start()) return;
    restart_ = loop_.at(std::max(earliest, Clock::now() + restart_pause), [this] { start_again(); });
}

void AuthdLink::stop() {
    stopping_ = true;
    lose();
}

void AuthdLink::wait() {
    constexpr std::chrono::seconds patience{3};
    const auto on_end = [](const Ended&) {};
    children_.wait_for_all(Clock::now() + patience, on_end);
    if (children_.size() == 0) return;
    log_.error(text("authd ", pid_, " is killed: it did not end within ", patience.count(), " s"));
    children_.signal_all(SIGKILL);
    children_.wait_for_all(Clock::now() + patience, on_end);
}

} // namespace common
