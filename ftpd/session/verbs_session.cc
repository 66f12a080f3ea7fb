// SPDX-License-Identifier: ISC
// Verbs about the session itself: who the client is and its coming and going, what later commands go by, and
// what there is to use and how things stand. Run by the session.
#include "ftpd/session/verbs.hh"

#include "common/authd/password.hh"
#include "common/authd/user_file.hh"
#include "common/errors.hh"
#include "common/text.hh"
#include "ftpd/command.hh"
#include "ftpd/session/listing.hh"
#include "ftpd/session/refusal.hh"
#include "ftpd/session/session.hh"
#include "ftpd/settings.hh"

#include <algorithm>
#include <limits>
#include <sys/stat.h>
#include <utility>
#include <vector>

using namespace common;

namespace ftpd {
namespace {

bool is_anonymous(std::string_view name) {
    return equal_ignoring_case(name, "anonymous") || equal_ignoring_case(name, "ftp");
}

// Asks authd, and waits with an open ear for the client.
Verdict ask_authd(Session& s, const std::string& name, const std::string& password) {
    constexpr std::chrono::seconds patience{60}; // many others may be before us
    if (name.size() > max_user_name || password.size() > max_password)
        return ask_authd(s, {}, {}); // can only be wrong, and costs as much
    s.passwords.ask(LoginKind::user, name, password);
    const auto deadline = Clock::now() + patience;
    for (;;) {
        if (std::optional<Verdict> verdict = s.passwords.take_verdict()) return *verdict;
        const bool has_answered = s.client.wait_for(s.passwords.fd(), Interest::read, deadline);
        s.client.forget(s.passwords.fd()); // a verdict may close it
        if (has_answered) continue;
        s.passwords.give_up();
        return {};
    }
}

[[noreturn]] void close_for_failures(Session& s) {
    s.control.say_last(421, "Too many failed logins: closing.");
    throw SessionOver{SessionOver::Reason::protocol, "too many failed logins: closing"};
}

void enter_as_user(Session& s, const Verdict& user) {
    const Rights rights = parse_rights(user.rights);
    if (s.only_user.empty()) {
        try {
            s.confine(user.home, rights.may_write());
        } catch (const std::system_error& error) {
            s.log(Severity::warning,
                  text("no home for ", user.name, ": ", escape(user.home), ": ", error.code().message()));
            throw Refusal{530, "Your folder does not exist: tell the administrator."};
        }
    }
    s.only_user = user.name;
    s.memory.cwd = Session::Memory{}.cwd;
    s.memory.login = rights;
    s.memory.limits = parse_limits(user.limits, s.settings.limits);
    s.status.set_user(user.name);
    s.log(Severity::notice, text("login ", user.name));
    s.control.reply_with_hint(230, "Welcome.", "LS lists what is here; ? shows more.");
}

void log_in(Session& s, const std::string& name, const std::string& password) {
    if (!s.only_user.empty() && s.only_user != name)
        throw Refusal{530, "This connection has been used for another login: connect again."};
    const Verdict verdict = ask_authd(s, name, password);
    switch (verdict.kind) {
    case Verdict::Kind::accepted: return enter_as_user(s, verdict);
    case Verdict::Kind::refused: s.control.reply(530, "Login incorrect."); break;
    case Verdict::Kind::held_off:
        s.control.reply(530, text("Too many failed logins from your address: wait ", verdict.wait.count(),
                                  " seconds, then try again."));
        break;
    case Verdict::Kind::unavailable:
        if (s.settings.users.empty()) throw Refusal{530, "Login incorrect."};
        throw Refusal{530, "The password could not be checked: connect again in a moment."};
    }
    if (verdict.tries_left == 0) close_for_failures(s);
}

// "A", "A N", "I", "L 8": the types whose bytes this server can mean (RFC 959, section 3.1.1).
std::optional<TransferType> parse_type(std::string_view argument) {
    const std::string wanted = to_upper(without_trailing_blanks(argument));
    if (wanted == "A" || wanted == "A N") return TransferType::ascii;
    if (wanted == "I" || wanted == "L 8") return TransferType::binary;
    return {};
}

std::uint64_t parse_bytes(std::string_view verb, std::string_view argument) {
    constexpr auto max_bytes = static_cast<std::uint64_t>(std::numeric_limits<off_t>::max());
    const auto bytes = parse_number<std::uint64_t>(without_trailing_blanks(argument), 0, max_bytes);
    if (!bytes) throw Refusal{501, text(verb, " takes a number of bytes.")};
    return *bytes;
}

constexpr std::size_t help_column = 28; // where a verb's explanation begins

std::string help_line(const Verb& verb) {
    std::string left = text(verb.name, ' ', verb.syntax);
    left.resize(std::max(left.size() + 1, help_column), ' ');
    return left + std::string{verb.help};
}

// "12345 of 99999 bytes in 3 s (4.1 kB/s), 21 s to go".
std::string describe_progress(const Activity& activity, std::chrono::steady_clock::duration elapsed) {
    using namespace std::chrono;
    const auto spent =
        std::max<std::uint64_t>(1, static_cast<std::uint64_t>(duration_cast<milliseconds>(elapsed).count()));
    const std::uint64_t rate = activity.done * 1000 / spent; // bytes a second
    std::string line = text(activity.done);
    if (activity.total > 0) line += text(" of ", activity.total);
    line += text(" bytes in ", spent / 1000, " s (", human_size(rate), "/s)");
    if (activity.total > activity.done && rate > 0)
        line += text(", ", (activity.total - activity.done) / rate, " s to go");
    return line;
}

// Of interest to this client: before a login all, after it what this one may use.
bool is_offered(const Session& s, const Verb& verb) {
    return !s.memory.login || s.memory.login->has(verb.right);
}

bool is_transfer(const Activity& activity) {
    const Verb* const verb = find_verb(activity.verb);
    return verb != nullptr && verb->kind == Verb::Kind::transfer;
}

} // namespace

void do_user(Session& s, const std::string& name) {
    const bool wants_tls =
        s.settings.tls_policy == TlsPolicy::required ||
        (s.settings.tls_policy == TlsPolicy::required_for_passwords && !is_anonymous(name));
    if (wants_tls && !s.has_tls())
        throw Refusal{530, "This server wants TLS before a login: send AUTH TLS first."};
    s.memory.login.reset();
    s.memory.limits.reset();
    s.memory.stored.clear();
    s.memory.made.clear();
    s.memory.user = name;
    s.status.set_user(nobody_yet);
    // The same words for every name: whether one exists is nobody's business.
    s.control.reply_with_hint(331, is_anonymous(name) ? "Any password will do." : "Password, please.",
                              is_anonymous(name) ? "Type PASS and any password."
                                                 : "Type PASS and the password.");
}

void do_pass(Session& s, const std::string& password) {
    if (s.memory.login) return s.control.reply(202, "You are logged in already.");
    if (!s.memory.user) throw Refusal{503, "Send USER first."};
    const std::string name = *std::exchange(s.memory.user, {});
    const bool welcome = is_anonymous(name) && !s.settings.anonymous.empty() &&
                         (s.only_user.empty() || is_anonymous(s.only_user));
    if (!welcome) return log_in(s, name, password);
    s.enter_as_nobody();
    s.memory.cwd = Session::Memory{}.cwd;
    s.memory.login = s.settings.anonymous;
    s.status.set_user("anonymous");
    s.log(Severity::notice, "login anonymous");
    s.control.reply_with_hint(230, "Welcome.", "LS lists what is here; ? shows more.");
}

void do_acct(Session& s, const std::string&) {
    s.control.reply(202, "No account is needed: USER and PASS are enough.");
}

void do_rein(Session& s, const std::string&) {
    s.forget_all();
    s.data.reset();
    s.status.set_user(nobody_yet);
    ::umask(s.settings.umask);
    s.control.reply(220, "Everything has been reset: log in again.");
}

void do_quit(Session& s, const std::string&) {
    s.settlement.settle();
    s.control.reply(221, "Goodbye.");
    s.over = true;
}

void do_noop(Session& s, const std::string&) { s.control.reply(200, "Nothing done."); }

void do_syst(Session& s, const std::string&) { s.control.reply(215, "UNIX Type: L8"); }

void do_smnt(Session& s, const std::string&) {
    s.control.reply(202, "There is only one tree, and you are in it.");
}

void do_clnt(Session& s, const std::string& name) {
    constexpr std::size_t max_shown = 64;
    s.log(Severity::detail, text("client ", escape(name, max_shown)));
    s.control.reply(200, "Noted.");
}

void do_lang(Session& s, const std::string& tag) {
    // "EN-us" asks for a variety of English; RFC 2640, section 4.1, has the longest match win.
    const std::string_view given = without_trailing_blanks(tag);
    const std::string_view language = given.substr(0, given.find('-'));
    if (!given.empty() && !equal_ignoring_case(language, "EN"))
        throw Refusal{504, "The replies are in English: LANG EN."};
    s.control.reply(200, "The replies are in English.");
}

void do_type(Session& s, const std::string& argument) {
    const std::optional<TransferType> type = parse_type(argument);
    if (!type) throw Refusal{504, "The types are A (text) and I (bytes)."};
    s.memory.type = *type;
    s.memory.has_chosen_type = true;
    s.control.reply(200,
                    *type == TransferType::ascii ? "Type A: lines of text." : "Type I: bytes as they are.");
}

void do_mode(Session& s, const std::string& argument) {
    if (!equal_ignoring_case(without_trailing_blanks(argument), "S"))
        throw Refusal{504, "The only mode is S (stream)."};
    s.control.reply(200, "Mode S.");
}

void do_stru(Session& s, const std::string& argument) {
    if (!equal_ignoring_case(without_trailing_blanks(argument), "F"))
        throw Refusal{504, "The only structure is F (file)."};
    s.control.reply(200, "Structure F.");
}

// The marker counts the data as they are sent (RFC 3659, section 5), which under TYPE A only a reading of the
// file would tell. GET, PUT and WRITE know no type, and who uses them has seldom chosen one.
void do_rest(Session& s, const std::string& argument) {
    const std::uint64_t restart = parse_bytes("REST", argument);
    if (restart > 0 && s.memory.type == TransferType::ascii && s.memory.has_chosen_type)
        throw Refusal{501, text("REST ", restart, " counts bytes as they are: send TYPE I first.")};
    s.memory.restart = restart;
    s.control.reply(350, text("The next transfer starts at byte ", s.memory.restart, '.'));
}

void do_allo(Session& s, const std::string& argument) {
    // "ALLO 1000 R 80" is legal; the record size means nothing to a file structure.
    s.memory.announced = parse_bytes("ALLO", std::string_view{argument}.substr(0, argument.find(" R ")));
    s.control.reply(200, text("The next upload has ", *s.memory.announced, " bytes."));
}

void do_feat(Session& s, const std::string&) {
    std::vector<std::string> features{"TVFS", "UTF8"}; // of no verb: how paths and names are (RFC 3659, 2640)
    for (const Verb& verb : verb_table()) {
        if (verb.feature.empty() || !is_offered(s, verb)) continue;
        if (is_about_tls(verb) && !offers_tls(s)) continue;
        features.emplace_back(verb.feature);
        if (verb.run == do_mlst) features.back() += ' ' + format_fact_names(s.memory.facts, true);
    }
    std::sort(features.begin(), features.end());
    s.control.begin_lines(211, "Extensions:");
    for (const std::string& feature : features) s.control.add_line(feature);
    s.control.end_lines(211, "End");
}

void do_opts(Session& s, const std::string& argument) {
    const std::string_view given = without_trailing_blanks(argument);
    const std::string wanted = to_upper(given);
    // Names are bytes here, so UTF-8 is never off; clients ask all the same.
    if (wanted == "UTF8 ON" || wanted == "UTF8") return s.control.reply(200, "Names are UTF-8.");
    if (wanted != "MLST" && wanted.substr(0, 5) != "MLST ")
        throw Refusal{501, "The options are UTF8 ON, and MLST with the facts you want."};
    const std::optional<Facts> facts = parse_facts(given.substr(std::min<std::size_t>(5, given.size())));
    if (!facts) throw Refusal{501, "OPTS MLST takes facts, each with a semicolon and no blanks: type;size;"};
    s.memory.facts = *facts;
    const std::string names = format_fact_names(s.memory.facts);
    s.control.reply(200, text("MLST OPTS", names.empty() ? "" : " ", names));
}

void do_help(Session& s, const std::string& name) {
    if (!name.empty()) {
        const Verb* const verb = find_verb(to_upper(without_trailing_blanks(name)));
        if (verb == nullptr) throw Refusal{501, text("There is no command ", escape(name, 32), '.')};
        return s.control.reply(
            214, text(verb->name, verb->syntax.empty() ? "" : " ", verb->syntax, ": ", verb->help));
    }
    s.control.begin_lines(214, "The commands:");
    for (const Verb& verb : verb_table())
        if (is_offered(s, verb)) s.control.add_line(help_line(verb));
    s.control.end_lines(
        214, "A client with a data connection uses LIST, RETR and STOR; a person LS, GET and WRITE.");
}

void do_site_help(Session& s, const std::string&) {
    s.control.begin_lines(214, "Behind SITE:");
    for (const Verb& verb : verb_table())
        if (verb.login == LoginNeed::in_band || verb.name.substr(0, 5) == "SITE ")
            s.control.add_line(help_line(verb));
    s.control.end_lines(214, "End");
}

void do_examples(Session& s, const std::string&) {
    s.control.begin_lines(214, "These need only this connection:");
    for (const std::string_view line : {
             "LS                      list this folder; LS pictures lists another",
             "GET README.txt          show a file here",
             "WRITE note.txt          type lines, then a line with a single dot: creates or replaces "
             "a file",
             "ALLO 12                 announce 12 bytes, then",
             "PUT hello.txt           send them: creates or replaces a file",
             "STAT                    who and where you are",
             "HELP                    all commands",
             "QUIT                    leave",
         })
        s.control.add_line(line);
    s.control.end_lines(214, "From a shell: printf 'GET README.txt\\n' | nc -N HOST PORT");
}

void do_stat(Session& s, const std::string& path) {
    if (!path.empty()) {
        s.require(LoginNeed::in_band, Right::list, "STAT");
        return list_for_stat(s, path);
    }
    const Activity& activity = s.status.activity();
    s.control.begin_lines(211, "Status:");
    s.control.add_line(text("You come from ", s.data.client().host(), "; this is ftpd " SUITE_VERSION "."));
    s.control.add_line(s.memory.login
                           ? text("Logged in as ", escape(activity.user), ", in ", escape(s.memory.cwd))
                           : std::string{"Not logged in"});
    s.control.add_line(text("Type ", s.memory.type == TransferType::ascii ? "A (text)" : "I (bytes)",
                            ", structure F (file), mode S (stream)"));
    if (s.has_tls())
        s.control.add_line(
            text("Under TLS; data connections are ", s.data.is_private() ? "private" : "clear"));
    if (is_transfer(activity))
        s.control.add_line(text(activity.verb, ' ', escape(activity.path), ": ",
                                describe_progress(activity, Clock::now() - s.status.began())));
    else
        s.control.add_line(text("Transfers: ", activity.transfers, ", ", human_size(activity.sent), " sent, ",
                                human_size(activity.received), " received"));
    s.control.end_lines(211, "End");
}

} // namespace ftpd
