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
#include <span>
#include <utility>

using namespace common;

namespace ftpd {
namespace {

// Old clients pass options of ls where a path belongs; a name may begin with a dash, too, after "./" or "--
// ".
struct LsArgument {
    std::string path;
    bool is_recursive = false; // -R is the one option that is heeded
};

LsArgument parse_ls_argument(std::string_view argument) {
    LsArgument parsed;
    while (argument.substr(0, 1) == "-") {
        const std::size_t end = std::min(argument.find(' '), argument.size());
        const std::string_view option = argument.substr(0, end);
        argument.remove_prefix(std::min(end + 1, argument.size()));
        if (option == "--") break;
        if (option.find('R') != option.npos) parsed.is_recursive = true;
    }
    parsed.path = argument;
    return parsed;
}

using FormatEntry = std::function<void(std::string& lines, const Entry&)>; // nothing: it is left out

// A listing as lines over the data connection. What could not be looked at is left out, or stands there with
// its name alone, and the reply says so.
class ListSender {
public:
    ListSender(Session& session, const std::string& path, FormatEntry format)
        : session_(session), format_(std::move(format)), data_(open(session, path)) {}

    void send(std::span<const Entry> entries) {
        for (const Entry& entry : entries) {
            if (entry.unknown != 0) unknown_.count(entry.unknown);
            const std::size_t before = lines_.size();
            format_(lines_, entry);
            if (lines_.size() == before) continue;
            make_one_line(std::span{lines_}.subspan(before));
            lines_ += "\r\n";
        }
        if (lines_.size() >= enough) send_lines();
    }

    // A folder that cannot be listed, of a listing that goes on.
    void count_unknown(int error) { unknown_.count(error); }
    // The heading of a further folder, as ls -R has it.
    void send_heading(const std::string& name) {
        lines_.append("\r\n").append(in_one_line(name)).append(":\r\n");
    }

    // The orderly end of the data, and the reply. cut: why there is not more of it; empty: there is.
    void finish(std::string_view cut = {}) {
        send_lines();
        data_.end_output();
        session_.data.finish(data_);
        if (!cut.empty()) throw Refusal{550, text("The list is not complete: ", cut, '.')};
        if (unknown_.any()) throw Refusal{550, text("The list is not complete: ", unknown_.shown(), '.')};
        session_.control.reply(226, "End of list.");
    }

private:
    static DataConnection open(Session& s, const std::string& path) {
        s.data.check_prepared();
        s.control.reply(150, text("Listing ", escape(path), '.'));
        s.client.flush();
        return s.data.open(RelayDirection::to_client);
    }

    void send_lines() {
        data_.send(lines_);
        session_.status.add_sent(lines_.size());
        lines_.clear();
    }

    static constexpr std::size_t enough = 48 << 10; // bytes that are worth a call

    Session& session_;
    FormatEntry format_;
    DataConnection data_;
    std::string lines_; // not sent yet
    UnknownEntries unknown_;
};

void send_listing(Session& s, const Selection& selection, FormatEntry format) {
    ListSender out{s, selection.path(), std::move(format)};
    selection.list([&](std::span<const Entry> entries) { out.send(entries); });
    out.finish();
}

// LIST -R: a folder, and then each one in it, as ls -lR has them, but not behind links. It costs what the
// client chooses, so it has bounds.
class TreeListing {
public:
    TreeListing(Session& session, ListSender& out) : session_(session), out_(out) {}

    // prefix: what stands before the names of path's entries.
    void list(const std::string& path, const std::string& prefix, std::size_t depth = 1) {
        std::vector<std::string> folders;
        session_.tree.list(path, Detail::all, [&](std::span<const Entry> entries) {
            const std::size_t taken = std::min(entries.size(), names_left_);
            out_.send(entries.first(taken));
            names_left_ -= taken;
            if (taken < entries.size()) throw Cut{text("it ends after ", max_names, " names")};
            for (const Entry& entry : entries)
                if (S_ISDIR(entry.status.st_mode)) folders.push_back(entry.name);
        });
        if (depth == max_depth && !folders.empty())
            throw Cut{text("it ends at a folder that is deeper than ", max_depth)};
        for (const std::string& name : folders) {
            out_.send_heading(prefix + name);
            session_.control.look_around();
            try {
                list(text(path == "/" ? "" : path, '/', name), text(prefix, name, '/'), depth + 1);
            } catch (const std::system_error& error) {
                out_.count_unknown(error.code().value());
            }
        }
    }

