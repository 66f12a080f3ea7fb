// SPDX-License-Identifier: ISC
#include "ftpd/session/session.hh"

#include "common/errors.hh"
#include "common/sandbox.hh"
#include "common/socket.hh"
#include "common/text.hh"
#include "ftpd/command.hh"
#include "ftpd/path.hh"
#include "ftpd/session/refusal.hh"
#include "ftpd/session/session_process.hh"
#include "ftpd/session/verbs.hh"

#include <algorithm>

using namespace common;

namespace ftpd {
namespace {

struct Aborted {}; // thrown out of a transfer by ABOR

using Reason = SessionOver::Reason;

constexpr std::size_t discarded_at_once = 65536;   // bytes
constexpr std::string_view nobody = "anonymous";   // no user can have that name
constexpr unsigned most_unknown_before_login = 10; // then this is no FTP client (CVE-2021-3618)

// The address of the other end; a client may be gone before its session looks.
Address ask_or_unknown(Address (*ask)(int), int client) {
    try {
        return ask(client);
    } catch (const std::system_error&) {
        return {};
    }
}

} // namespace

Session::Session(const Settings& given, SessionParts&& parts)
    : settings(given),
      control(given.child_events, given.stall_timeout, std::move(parts.client), std::move(parts.pair)),
      tree(std::move(parts.root), given.names),
      data(control, given.data, ask_or_unknown(peer_address, control.socket()),
           ask_or_unknown(local_address, control.socket())),
      status(parts.page),
      passwords(std::move(parts.authd)),
      system_user_(std::move(parts.user)) {}

int Session::run(std::string_view first_note) {
    try {
        if (!first_note.empty()) log(Severity::detail, first_note);
        greet();
        serve();
        control.flush();
        return 0;
    } catch (const SessionOver& end) {
        if (!end.note.empty()) log(Severity::notice, end.note);
        say_farewell(end.reason);
        control.flush_at_last();
        return 0;
    }
}

void Session::greet() {
    if (settings.anonymous.empty())
        return control.reply(220, "ftpd ready. Log in with USER and PASS; ? shows how.");
    control.reply(220,
                  "ftpd ready. Log in as anonymous, or just type LS, GET PATH, WRITE PATH, or ? for more.");
}

void Session::serve() {
    while (!over) {
        Connection::Deadline deadline;
        if (settings.idle_timeout.count() > 0) deadline = Clock::now() + settings.idle_timeout;
        const std::optional<Line> line = control.next_line(deadline);
        if (!line) return;
        execute(*line);
        status.idle();
    }
}

void Session::say_farewell(Reason reason) {
    switch (reason) {
    case Reason::stopped: {
        const std::string& words = control.last_words();
        return control.say_last(421,
                                text("The server is stopping: ", words.empty() ? "come back later." : words));
    }
    case Reason::kicked: return control.say_last(421, "The administrator has closed this connection.");
    case Reason::parent_gone: return control.say_last(421, "The server has stopped.");
    case Reason::idle:
        return control.say_last(
            421, text("Nothing came for ", settings.idle_timeout.count(), " seconds: closing."));
    case Reason::client_gone:
    case Reason::stalled:
    case Reason::protocol: return; // nobody listens, or nobody who should be answered
    }
}

std::string Session::resolve(std::string_view argument) const {
    std::string path = resolve_path(memory.cwd, argument);
    if (const auto why = tree.names().refuse_path(path)) throw Refusal{553, *why};
    return path;
}

Upload::Policy Session::upload_policy(std::uint64_t offset, Replace replace) const {
    const std::uint64_t most = limits().max_upload;
    if (most > 0 && memory.announced && *memory.announced > most - std::min(most, offset))
        throw Refusal{552, text("A file may have ", most, " bytes (max-upload): nothing was stored.")};
    return {rights(), replace, most, settings.sync};
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
    if (settings.anonymous_root == "/" || only_user == nobody) return;
    if (!only_user.empty()) throw Refusal{530, "This connection had another login: connect again."};
    try {
        confine(settings.anonymous_root, settings.anonymous.may_write());
    } catch (const std::system_error& error) {
        log(Severity::warning, text("no anonymous-root: ", escape(settings.anonymous_root), ": ",
                                    error.code().message(), ": as user ", system_user_));
        throw Refusal{530, "The folder is not there: tell the administrator."};
    }
    only_user = nobody;
}

std::string Session::path_from_root(std::string_view path) const {
    return home_ == "/" ? std::string{path} : text(home_, path);
}

void Session::log(Severity severity, std::string_view line) {
    if (severity > settings.log_level) return; // what nobody would see wakes nobody
    control.tell_parent(pack_note(severity, line));
}

void Session::reply(int code, std::string_view given, std::string_view hint) {
    if (control.is_person() && !hint.empty()) return control.reply(code, text(given, ' ', hint));
    control.reply(code, given);
}

// The line without what telnet has in it, which is answered.
std::string Session::understand(const Line& line) {
    Decoded decoded = decode_telnet(line.text);
    if (decoded.negotiates) control.set_telnet();
    control.send_body(decoded.answer);
    return std::move(decoded.text);
}

// One command; whatever is wrong with it is answered here.
void Session::execute(const Line& line) {
    const std::string plain = understand(line);
    const Command command = parse_command(plain);
    if (is_http_request(line.text) || (!memory.login && is_http_verb(command.verb)))
        throw SessionOver{Reason::protocol, "an HTTP request: closing"};
    // What RNFR says holds for the next command only (RFC 959, section 4.1.3); keeping alive is not one.
    if (command.verb != "RNTO" && command.verb != "NOOP") memory.renamed.reset();
    if (line.too_long)
        return refuse({500, text("The line is longer than ", max_line, " bytes: nothing was done.")},
                      command);
    if (plain.find('\0') != plain.npos)
        return refuse({501, "The line holds a NUL byte: nothing was done."}, command);
    if (command.verb.empty() && !command.has_argument) {
        if (control.is_person()) return; // Enter alone
        return control.reply(500, "An empty line is no command: HELP lists them.");
    }
    if (const Verb* const verb = find_verb(command.verb)) return run_verb(*verb, command.argument);
    refuse_unknown(command);
}

void Session::refuse_unknown(const Command& command) {
    const std::string shown = escape(command.verb, 32);
    if (is_known_elsewhere(command.verb))
        return control.reply(502, text(shown, " is not offered here: HELP lists what is."));
    reply(500, text("There is no command ", shown, ": HELP lists them."), "Type ? for examples.");
    if (!memory.login && ++unknown_before_login_ >= most_unknown_before_login) {
        control.say_last(421, "Too many unknown commands: closing.");
        throw SessionOver{Reason::protocol, "too many unknown commands: closing"};
    }
}

// What a client may say while a transfer runs (RFC 959, sections 4.1.1 and 4.1.3); false: all else, QUIT too,
// waits for its end.
bool Session::attend(const Line& line) {
    const Command command = parse_command(decode_telnet(line.text).text);
    const Verb* const verb = line.too_long ? nullptr : find_verb(command.verb);
    if (verb == nullptr || !verb->during_transfer(command.argument)) return false;
    understand(line);
    if (verb->run == do_abor) throw Aborted{};
    verb->run(*this, command.argument);
    return true;
}

// A line that cannot even be run. If it was meant to bring a body, that body follows all the same.
void Session::refuse(const Refusal& refusal, const Command& command) {
    const Verb* verb =
        find_verb(command.verb == "SITE" ? parse_command(command.argument).verb : command.verb);
    if (verb == nullptr) return control.reply(refusal.code, refusal.text);
    memory.body = body_behind(*verb);
    answer(refusal, *verb);
    memory.announced.reset();
}

void Session::run_verb(const Verb& verb, const std::string& argument) {
    using Kind = Verb::Kind;
    const bool uses_up_announcements = verb.kind != Kind::plain;
    memory.body = body_behind(verb);
    try {
        check(verb, argument);
        // What is not about the tree may be a password.
        status.begin(verb.name.substr(verb.name.rfind(' ') + 1),
                     verb.login == Login::not_needed ? std::string{} : argument);
        std::optional<Connection::Attention> attention;
        if (verb.kind == Kind::transfer)
            attention.emplace(control, [this](const Line& line) { return attend(line); });
        verb.run(*this, argument);
    } catch (const Aborted&) {
        control.reply(426, "The transfer is aborted.");
        control.reply(226, "The data connection is closed.");
    } catch (const Refusal& refusal) {
        answer(refusal, verb);
    } catch (const std::system_error& error) {
        Refusal refusal = explain(error, argument.empty() ? verb.name : argument);
        if (refusal.denied) refusal.denied = argument;
        answer(refusal, verb);
    }
    if (!uses_up_announcements) return;
    memory.restart = 0;
    memory.announced.reset();
}

// Throws Refusal unless the client may use the verb like this.
void Session::check(const Verb& verb, const std::string& argument) {
    if (verb.argument == Argument::required && argument.empty())
        throw Refusal{501, text(verb.name, " needs an argument: ", verb.name, ' ', verb.syntax)};
    if (verb.argument == Argument::none && !argument.empty())
        throw Refusal{501, text(verb.name, " takes no argument.")};
    require(verb.login, verb.right, verb.name);
}

void Session::require(Login login, Right right, std::string_view verb) {
    const bool may_be_nobody =
        login == Login::not_needed || (login == Login::in_band && !settings.anonymous.empty());
    if (!memory.login && !may_be_nobody && settings.anonymous.empty())
        throw Refusal{530, "Log in first: USER with your name, then PASS with your password."};
    if (!memory.login && !may_be_nobody)
        throw Refusal{530, "Log in first: USER anonymous, then PASS with anything.",
                      "LS, GET PATH and PUT PATH may work without it."};
    if (!rights().has(right)) throw Refusal{550, text("You may not use ", verb, " here.")};
    if (login == Login::in_band && !memory.login) enter_as_nobody();
}

// What the administrator can mend with chown.
void Session::log_denied(const Refusal& refusal, const Verb& verb) {
    const std::string path = path_from_root(resolve_path(memory.cwd, *refusal.denied));
    log(Severity::notice,
        text("refuse ", verb.name, ' ', escape(settings.root == "/" ? path : settings.root + path),
             ": Permission denied to user ", system_user_));
}

std::optional<Body> Session::body_behind(const Verb& verb) const {
    using Kind = Verb::Kind;
    if (verb.kind == Kind::lines_in_band) return Body::lines(control);
    if (verb.kind != Kind::upload_in_band) return {};
    if (memory.announced) return Body::counted(*memory.announced);
    return control.is_telnet() ? Body::lines(control) : Body::to_end();
}

void Session::answer(const Refusal& refusal, const Verb& verb) {
    if (refusal.denied) log_denied(refusal, verb);
    log(Severity::detail, text("refuse ", verb.name, ": ", refusal.code, ' ', refusal.text));
    const bool has_lines = memory.body && memory.body->is_lines();
    if (has_lines) discard_lines(refusal);
    reply(refusal.code, refusal.text, refusal.hint);
    if (!memory.body || has_lines) return;
    // What follows is a body, which must never be taken for commands. One without a length ends the session;
    // closing before it is read would reset the connection, and the client might never see why.
    if (memory.body->is_to_end()) {
        over = true;
        control.end_output();
    }
    while (!memory.body->receive(control, discarded_at_once).empty()) control.look_around();
}

// The lines behind a command that is refused are no commands either. Whoever waits for 150 has it, and
// whoever types is told what became of a command among them; 150 may come any number of times (RFC 959,
// section 4.2).
void Session::discard_lines(const Refusal& refusal) {
    constexpr std::string_view way_out = "all lines are thrown away up to one that is a dot.";
    if (!memory.body->has_begun()) control.reply(150, text("Refused: ", refusal.text, " Now ", way_out));
    for (;;) {
        const std::string_view lines = memory.body->receive(control, discarded_at_once);
        if (lines.empty()) return;
        const bool came_alone = lines.find('\n') == lines.size() - 1 && !memory.body->is_whole();
        if (came_alone && control.is_person() &&
            find_verb(parse_command(lines.substr(0, lines.size() - 1)).verb) != nullptr)
            control.reply(150, text("Not done: ", way_out));
        control.look_around();
    }
}

} // namespace ftpd
