// SPDX-License-Identifier: ISC
// Verbs that tell what there is, from the verb table, and how things stand. Run by the session.
#include "ftpd/session/verbs.hh"

#include "common/text.hh"
#include "ftpd/session/listing.hh"
#include "ftpd/session/refusal.hh"
#include "ftpd/session/session.hh"

#include <algorithm>
#include <vector>

using namespace common;

namespace ftpd {
namespace {

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

bool is_transfer(const Activity& activity) {
    const Verb* const verb = find_verb(activity.verb);
    return verb != nullptr && verb->kind == Verb::Kind::transfer;
}

} // namespace

void do_feat(Session& s, const std::string&) {
    std::vector<std::string> features{"TVFS", "UTF8"}; // of no verb: how paths and names are (RFC 3659, 2640)
    for (const Verb& verb : verb_table()) {
        if (verb.feature.empty()) continue;
        features.emplace_back(verb.feature);
        if (verb.run == do_mlst) features.back() += ' ' + format_fact_names(s.memory.facts, true);
    }
    std::sort(features.begin(), features.end());
    s.control.begin_lines(211, "Extensions:");
    for (const std::string& feature : features) s.control.add_line(feature);
    s.control.end_lines(211, "End");
}

void do_opts(Session& s, const std::string& argument) {
    const std::string wanted = to_upper(argument);
    // Names are bytes here, so UTF-8 is never off; clients ask all the same.
    if (wanted == "UTF8 ON" || wanted == "UTF8") return s.control.reply(200, "Names are UTF-8.");
    if (wanted != "MLST" && wanted.substr(0, 5) != "MLST ")
        throw Refusal{501, "The options are UTF8 ON, and MLST with the facts you want."};
    s.memory.facts =
        parse_facts(std::string_view{argument}.substr(std::min<std::size_t>(5, argument.size())));
    const std::string names = format_fact_names(s.memory.facts);
    s.control.reply(200, text("MLST OPTS", names.empty() ? "" : " ", names));
}

void do_help(Session& s, const std::string& name) {
    if (!name.empty()) {
        const Verb* const verb = find_verb(to_upper(name));
        if (verb == nullptr) throw Refusal{501, text("There is no command ", escape(name, 32), '.')};
        return s.control.reply(
            214, text(verb->name, verb->syntax.empty() ? "" : " ", verb->syntax, ": ", verb->help));
    }
    s.control.begin_lines(214, "The commands:");
    for (const Verb& verb : verb_table()) s.control.add_line(help_line(verb));
    s.control.end_lines(
        214, "A client with a data connection uses LIST, RETR and STOR; a person LS, GET and WRITE.");
}

void do_site_help(Session& s, const std::string&) {
    s.control.begin_lines(214, "Behind SITE:");
    for (const Verb& verb : verb_table())
        if (verb.login == Login::in_band || verb.name.substr(0, 5) == "SITE ")
            s.control.add_line(help_line(verb));
    s.control.end_lines(214, "End");
}

void do_examples(Session& s, const std::string&) {
    s.control.begin_lines(214, "Nothing but this connection is needed:");
    for (const std::string_view line : {
             "LS                      list this folder; LS pictures lists another",
             "GET README.txt          show a file here",
             "WRITE note.txt          type lines, then one that is a dot: a new file, or in place of the old "
             "one",
             "ALLO 12                 announce 12 bytes, then",
             "PUT hello.txt           send them: a new file, or in place of the old one",
             "STAT                    who and where you are",
             "HELP                    all commands",
             "QUIT                    leave",
         })
        s.control.add_line(line);
    s.control.end_lines(214, "From a shell: printf 'GET README.txt\\n' | nc -N HOST PORT");
}

void do_stat(Session& s, const std::string& path) {
    if (!path.empty()) {
        s.require(Login::in_band, Right::list, "STAT");
        return do_ls(s, path);
    }
    const Activity& activity = s.status.activity();
    s.control.begin_lines(211, "How things stand:");
    s.control.add_line(text("You come from ", s.data.client().host(), "; this is ftpd " SUITE_VERSION "."));
    s.control.add_line(s.memory.login
                           ? text("Logged in as ", escape(activity.user), ", in ", escape(s.memory.cwd))
                           : std::string{"Not logged in"});
    s.control.add_line(text("Type ", s.memory.type == Type::ascii ? "A (text)" : "I (bytes)",
                            ", structure F (file), mode S (stream)"));
    if (is_transfer(activity))
        s.control.add_line(text(activity.verb, ' ', escape(activity.path), ": ",
                                describe_progress(activity, Clock::now() - s.status.began())));
    else
        s.control.add_line(text("Transfers: ", activity.transfers, ", ", human_size(activity.sent), " sent, ",
                                human_size(activity.received), " received"));
    s.control.end_lines(211, "End");
}

} // namespace ftpd
