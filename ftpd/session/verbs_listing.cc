// SPDX-License-Identifier: ISC
// Verbs that list: LIST, NLST, MLSD over a data connection, LS and SITE MLSD right here. Run by the session.
#include "ftpd/session/verbs.hh"

#include "common/text.hh"
#include "ftpd/path.hh"
#include "ftpd/session/data_channel.hh"
#include "ftpd/session/listing.hh"
#include "ftpd/session/refusal.hh"
#include "ftpd/session/session.hh"
#include "ftpd/session/tree.hh"

#include <algorithm>
#include <ctime>
#include <functional>

using namespace common;

namespace ftpd {
namespace {

// Old clients pass options of ls where a path belongs; a name may begin with a dash, too, after "./" or "--
// ".
std::string_view without_ls_options(std::string_view argument) {
    while (argument.substr(0, 1) == "-") {
        const std::size_t end = std::min(argument.find(' '), argument.size());
        const bool is_last = argument.substr(0, end) == "--";
        argument.remove_prefix(std::min(end + 1, argument.size()));
        if (is_last) break;
    }
    return argument;
}

using FormatEntry = std::function<std::string(const Entry&)>; // an empty line is left out

// As lines over the data connection. What could not be looked at is left out, or stands there with its name
// alone, and the reply says so.
void send_listing(Session& s, const Selection& selection, const FormatEntry& format) {
    s.data.check_prepared();
    s.control.reply(150, text("Listing ", escape(selection.path()), '.'));
    s.client.flush();
    DataConnection data = s.data.open();
    std::string lines;
    UnknownEntries unknown;
    selection.list([&](const std::vector<Entry>& entries) {
        unknown.count(entries);
        lines.clear();
        for (const Entry& entry : entries) {
            const std::string line = format(entry);
            if (!line.empty()) lines.append(in_one_line(line)).append("\r\n");
        }
        data.send(lines);
        s.status.add_sent(lines.size());
    });
    data.end_output();
    s.data.finish(data);
    if (unknown.any()) throw Refusal{550, text("The list is not complete: ", unknown.shown(), '.')};
    s.control.reply(226, "End of list.");
}

// Within a reply that has begun, and whose code is said: where the directory cannot be read to its end, the
// one honest way left to say so is to break off.
void list_on_control(Session& s, const Selection& selection, const Tree::OnBatch& on_batch) {
    try {
        selection.list(on_batch);
    } catch (const std::system_error& error) {
        s.log(Severity::warning,
              text("broke off the list of ", escape(selection.path()), ": ", error.code().message()));
        throw SessionOver{SessionOver::Reason::protocol};
    }
}

// What stands before a name of the selection so that it can be used from the working directory (RFC 1123,
// section 4.1.2.7): what was asked for, up to and with its last slash, or all of it.
std::string prefix_of_names(std::string_view asked, const Selection& selection) {
    if (selection.is_pattern() || selection.is_file())
        return std::string{asked.substr(0, asked.rfind('/') + 1)};
    if (asked.empty() || asked.back() == '/') return std::string{asked};
    return std::string{asked} + '/';
}

std::string facts_of(const Session& s, const std::string& folder, const Entry& entry, const Facts& wanted) {
    return format_facts(entry, s.tree.target_status(folder + '/' + entry.name, entry), s.rights(), wanted);
}

// Here, on the control connection.
void list_here(Session& s, const std::string& argument, Reader reader) {
    const Selection selection{s.tree, s.resolve(without_ls_options(argument)), Detail::all};
    const std::time_t now = std::time(nullptr);
    std::size_t count = 0;
    UnknownEntries unknown;
    s.control.begin_lines(213, escape(selection.path()));
    list_on_control(s, selection, [&](const std::vector<Entry>& entries) {
        unknown.count(entries);
        for (const Entry& entry : entries) {
            if (entry.unknown != 0) continue;
            s.control.add_line(format_long(entry, now, reader));
            ++count;
        }
    });
    std::string summary = count == 1 ? "1 entry" : text(count, " entries");
    if (unknown.any()) summary += "; " + unknown.shown();
    s.control.end_lines(213, summary);
}

} // namespace

void do_list(Session& s, const std::string& argument) {
    const std::time_t now = std::time(nullptr);
    send_listing(s, Selection{s.tree, s.resolve(without_ls_options(argument)), Detail::all},
                 [&](const Entry& entry) {
                     return entry.unknown == 0 ? format_long(entry, now, Reader::program) : "";
                 });
}

void do_nlst(Session& s, const std::string& argument) {
    const std::string asked{without_ls_options(argument)};
    const Selection selection{s.tree, s.resolve(asked), Detail::names};
    const std::string prefix = prefix_of_names(asked, selection);
    send_listing(s, selection,
                 [&](const Entry& entry) { return selection.is_file() ? asked : prefix + entry.name; });
}

void do_mlsd(Session& s, const std::string& argument) {
    const std::string path = s.resolve(argument);
    if (!S_ISDIR(
            s.tree.status(path).st_mode)) // which throws for a name that is not there: nothing is a pattern
        throw Refusal{501, text(escape(path), " is not a directory: use MLST.")};
    send_listing(s, Selection{s.tree, path, Detail::all},
                 [&](const Entry& entry) { return facts_of(s, path, entry, s.memory.facts); });
}

void do_ls(Session& s, const std::string& argument) { list_here(s, argument, Reader::person); }

// FTP clients read that as they read LIST.
void list_for_stat(Session& s, const std::string& argument) {
    list_here(s, argument, s.control.is_person() ? Reader::person : Reader::program);
}

// Lines end in CR LF alone here, unless a bare LF does for a person: so a name may hold anything.
void do_site_mlsd(Session& s, const std::string& argument) {
    const Selection selection{s.tree, s.resolve(argument), Detail::all, Selection::Exact::alone};
    const Facts all = Facts{}.set();
    const bool is_directory = !selection.is_file() && !selection.is_pattern();
    s.control.begin_lines(213, escape(selection.path()));
    if (is_directory)
        s.control.add_line(facts_of(s, selection.path(), {".", s.tree.status(selection.path()), {}}, all));
    list_on_control(s, selection, [&](const std::vector<Entry>& entries) {
        for (const Entry& entry : entries)
            if (s.control.is_person())
                s.control.add_line(facts_of(s, selection.folder(), entry, all));
            else
                s.control.add_exact_line(facts_of(s, selection.folder(), entry, all));
    });
    s.control.end_lines(213, "End");
}

} // namespace ftpd
