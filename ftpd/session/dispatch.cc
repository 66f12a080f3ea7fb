// SPDX-License-Identifier: ISC
#include "ftpd/session/dispatch.hh"

#include "common/text.hh"
#include "ftpd/command.hh"
#include "ftpd/session/refusal.hh"
#include "ftpd/session/session.hh"
#include "ftpd/session/verbs.hh"

#include <optional>
#include <system_error>

using namespace common;

namespace ftpd {
namespace {

struct Aborted {}; // thrown out of a transfer by ABOR

using Reason = SessionOver::Reason;

constexpr std::size_t discarded_at_once = 65536;  // bytes
constexpr unsigned max_unknown_before_login = 10; // then this is not an FTP client (CVE-2021-3618)

// The line without what telnet has in it, which is answered.
std::string understand(Session& s, const Line& line) {
    Decoded decoded = decode_telnet(line.text);
    if (decoded.negotiates) s.control.set_telnet();
    s.client.send(decoded.answer);
    return std::move(decoded.text);
}

std::optional<Body> body_behind(const Session& s, const Verb& verb) {
    using Kind = Verb::Kind;
    if (verb.kind == Kind::lines_in_band) return Body::lines(s.control);
    if (verb.kind != Kind::upload_in_band) return {};
    if (s.memory.announced) return Body::counted(*s.memory.announced);
    return s.control.is_telnet() ? Body::lines(s.control) : Body::to_end();
}

// The lines after a command that is refused are not commands either. Whoever waits for 150 has it, and
// whoever types is told what became of a command among them; 150 may come any number of times (RFC 959,
// section 4.2).
void discard_lines(Session& s, const Refusal& refusal) {
    constexpr std::string_view way_out = "all lines are discarded up to a line with a single dot.";
    if (!s.memory.body->has_begun()) s.control.reply(150, text("Refused: ", refusal.words, " Now ", way_out));
    for (;;) {
        const std::string_view lines = s.memory.body->receive(s.control, discarded_at_once);
        if (lines.empty()) return;
        const bool came_alone = lines.find('\n') == lines.size() - 1 && !s.memory.body->is_whole();
        if (came_alone && s.control.is_person() &&
            find_verb(parse_command(lines.substr(0, lines.size() - 1)).verb) != nullptr)
            s.control.reply(150, text("Not done: ", way_out));
        s.control.look_around();
    }
}

void answer(Session& s, const Refusal& refusal, const Verb& verb) {
    if (refusal.denied) s.log_denied(verb.name, *refusal.denied);
    s.log(Severity::detail, text("refuse ", verb.name, ": ", refusal.code, ' ', refusal.words));
    const bool has_lines = s.memory.body && s.memory.body->is_lines();
    if (has_lines) discard_lines(s, refusal);
    s.control.reply_with_hint(refusal.code, refusal.words, refusal.hint);
    if (!s.memory.body || has_lines) return;
    // What follows is a body, which must never be taken for commands. One without a length ends the session;
    // closing before it is read would reset the connection, and the client might never see why.
    if (s.memory.body->is_to_end()) {
        s.over = true;
        s.client.end_output();
    }
    while (!s.memory.body->receive(s.control, discarded_at_once).empty()) s.control.look_around();
}

// Throws Refusal unless the client may use the verb like this.
void check(Session& s, const Verb& verb, const std::string& argument) {
    if (verb.argument == Argument::required && argument.empty())
        throw Refusal{501, text(verb.name, " needs an argument: ", verb.name, ' ', verb.syntax)};
    if (verb.argument == Argument::none && !without_trailing_blanks(argument).empty())
        throw Refusal{501, text(verb.name, " takes no argument.")};
    require_tls(s, verb.login, false);
    s.require(verb.login, verb.right, verb.name);
    require_tls(s, verb.login, verb.kind == Verb::Kind::transfer);
}

void refuse_unknown(Session& s, const Command& command) {
    const std::string shown = escape(command.verb, 32);
    if (is_known_elsewhere(command.verb))
        return s.control.reply(502, text(shown, " is not offered here: HELP lists what is."));
    s.control.reply_with_hint(500, text("There is no command ", shown, ": HELP lists them."),
                              "Type ? for examples.");
    if (!s.memory.login && ++s.unknown_before_login >= max_unknown_before_login) {
        s.control.say_last(421, "Too many unknown commands: closing.");
        throw SessionOver{Reason::protocol, "too many unknown commands: closing"};
    }
}

// The verb of a command, or of the one that SITE hands on; nullptr: there is none.
const Verb* verb_of(const Command& command) {
    return find_verb(command.verb == "SITE" ? parse_command(command.argument).verb : command.verb);
}

// A line that cannot even be run. If it was meant to bring a body, that body follows all the same.
void refuse(Session& s, const Refusal& refusal, const Command& command) {
    const Verb* const verb = verb_of(command);
    if (verb == nullptr) return s.control.reply(refusal.code, refusal.words);
    s.memory.body = body_behind(s, *verb);
    answer(s, refusal, *verb);
    if (verb->uses_up_announcements()) s.forget_announcements();
}

// What a client may say while a transfer runs (RFC 959, sections 4.1.1 and 4.1.3); false: all else, QUIT too,
// waits for its end. Without a data connection only ABOR is heard: the replies to all else come in turn.
bool attend(Session& s, const Line& line, Verb::Kind under_way) {
    const Command command = parse_command(decode_telnet(line.text).text);
    const Verb* const verb = line.too_long ? nullptr : find_verb(command.verb);
    if (verb == nullptr || verb->during_transfer == DuringTransfer::waits || !command.argument.empty())
        return false;
    if (under_way == Verb::Kind::lengthy && verb->run != do_abor) return false;
    understand(s, line);
    if (verb->run == do_abor) throw Aborted{};
    verb->run(s, command.argument);
    return true;
}

} // namespace

bool has_said_quit(const Session& s) {
    for (const std::string& line : s.control.waiting_lines()) {
        const Verb* const verb = verb_of(parse_command(decode_telnet(line).text));
        if (verb == nullptr) continue;
        if (verb->run == do_quit) return true;
        if (verb->uses_up_announcements() || verb->run == do_abor) return false;
    }
    return false;
}

void run_verb(Session& s, const Verb& verb, const std::string& argument) {
    using Kind = Verb::Kind;
    bool has_its_own_time = false; // in band, and the client may do it
    s.memory.body = body_behind(s, verb);
    try {
        check(s, verb, argument);
        if (verb.login == LoginNeed::in_band) {
            has_its_own_time = true;
            s.client.set_time_limit({});
        }
        // What is not about the tree may be a password.
        s.status.begin(verb.name.substr(verb.name.rfind(' ') + 1),
                       verb.login == LoginNeed::not_needed ? std::string{} : argument);
        std::optional<Connection::Attention> attention;
        if (verb.kind == Kind::transfer || verb.kind == Kind::lengthy)
            attention.emplace(s.control, [&](const Line& line) { return attend(s, line, verb.kind); });
        verb.run(s, argument);
        if (has_its_own_time || s.memory.login) s.come_in();
    } catch (const Aborted&) {
        const bool is_transfer = verb.kind == Kind::transfer;
        s.control.reply(426, is_transfer ? "The transfer is aborted."
                                         : text(verb.name, " is aborted: nothing has changed."));
        s.control.reply(226, is_transfer ? "The data connection is closed." : "Nothing is under way.");
    } catch (const Refusal& refusal) {
        answer(s, refusal, verb);
    } catch (const std::system_error& error) {
        Refusal refusal = explain(error, argument.empty() ? verb.name : argument);
        if (refusal.denied) refusal.denied = argument;
        answer(s, refusal, verb);
    }
    if (has_its_own_time && !s.has_come_in) s.begin_login_time(); // anew: it may have taken long to fail
    if (verb.uses_up_announcements()) s.forget_announcements();
}

// One command; whatever is wrong with it is answered here.
void execute(Session& s, const Line& line) {
    const std::string plain = understand(s, line);
    const Command command = parse_command(plain);
    if (is_http_request(line.text) || (!s.memory.login && is_http_verb(command.verb)))
        throw SessionOver{Reason::protocol, "an HTTP request: closing"};
    // What RNFR says holds for the next command only (RFC 959, section 4.1.3); keeping alive is not one.
    if (command.verb != "RNTO" && command.verb != "NOOP") s.memory.renamed.reset();
    if (line.too_long)
        return refuse(s, {500, text("The line is longer than ", max_line, " bytes: nothing was done.")},
                      command);
    if (plain.find('\0') != plain.npos)
        return refuse(s, {501, "The line contains a NUL byte: nothing was done."}, command);
    if (command.verb.empty() && !command.has_argument) {
        if (s.control.is_person()) return; // Enter alone
        return s.control.reply(500, "An empty line is not a command: HELP lists the commands.");
    }
    if (const Verb* const verb = find_verb(command.verb)) return run_verb(s, *verb, command.argument);
    refuse_unknown(s, command);
}

} // namespace ftpd
