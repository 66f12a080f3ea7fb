// SPDX-License-Identifier: ISC
// Verbs about the session itself: who, what kind of transfer, help. Run by the session.
#include "ftpd/verbs.hh"

#include "common/text.hh"
#include "ftpd/listing.hh"
#include "ftpd/refusal.hh"
#include "ftpd/session.hh"

#include <limits>

using namespace common;

namespace ftpd {
namespace {

bool is_anonymous(std::string_view name) {
    return equal_ignoring_case(name, "anonymous") || equal_ignoring_case(name, "ftp");
}

// "A", "A N", "I", "L 8": the types whose bytes this server can mean (RFC 959, section 3.1.1).
std::optional<Type> parse_type(std::string_view argument) {
    const std::string wanted = to_upper(argument);
    if (wanted == "A" || wanted == "A N") return Type::ascii;
    if (wanted == "I" || wanted == "L 8") return Type::binary;
    return {};
}

std::uint64_t parse_bytes(std::string_view verb, std::string_view argument) {
    constexpr auto most = static_cast<std::uint64_t>(std::numeric_limits<off_t>::max());
    const auto bytes = parse_number<std::uint64_t>(argument, 0, most);
    if (!bytes) throw Refusal{501, text(verb, " takes a number of bytes.")};
    return *bytes;
}

} // namespace

void do_user(Session& s, const std::string& name) {
    s.login.reset();
    s.user = name;
    s.status.set_user("-");
    // The same words for every name: whether one exists is nobody's business.
    s.control.reply(331, is_anonymous(name) ? "Any password will do." : "Password, please.");
}

void do_pass(Session& s, const std::string&) {
    if (s.login) return s.control.reply(202, "You are logged in already.");
    if (!s.user) throw Refusal{503, "Send USER first."};
    const bool welcome = is_anonymous(*std::exchange(s.user, {})) && !s.settings.anonymous.empty();
    if (!welcome) throw Refusal{530, "Login incorrect."};
    s.login = s.settings.anonymous;
    s.status.set_user("anonymous");
    s.log(Severity::notice, "login anonymous");
    s.control.reply(230, "Welcome.");
}

void do_quit(Session& s, const std::string&) {
    s.control.reply(221, "Goodbye.");
    s.over = true;
}

void do_noop(Session& s, const std::string&) { s.control.reply(200, "Nothing done."); }

void do_syst(Session& s, const std::string&) { s.control.reply(215, "UNIX Type: L8"); }

void do_feat(Session& s, const std::string&) {
    s.control.begin_lines(211, "Extensions:");
    for (const std::string_view feature : {"EPRT", "EPSV", "MDTM"}) s.control.add_line(feature);
    s.control.add_line(text("MLST ", fact_names));
    for (const std::string_view feature : {"REST STREAM", "SIZE", "TVFS", "UTF8"})
        s.control.add_line(feature);
    s.control.end_lines(211, "End");
}

void do_opts(Session& s, const std::string& argument) {
    // Names are bytes here, so UTF-8 is never off; clients ask all the same.
    if (!equal_ignoring_case(argument, "UTF8 ON") && !equal_ignoring_case(argument, "UTF8"))
        throw Refusal{501, "The one option is UTF8 ON."};
    s.control.reply(200, "Names are UTF-8.");
}

void do_help(Session& s, const std::string& name) {
    if (!name.empty()) {
        const Verb* const verb = find_verb(to_upper(name));
        if (verb == nullptr) throw Refusal{501, text("There is no command ", escape(name, 32), '.')};
        return s.control.reply(
            214, text(verb->name, verb->syntax.empty() ? "" : " ", verb->syntax, ": ", verb->help));
    }
    s.control.begin_lines(214, "The commands:");
    for (const Verb& verb : verb_table()) {
        std::string left = text(verb.name, ' ', verb.syntax);
        left.resize(std::max<std::size_t>(left.size() + 1, 24), ' ');
        s.control.add_line(left + std::string{verb.help});
    }
    s.control.end_lines(
        214, "A client with a data connection uses LIST, RETR and STOR; a person LS, GET and PUT.");
}

void do_type(Session& s, const std::string& argument) {
    const std::optional<Type> type = parse_type(argument);
    if (!type) throw Refusal{504, "The types are A (text) and I (bytes)."};
    s.type = *type;
    s.control.reply(200, *type == Type::ascii ? "Type A: lines of text." : "Type I: bytes as they are.");
}

void do_mode(Session& s, const std::string& argument) {
    if (!equal_ignoring_case(argument, "S")) throw Refusal{504, "The one mode is S (stream)."};
    s.control.reply(200, "Mode S.");
}

void do_stru(Session& s, const std::string& argument) {
    if (!equal_ignoring_case(argument, "F")) throw Refusal{504, "The one structure is F (file)."};
    s.control.reply(200, "Structure F.");
}

void do_rest(Session& s, const std::string& argument) {
    s.restart = parse_bytes("REST", argument);
    s.control.reply(350, text("The next transfer starts at byte ", s.restart, '.'));
}

void do_allo(Session& s, const std::string& argument) {
    // "ALLO 1000 R 80" is legal; the record size means nothing to a file structure.
    s.announced = parse_bytes("ALLO", std::string_view{argument}.substr(0, argument.find(" R ")));
    s.control.reply(200, text("The next upload has ", *s.announced, " bytes."));
}

} // namespace ftpd