    struct Cut { // thrown at a bound
        std::string why;
    };

private:
    static constexpr std::size_t max_names = 100'000;
    static constexpr std::size_t max_depth = 64;

    Session& session_;
    ListSender& out_;
    std::size_t names_left_ = max_names;
};

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

void append_facts_of(std::string& line, const Session& s, const std::string& folder, const Entry& entry,
                     const Facts& wanted) {
    if (S_ISLNK(entry.status.st_mode)) {
        const struct stat target = s.tree.target_status(folder + '/' + entry.name, entry);
        append_facts(line, entry, target, s.rights(), wanted);
    } else {
        append_facts(line, entry, entry.status, s.rights(), wanted);
    }
}

std::string all_facts_of(const Session& s, const std::string& folder, const Entry& entry) {
    std::string line;
    append_facts_of(line, s, folder, entry, Facts{}.set());
    return line;
}

// Here, on the control connection.
void list_here(Session& s, const std::string& argument, Reader reader) {
    const Selection selection{s.tree, s.resolve(parse_ls_argument(argument).path), Detail::all};
    const std::time_t now = std::time(nullptr);
    std::size_t count = 0;
    UnknownEntries unknown;
    s.control.begin_lines(213, escape(selection.path()));
    list_on_control(s, selection, [&](std::span<const Entry> entries) {
        for (const Entry& entry : entries) {
            if (entry.unknown != 0) {
                unknown.count(entry.unknown);
                continue;
            }
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
    const LsArgument asked = parse_ls_argument(argument);
    const Selection selection{s.tree, s.resolve(asked.path), Detail::all};
    const FormatEntry format = [&](std::string& lines, const Entry& entry) {
        if (entry.unknown == 0) lines += format_long(entry, now, Reader::program);
    };
    const bool is_directory = !selection.is_file() && !selection.is_pattern();
    if (!asked.is_recursive || !is_directory) return send_listing(s, selection, format);
    ListSender out{s, selection.path(), format};
    try {
        TreeListing{s, out}.list(selection.path(), prefix_of_names(asked.path, selection));
    } catch (const TreeListing::Cut& cut) {
        return out.finish(cut.why);
    }
    out.finish();
}

void do_nlst(Session& s, const std::string& argument) {
    const std::string asked = parse_ls_argument(argument).path;
    const Selection selection{s.tree, s.resolve(asked), Detail::names};
    const std::string prefix = prefix_of_names(asked, selection);
    send_listing(s, selection, [&](std::string& lines, const Entry& entry) {
        if (selection.is_file())
            lines += asked;
        else
            lines.append(prefix).append(entry.name);
    });
}

void do_mlsd(Session& s, const std::string& argument) {
    const std::string path = s.resolve(argument);
    if (!S_ISDIR(
            s.tree.status(path).st_mode)) // which throws for a name that is not there: nothing is a pattern
        throw Refusal{501, text(escape(path), " is not a directory: use MLST.")};
    send_listing(s, Selection{s.tree, path, detail_for(s.memory.facts)},
                 [&](std::string& lines, const Entry& entry) {
                     append_facts_of(lines, s, path, entry, s.memory.facts);
                 });
}

void do_ls(Session& s, const std::string& argument) { list_here(s, argument, Reader::person); }

// FTP clients read that as they read LIST.
void list_for_stat(Session& s, const std::string& argument) {
    list_here(s, argument, s.control.is_person() ? Reader::person : Reader::program);
}

// Lines end in CR LF alone here, unless a bare LF does for a person: so a name may hold anything.
void do_site_mlsd(Session& s, const std::string& argument) {
    const Selection selection{s.tree, s.resolve(argument), Detail::all, Selection::Exact::alone};
    const bool is_directory = !selection.is_file() && !selection.is_pattern();
    s.control.begin_lines(213, escape(selection.path()));
    if (is_directory)
        s.control.add_line(all_facts_of(s, selection.path(), {".", s.tree.status(selection.path()), {}}));
    list_on_control(s, selection, [&](std::span<const Entry> entries) {
        for (const Entry& entry : entries)
            if (s.control.is_person())
                s.control.add_line(all_facts_of(s, selection.folder(), entry));
            else
                s.control.add_exact_line(all_facts_of(s, selection.folder(), entry));
    });
    s.control.end_lines(213, "End");
}

} // namespace ftpd
