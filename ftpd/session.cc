// SPDX-License-Identifier: ISC
#include "ftpd/session.hh"

#include "common/errors.hh"
#include "common/socket.hh"
#include "common/text.hh"
#include "ftpd/command.hh"
#include "ftpd/path.hh"
#include "ftpd/refusal.hh"
#include "ftpd/verbs.hh"

#include <algorithm>
#include <vector>

using namespace common;

namespace ftpd {
namespace {

using Reason = SessionOver::Reason;

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

Session::Session(const Settings& given, Fd client, Fd pair, Fd root, std::span<std::byte> page)
    : settings(given),
      control(given.events, std::move(client), std::move(pair)),
      tree(std::move(root)),
      data(control, ask_or_unknown(peer_address, control.socket()),
           ask_or_unknown(local_address, control.socket())),
      status(page) {}

int Session::run(std::string_view first_note) {
    try {
        if (!first_note.empty()) log(Severity::detail, first_note);
        greet();
        serve();
        return 0;
    } catch (const SessionOver& end) {
        say_farewell(end.reason);
        return 0;
    }
}

void Session::greet() {
    control.reply(220, "ftpd ready. Log in as anonymous, or just type LS, GET PATH, PUT PATH or HELP.");
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
    case Reason::stopped: return control.say_last(421, "The server is stopping: come back later.");
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
    std::string path = resolve_path(cwd, argument);
    if (has_reserved_name(path))
        throw Refusal{553, text("Names that begin with ", reserved_prefix, " are the server's own.")};
    return path;
}

void Session::log(Severity severity, std::string_view line) {
    control.tell_parent(pack_note(severity, line));
}

// One command; whatever is wrong with it is answered here.
void Session::execute(const Line& line) {
    if (is_http_request(line.text)) {
        log(Severity::notice, "an HTTP request: closing");
        throw SessionOver{Reason::protocol};
    }
    const std::string plain = decode_telnet(line.text);
    const Command command = parse_command(plain);
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

    const std::string shown = escape(command.verb, 32);
    if (is_known_elsewhere(command.verb))
        return control.reply(502, text(shown, " is not offered here: HELP lists what is."));
    control.reply(500, text("There is no command ", shown, ": HELP lists them."));
    if (!login && ++unknown_before_login_ >= most_unknown_before_login) {
        control.say_last(421, "Too many unknown commands: closing.");
        throw SessionOver{Reason::protocol};
    }
}

// A line that cannot even be run. If it was meant to bring a body, that body follows all the same.
void Session::refuse(const Refusal& refusal, const Command& command) {
    const Verb* verb =
        find_verb(command.verb == "SITE" ? parse_command(command.argument).verb : command.verb);
    if (verb == nullptr) return control.reply(refusal.code, refusal.text);
    body_left = verb->kind == Verb::Kind::upload_in_band ? announced : std::nullopt;
    answer(refusal, *verb);
    announced.reset();
}

void Session::run_verb(const Verb& verb, const std::string& argument) {
    const bool uses_up_announcements = verb.kind != Verb::Kind::plain;
    body_left = verb.kind == Verb::Kind::upload_in_band ? announced : std::nullopt;
    try {
        check(verb, argument);
        // What is not about the tree may be a password.
        status.begin(verb.name, verb.login == Login::not_needed ? std::string{} : argument);
        verb.run(*this, argument);
    } catch (const Refusal& refusal) {
        answer(refusal, verb);
    } catch (const std::system_error& error) {
        answer(explain(error, argument.empty() ? verb.name : argument), verb);
    }
    if (!uses_up_announcements) return;
    restart = 0;
    announced.reset();
}

// Throws Refusal unless the client may use the verb like this.
void Session::check(const Verb& verb, const std::string& argument) const {
    if (verb.argument == Argument::required && argument.empty())
        throw Refusal{501, text(verb.name, " needs an argument: ", verb.name, ' ', verb.syntax)};
    if (verb.argument == Argument::none && !argument.empty())
        throw Refusal{501, text(verb.name, " takes no argument.")};
    const bool may_be_nobody =
        verb.login == Login::not_needed || (verb.login == Login::in_band && !settings.anonymous.empty());
    if (!login && !may_be_nobody)
        throw Refusal{530, "Log in first: USER anonymous, then PASS with anything."};
    if (!rights().has(verb.right)) throw Refusal{550, text("You may not use ", verb.name, " here.")};
}

void Session::answer(const Refusal& refusal, const Verb& verb) {
    control.reply(refusal.code, refusal.text);
    if (verb.kind != Verb::Kind::upload_in_band) return;
    // What follows is a body, which must never be taken for commands. One without a length ends the session;
    // closing before it is read would reset the connection, and the client might never see why.
    if (!body_left) {
        over = true;
        control.end_output();
    }
    std::vector<char> discarded(std::size_t{64} * 1024);
    while (body_left.value_or(1) > 0) {
        const std::size_t wanted = static_cast<std::size_t>(
            std::min<std::uint64_t>(body_left.value_or(discarded.size()), discarded.size()));
        const std::size_t got = control.receive_body(std::span{discarded}.first(wanted));
        if (got == 0) return;
        if (body_left) *body_left -= got;
        control.look_around();
    }
}

} // namespace ftpd
