// SPDX-License-Identifier: ISC
// Verbs that set what later commands go by: the kind of transfer, the language; and those that only answer.
// Run by the session.
#include "ftpd/session/verbs.hh"

#include "common/text.hh"
#include "ftpd/session/refusal.hh"
#include "ftpd/session/session.hh"

#include <limits>

using namespace common;

namespace ftpd {
namespace {

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

void do_noop(Session& s, const std::string&) { s.control.reply(200, "Nothing done."); }

void do_syst(Session& s, const std::string&) { s.control.reply(215, "UNIX Type: L8"); }

void do_smnt(Session& s, const std::string&) {
    s.control.reply(202, "There is one tree, and you are in it.");
}

void do_clnt(Session& s, const std::string& name) {
    constexpr std::size_t longest_shown = 64;
    s.log(Severity::detail, text("client ", escape(name, longest_shown)));
    s.control.reply(200, "Good to know.");
}

void do_lang(Session& s, const std::string& tag) {
    // "EN-us" asks for a variety of English; RFC 2640, section 4.1, has the longest match win.
    const std::string_view language = std::string_view{tag}.substr(0, tag.find('-'));
    if (!tag.empty() && !equal_ignoring_case(language, "EN"))
        throw Refusal{504, "The replies are in English: LANG EN."};
    s.control.reply(200, "The replies are in English.");
}

void do_type(Session& s, const std::string& argument) {
    const std::optional<Type> type = parse_type(argument);
    if (!type) throw Refusal{504, "The types are A (text) and I (bytes)."};
    s.memory.type = *type;
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
    s.memory.restart = parse_bytes("REST", argument);
    s.control.reply(350, text("The next transfer starts at byte ", s.memory.restart, '.'));
}

void do_allo(Session& s, const std::string& argument) {
    // "ALLO 1000 R 80" is legal; the record size means nothing to a file structure.
    s.memory.announced = parse_bytes("ALLO", std::string_view{argument}.substr(0, argument.find(" R ")));
    s.control.reply(200, text("The next upload has ", *s.memory.announced, " bytes."));
}

} // namespace ftpd
