// SPDX-License-Identifier: ISC
#include "ftpd/session/session.hh"

#include "common/error_lines.hh"
#include "common/errors.hh"
#include "common/keepalive.hh"
#include "common/sandbox.hh"
#include "common/socket.hh"
#include "common/text.hh"
#include "ftpd/confinement.hh"
#include "ftpd/path.hh"
#include "ftpd/session/dispatch.hh"
#include "ftpd/session/refusal.hh"
#include "ftpd/session/verbs.hh"
#include "ftpd/settings.hh"

#include <algorithm>
#include <array>
#include <sys/stat.h>
#include <unistd.h>

using namespace common;

namespace ftpd {
namespace {

using Reason = SessionOver::Reason;

constexpr std::string_view nobody = "anonymous"; // no user can have that name

// The address of the other end; a client may be gone before its session looks.
Address ask_or_unknown(Address (*ask)(int), int client) {
    try {
        return ask(client);
    } catch (const std::system_error&) {
        return {};
    }
}

// The served folder as it is now; or, where only root can reach it, as it was when the parent was handed it.
Fd enter_by_path(const Settings& settings, const std::optional<Identity>& identity, Fd handed) {
    try {
        return open_root(settings, identity);
    } catch (const std::system_error& error) {
        if (!handed || error.code() != std::errc::permission_denied) throw;
        return handed;
    }
}

// A client for whom there is no folder.
void turn_away(const Settings& settings, const SessionParts& parts, const std::system_error& why) {
    const std::string reason = why.code().message();
    if (Severity::warning <= settings.log_level)
        send_packet(
            parts.pair.get(),
            pack_frame(LogLine{Severity::warning, text("no root: ", escape(settings.root), ": ", reason)}));
    if (parts.begins_with_tls) return; // it would not understand this
    write_some(parts.client.get(),
               text("421 The served folder cannot be opened: ", reason, ": tell the administrator.\r\n"));
}

} // namespace

Session::Session(const Settings& given, SessionParts&& parts)
    : settings(given),
      parent(std::move(parts.pair)),
      relay(std::move(parts.tlsd)),
      client(given.child_events, given.stall_timeout, std::move(parts.client), parent),
      control(client),
      tree(std::move(parts.root), given.names),
      data(control, relay, given.data, ask_or_unknown(peer_address, client.fd()),
           ask_or_unknown(local_address, client.fd())),
      status(parts.page),
      passwords(std::move(parts.authd)),
      has_tlsd(relay.fd() >= 0),
      begins_with_tls(parts.begins_with_tls),
      system_user_(std::move(parts.user)) {
    forget_all();
}

int Session::run(std::string_view first_note) {
    try {
        parent.wait_to_begin();
        if (!first_note.empty()) log(Severity::detail, first_note);
        begin_login_time();
        if (begins_with_tls) begin_with_tls(*this);
        greet();
        serve();
        client.flush();
        end_tls(true);
        return 0;
    } catch (const SessionOver& end) {
        settlement.conclude(end.reason);
        if (!end.log_line.empty()) log(Severity::notice, end.log_line);
        say_farewell(end);
        client.flush_at_last();
        const bool is_broken_off = end.reason == Reason::protocol || end.reason == Reason::stalled;
        end_tls(!sends_body && !is_broken_off);
        return 0;
    }
}

// Scanners take it for FTP's greeting when a word stands before "ftp".
void Session::greet() {
    if (settings.anonymous.empty())
        return control.reply(220, "This is ftpd. Log in with USER and PASS; ? shows how.");
    control.reply(220,
                  "This is ftpd. Log in as anonymous, or just type LS, GET PATH, WRITE PATH, or ? for more.");
}

void Session::serve() {
    while (!over) {
        Connection::Deadline deadline;
        if (settings.idle_timeout.count() > 0) deadline = Clock::now() + settings.idle_timeout;
        if (settlement.is_open()) settlement.await_command(deadline);
        if (parent.should_finish()) settlement.await_sign_of_life();
        parent.begin_pause();
        const std::optional<Line> line = control.next_line(deadline);
        parent.end_pause();
        if (!line) return settlement.await_acknowledgement();
        if (settlement.is_open()) settlement.heed_command();
        note_tls();
        execute(*this, *line);
        status.idle();
    }
    settlement.await_acknowledgement();
}

// Once it is known how the handshake went.
void Session::note_tls() {
    if (!relay.has_begun() || has_noted_tls_) return;
    relay.hear();
    const RelayLink::Connection& told = relay.connection(control_connection);
    if (!told.security && !told.end) return;
    has_noted_tls_ = true;
    if (told.security) status.set_tls(text("1.", told.security->minor, '/', name_of_cipher(told.cipher)));
    log(Severity::notice, told.security ? text("tls ", told.cipher) : text("no tls: ", escape(told.why)));
}

void Session::end_tls(bool is_whole) {
    if (!relay.has_begun()) return;
    note_tls();
    if (is_whole) relay.say_whole(control_connection);
}

void Session::begin_login_time() {
    if (settings.login_timeout.count() > 0) client.set_time_limit(Clock::now() + settings.login_timeout);
}

void Session::come_in() {
    has_come_in = true;
    client.set_time_limit({});
}

void Session::say_farewell(const SessionOver& end) {
    switch (end.reason) {
    case Reason::stopped: {
        const std::string& words = parent.last_words();
        if (parent.leaves_alone()) return control.say_last(421, words);
        return control.say_last(421,
                                text("The server is stopping: ", words.empty() ? "come back later." : words));
    }
    case Reason::kicked: return control.say_last(421, "The administrator has closed this connection.");
    case Reason::parent_gone:
        return control.say_last(421, parent.has_begun() ? "The server has stopped."
                                                        : "Something has gone wrong: connect again.");
    case Reason::idle:
        return control.say_last(
            421, text("Nothing was received for ", settings.idle_timeout.count(), " seconds: closing."));
    case Reason::late:
        return control.say_last(
            421, text("You have not logged in, nor listed, fetched or stored anything, within ",
                      settings.login_timeout.count(), " seconds: closing."));
    case Reason::client_gone:
    case Reason::stalled:
    case Reason::protocol: return; // nobody listens, or nobody who should be answered
    }
}

void Session::forget_all() {
    memory = {};
    memory.type = settings.default_type;
}

void Session::forget_announcements() {
    memory.restart = 0;
    memory.announced.reset();
}

std::string Session::resolve(std::string_view argument) const {
    std::string path = resolve_path(memory.cwd, argument);
    if (const auto why = tree.names().refuse_path(path)) throw Refusal{553, *why};
    return path;
}

Rights Session::rights() const { return memory.login ? *memory.login : settings.anonymous; }

const Limits& Session::limits() const { return memory.limits ? *memory.limits : settings.limits; }

void Session::require(LoginNeed login, Right right, std::string_view verb) {
    const bool may_be_nobody =
        login == LoginNeed::not_needed || (login == LoginNeed::in_band && !settings.anonymous.empty());
    if (!memory.login && !may_be_nobody && settings.anonymous.empty())
        throw Refusal{530, "Log in first: USER with your name, then PASS with your password."};
    if (!memory.login && !may_be_nobody)
        throw Refusal{530, "Log in first: USER anonymous, then PASS with any password.",
                      "LS, GET PATH and PUT PATH may work without it."};
    if (right != Right::store && !rights().has(right)) // else the verb itself looks at the file
        throw Refusal{550, text("You may not use ", verb, " here.")};
    if (login == LoginNeed::in_band && !memory.login) enter_as_nobody();
}

bool Session::has_stored(const FileId& file) const { return std::ranges::count(memory.stored, file) > 0; }

void Session::require_to_change(std::string_view path) const {
    if (rights().has(Right::overwrite)) return;
    if (!rights().has(Right::create)) throw Refusal{550, "You may not change files here."};
    const Refusal not_its_own{
        550, text(escape(path), " was not stored on this connection: you may not change it.")};
    try {
        const FileId file = id_of(tree.status(path));
        if (!has_stored(file) && std::ranges::count(memory.made, file) == 0) throw not_its_own;
    } catch (const std::system_error&) {
        if (!sees_names()) throw not_its_own;
        throw;
    }
}

void Session::remember_stored(const FileId& file) {
    constexpr std::size_t most = 1024; // clients date each file at once, or all of a folder at its end
    if (rights().has(Right::overwrite) && sees_names()) return;
    memory.stored.push_back(file);
    if (memory.stored.size() > most) memory.stored.erase(memory.stored.begin());
}

void Session::remember_made(const FileId& folder) {
    constexpr std::size_t most = 8192; // a client dates the folders of a tree when all is in them
    if (rights().has(Right::overwrite)) return;
    memory.made.push_back(folder);
    if (memory.made.size() > most) memory.made.erase(memory.made.begin());
}

// The folder itself stays what the kernel goes by, whatever is renamed: Landlock's rules are about files, not
// names.
void Session::confine(std::string_view home, bool may_write) {
    Fd folder = tree.enter_directory(home);
    restrict_files(folder.get(), may_write ? TreeAccess::write : TreeAccess::read);
    tree = Tree{std::move(folder), settings.names};
    home_ = resolve_path("/", home);
}

void Session::enter_as_nobody() {
    if (!only_user.empty() && only_user != nobody)
        throw Refusal{530, "This connection has been used for another login: connect again."};
    if (settings.anonymous_root == "/" || only_user == nobody) return;
    try {
        confine(settings.anonymous_root, settings.anonymous.may_write());
    } catch (const std::system_error& error) {
        log(Severity::warning, text("no anonymous-root: ", escape(settings.anonymous_root), ": ",
                                    error.code().message(), ": as user ", system_user_));
        throw Refusal{530, "The folder does not exist: tell the administrator."};
    }
    only_user = nobody;
}

void Session::log_denied(std::string_view verb, std::string_view argument) {
    const std::string path = path_from_root(resolve_path(memory.cwd, argument));
    log(Severity::notice,
        text("refuse ", verb, ' ', escape(settings.root == "/" ? path : settings.root + path),
             ": Permission denied to user ", system_user_));
}

std::string Session::path_from_root(std::string_view path) const {
    return home_ == "/" ? std::string{path} : text(home_, path);
}

void Session::log(Severity severity, std::string_view line) {
    if (severity > settings.log_level) return; // what nobody would see wakes nobody
    parent.tell(pack_frame(LogLine{severity, std::string{line}}));
}

void run_session_process(const Settings& settings, const std::optional<Identity>& identity,
                         SessionParts parts) {
    const std::array keep{STDIN_FILENO,     STDOUT_FILENO,     STDERR_FILENO,    parts.client.get(),
                          parts.pair.get(), parts.authd.get(), parts.root.get(), parts.tlsd.get()};
    close_other_descriptors(keep);
    point_errors_at(parts.pair.get());
    // Low numbers, whatever the parent's were: select(2) knows no high ones.
    constexpr int low_enough = 32;
    for (Fd* const fd : {&parts.client, &parts.pair, &parts.authd, &parts.root, &parts.tlsd})
        if (*fd && fd->get() >= low_enough) *fd = duplicate(fd->get());
    try {
        parts.root = enter_by_path(settings, identity, std::move(parts.root));
        struct stat found {};
        if (::fstat(parts.root.get(), &found) == 0 && found.st_nlink == 0)
            fail_with(ENOENT, "open the root", settings.root);
    } catch (const std::system_error& error) {
        turn_away(settings, parts, error);
        ::_exit(0);
    }
    ::umask(settings.umask);
    // Who logs in is shut in more narrowly then (Session::confine).
    const bool may_write = settings.anonymous.may_write() || parts.authd;
    const bool restricted =
        shut_in(parts.root.get(), identity, may_write ? TreeAccess::write : TreeAccess::read);
    set_urgent_inline(parts.client.get());
    keep_alive(parts.client.get(), settings.keepalive);
    set_no_delay(parts.client.get());
    parts.user = identity ? identity->name : text(::geteuid());
    Session session{settings, std::move(parts)};
    // Without destructors: they would let the parent's TERM in, and an orderly end would look like a crash.
    ::_exit(
        session.run(restricted ? "" : "this system cannot restrict files for a process: relying on paths"));
}

} // namespace ftpd
