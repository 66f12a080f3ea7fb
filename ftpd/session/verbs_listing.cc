// SPDX-License-Identifier: ISC
// Verbs that list: LIST, NLST, MLSD over a data connection, LS and SITE MLSD right here. Run by the session.
#include "ftpd/session/verbs.hh"

#include "common/text.hh"
#include "ftpd/session/data_channel.hh"
#include "ftpd/session/listing.hh"
#include "ftpd/session/refusal.hh"
#include "ftpd/session/session.hh"
#include "ftpd/session/tree.hh"

#include <ctime>
#include <functional>

using namespace common;

namespace ftpd {
namespace {

// Old clients pass options of ls where a path belongs; a name may begin with a dash, too, after "./".
std::string_view without_ls_options(std::string_view argument) {
    while (argument.substr(0, 1) == "-") {
        const std::size_t end = argument.find(' ');
        argument = end == argument.npos ? std::string_view{} : argument.substr(end + 1);
    }
    return argument;
}

using FormatEntry = std::function<std::string(const Entry&)>; // an empty line is left out

// As lines over the data connection.
void send_listing(Session& s, const Selection& selection, const FormatEntry& format) {
    s.data.check_prepared();
    s.control.reply(150, text("Listing ", escape(selection.path()), '.'));
    s.client.flush();
    DataConnection data = s.data.open();
    std::string lines;
    selection.list([&](const std::vector<Entry>& entries) {
        lines.clear();
        for (const Entry& entry : entries) {
            const std::string line = format(entry);
            if (!line.empty()) lines.append(line).append("\r\n");
        }
        data.send(lines);
        s.status.add_sent(lines.size());
    });
    data.end_output();
    s.data.finish(data);
    s.control.reply(226, "End of list.");
}

// What stands before a name of the selection so that it can be used from the working directory (RFC 1123,
// section 4.1.2.7): what was asked for, up to and with its last slash, or all of it.
std::string prefix_of_names(std::string_view asked, const Selection& selection) {
    if (selection.is_pattern() || selection.is_file())
        return std::string{asked.substr(0, asked.rfind('/') + 1)};
    if (asked.empty() || asked.back() == '/') return std::string{asked};
    return std::string{asked} + '/';
}

// Of what a link leads to, since that is what a client would get; a link that leads nowhere is shown as
// itself.
std::string facts_of(const Session& s, const std::string& folder, const Entry& entry, const Facts& wanted) {
    struct stat target = entry.status;
    if (S_ISLNK(target.st_mode)) {
        try {
            target = s.tree.status(folder + '/' + entry.name);
        } catch (const std::system_error&) {
        }
    }
    return format_facts(entry, target, s.rights(), wanted);
}

} // namespace

void do_list(Session& s, const std::string& argument) {
    const std::time_t now = std::time(nullptr);
    send_listing(s, Selection{s.tree, s.resolve(without_ls_options(argument))},
                 [&](const Entry& entry) { return format_long(entry, now); });
}

void do_nlst(Session& s, const std::string& argument) {
    const std::string asked{without_ls_options(argument)};
    const Selection selection{s.tree, s.resolve(asked)};
    const std::string prefix = prefix_of_names(asked, selection);
    send_listing(s, selection, [&](const Entry& entry) {
        if (!fits_a_line(entry)) return std::string{};
        return selection.is_file() ? asked : prefix + entry.name;
    });
}

void do_mlsd(Session& s, const std::string& argument) {
    const std::string path = s.resolve(argument);
    if (!S_ISDIR(
            s.tree.status(path).st_mode)) // which throws for a name that is not there: nothing is a pattern
        throw Refusal{501, text(escape(path), " is not a directory: use MLST.")};
    send_listing(s, Selection{s.tree, path}, [&](const Entry& entry) {
        if (!fits_a_line(entry)) return std::string{};
        return facts_of(s, path, entry, s.memory.facts);
    });
}

void do_ls(Session& s, const std::string& argument) {
    const Selection selection{s.tree, s.resolve(without_ls_options(argument))};
    const std::time_t now = std::time(nullptr);
    std::size_t count = 0;
    s.control.begin_lines(213, escape(selection.path()));
    selection.list([&](const std::vector<Entry>& entries) {
        for (const Entry& entry : entries) s.control.add_line(format_long(entry, now));
        count += entries.size();
    });
    s.control.end_lines(213, count == 1 ? "1 entry" : text(count, " entries"));
}

// Lines end in CR LF alone here, unless a bare LF does for a person: so a name may hold anything.
void do_site_mlsd(Session& s, const std::string& argument) {
    const Selection selection{s.tree, s.resolve(argument)};
    const Facts all = Facts{}.set();
    const bool is_directory = !selection.is_file() && !selection.is_pattern();
    s.control.begin_lines(213, escape(selection.path()));
    if (is_directory)
        s.control.add_line(format_facts({".", {}, {}}, s.tree.status(selection.path()), s.rights(), all));
    selection.list([&](const std::vector<Entry>& entries) {
        for (const Entry& entry : entries)
            if (fits_a_line(entry) || !s.control.is_person())
                s.control.add_line(facts_of(s, selection.folder(), entry, all));
    });
    s.control.end_lines(213, "End");
}

} // namespace ftpd
