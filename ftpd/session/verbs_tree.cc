// SPDX-License-Identifier: ISC
// Verbs that look at the tree, move about in it, and change names, times and permissions, and no file's
// bytes; SITE, and those that only follow it, since no RFC has them (RFC 1123, section 4.1.2.8). Run by
// the session.
#include "ftpd/session/verbs.hh"

#include "common/cksum.hh"
#include "common/errors.hh"
#include "common/text.hh"
#include "ftpd/command.hh"
#include "ftpd/formats.hh"
#include "ftpd/path.hh"
#include "ftpd/session/dispatch.hh"
#include "ftpd/session/listing.hh"
#include "ftpd/session/move.hh"
#include "ftpd/session/refusal.hh"
#include "ftpd/session/session.hh"
#include "ftpd/session/upload.hh"

#include <algorithm>
#include <sys/stat.h>
#include <system_error>
#include <unistd.h>
#include <utility>
#include <vector>

using namespace common;

namespace ftpd {
namespace {

// "~" is the top of what the client sees, unless a folder has that name.
std::string enter(const Session& s, const std::string& argument) {
    std::string path = s.resolve(argument);
    try {
        s.tree.enter_directory(path);
        return path;
    } catch (const std::system_error& error) {
        const int why = error.code().value();
        const bool is_home = argument == "~" || argument.substr(0, 2) == "~/";
        if (!is_home || (why != ENOENT && why != ENOTDIR)) throw;
    }
    std::string below_top = s.resolve("/" + argument.substr(1));
    s.tree.enter_directory(below_top);
    return below_top;
}

// For who may not know the names of files, a folder is there or nothing is.
std::string enter_what_is_seen(const Session& s, const std::string& argument) {
    try {
        return enter(s, argument);
    } catch (const std::system_error& error) {
        const int why = error.code().value();
        if (s.sees_names() || (why != ENOTDIR && why != ELOOP)) throw;
        fail_with(ENOENT, "enter", argument);
    }
}

void change_directory(Session& s, const std::string& argument) {
    const std::string path = enter_what_is_seen(s, argument);
    s.memory.cwd = path;
    s.control.reply(250, text("Now in ", escape(path), '.'));
}

// For who may not know the names of others' files, these are not there, and neither is anything else.
struct stat status_of_own(const Session& s, const std::string& path) {
    try {
        const struct stat status = s.tree.status(path);
        if (S_ISREG(status.st_mode) && s.has_stored(id_of(status))) return status;
    } catch (const std::system_error&) {
    }
    fail_with(ENOENT, "look at", path);
}

struct stat status_of_regular(const Session& s, const std::string& path) {
    if (!s.sees_names()) return status_of_own(s, path);
    const struct stat status = s.tree.status(path);
    if (!S_ISREG(status.st_mode)) throw Refusal{550, text(escape(path), " is not a regular file.")};
    return status;
}

struct TimeAndPath {
    std::optional<std::time_t> when; // none: it is no time, or there is no path
    std::string path;
};
TimeAndPath parse_time_and_path(const std::string& argument) {
    const std::size_t space = argument.find(' ');
    if (space == argument.npos || space + 1 == argument.size()) return {};
    return {parse_timestamp(std::string_view{argument}.substr(0, space)), argument.substr(space + 1)};
}

// Whether a component of it is "..".
bool goes_up(std::string_view path) {
    const std::vector<std::string_view> components = split(path, '/');
    return std::ranges::count(components, "..") > 0;
}

constexpr std::size_t stamp_size = 14; // digits of a time with its seconds

void set_time(const Session& s, const std::string& path, std::time_t when) {
    s.require_to_change(path);
    s.tree.set_modification_time(path, when);
}

// What an upload of an absent name may continue from, for those who may continue it.
std::optional<std::uint64_t> size_to_continue(Session& s, const std::string& path) {
    if (!s.rights().has(Right::create)) return {};
    try {
        return partial_size(s.tree, path);
    } catch (const std::system_error&) {
        return {}; // there can be none, and why is not for everybody to know
    }
}

constexpr std::size_t buffer_size = 256 * 1024; // bytes

// The word after the last blank, which goes with it.
std::string_view cut_last_word(std::string_view& rest) {
    const std::size_t blank = rest.rfind(' ');
    if (blank == rest.npos) return std::exchange(rest, {});
    const std::string_view word = rest.substr(blank + 1);
    rest = rest.substr(0, blank);
    return word;
}

// The file, or, as SIZE has it, what is there of its upload for those who may continue that.
OpenFile open_to_sum(const Session& s, const std::string& path) {
    try {
        return s.tree.open_file(path);
    } catch (const std::system_error& error) {
        if (error.code().value() != ENOENT || !s.rights().has(Right::create)) throw;
        if (std::optional<OpenFile> partial = open_partial(s.tree, path)) return *std::move(partial);
        throw;
    }
}

} // namespace

void do_pwd(Session& s, const std::string&) {
    s.control.reply(257, quote_path(s.memory.cwd) + " is where you are.");
}

void do_cwd(Session& s, const std::string& argument) { change_directory(s, argument); }

void do_cdup(Session& s, const std::string&) { change_directory(s, ".."); }

void do_size(Session& s, const std::string& argument) {
    const std::string path = s.resolve(argument);
    // The size in type A is that of the converted bytes, which only a reading of the whole file tells
    // (RFC 3659, section 4).
    if (s.memory.type == TransferType::ascii) throw Refusal{550, "SIZE answers only in type I: send TYPE I."};
    try {
        s.control.reply(213, text(status_of_regular(s, path).st_size));
    } catch (const std::system_error& error) {
        const std::optional<std::uint64_t> partial =
            error.code().value() == ENOENT ? size_to_continue(s, path) : std::nullopt;
        if (!partial) throw;
        s.control.reply(213, text(*partial));
    }
}

// "MDTM YYYYMMDDhhmmss PATH" is what clients send that know no MFMT. It sets the time unless there is a file
// of that whole name. A folder of the name before ".." need not be there, and with the time in front a name
// may be too long.
void do_mdtm(Session& s, const std::string& argument) {
    const TimeAndPath given = parse_time_and_path(argument);
    const bool may_set_time =
        given.when && given.path.size() + stamp_size < argument.size() && s.rights().has(Right::store);
    if (may_set_time && goes_up(given.path)) return do_mfmt(s, argument);
    try {
        return s.control.reply(213, format_timestamp(status_of_regular(s, s.resolve(argument)).st_mtime));
    } catch (const std::system_error& error) {
        const int why = error.code().value();
        if ((why != ENOENT && why != ENAMETOOLONG) || !may_set_time) throw;
    }
    do_mfmt(s, argument);
}

void do_mlst(Session& s, const std::string& argument) {
    const std::string path = s.resolve(argument);
    Entry entry = s.tree.entry(path);
    if (S_ISLNK(entry.status.st_mode) && means_directory(argument)) entry = {{}, s.tree.status(path), {}};
    entry.name = path;
    const std::string facts =
        format_facts(entry, s.tree.target_status(path, entry), s.rights(), s.memory.facts);
    s.control.begin_lines(250, "Facts:");
    s.control.add_line(facts);
    s.control.end_lines(250, "End");
}

void do_dele(Session& s, const std::string& argument) {
    const std::string path = s.resolve(argument);
    if (remove_file_or_partial(s.tree, path) == Removed::partial)
        return s.control.reply(250, text("The unfinished upload of ", escape(path), " is deleted."));
    s.log(Severity::notice, text("delete ", escape(s.path_from_root(path))));
    s.control.reply(250, text(escape(path), " is deleted."));
}

void do_mkd(Session& s, const std::string& argument) {
    const std::string path = s.resolve(argument);
    s.tree.make_directory(path);
    s.remember_made(id_of(s.tree.status(path)));
    s.control.reply(257, quote_path(path) + " is made.");
}

void do_rmd(Session& s, const std::string& argument) {
    const std::string path = s.resolve(argument);
    s.tree.remove_directory(path);
    s.control.reply(250, text(escape(path), " is removed."));
}

void do_rnfr(Session& s, const std::string& argument) {
    const std::string path = s.resolve(argument);
    s.tree.entry(path); // must be there
    s.memory.renamed = path;
    s.control.reply_with_hint(350, text("What is the new name of ", escape(path), '?'),
                              "Type RNTO and the new name.");
}

void do_rnto(Session& s, const std::string& argument) {
    const std::optional<std::string> from = std::exchange(s.memory.renamed, {});
    if (!from) throw Refusal{503, "Send RNFR with the old name directly before."};
    const std::string to = s.resolve(argument);
    if (!s.tree.rename(*from, to, s.rights().has(Right::overwrite))) move_by_copying(s, *from, to);
    s.log(Severity::notice,
          text("rename ", escape(s.path_from_root(*from)), " to ", escape(s.path_from_root(to))));
    s.control.reply(250, text(escape(*from), " is now ", escape(to), '.'));
}

void do_mfmt(Session& s, const std::string& argument) {
    const TimeAndPath given = parse_time_and_path(argument);
    if (!given.when) throw Refusal{501, "MFMT takes a time in UTC and a path: MFMT 20261121072600 notes.txt"};
    do_explained(given.path, [&] { set_time(s, s.resolve(given.path), *given.when); });
    s.control.reply(213, text("Modify=", format_timestamp(*given.when), "; ", given.path));
}

void do_site(Session& s, const std::string& argument) {
    const Command command = parse_command(argument);
    const Verb* verb = find_verb("SITE " + command.verb);
    if (verb == nullptr) verb = find_verb(command.verb);
    if (verb == nullptr || (verb->login != LoginNeed::in_band && verb->name.substr(0, 5) != "SITE "))
        throw Refusal{501, text("SITE has no verb ", escape(command.verb, 32), ": SITE HELP lists them.")};
    run_verb(s, *verb, command.argument);
}

void do_site_chmod(Session& s, const std::string& argument) {
    const Command words = parse_command(argument); // its first word is digits
    const std::optional<mode_t> mode = parse_mode(words.verb);
    if (!mode || words.argument.empty())
        throw Refusal{501, "SITE CHMOD takes a mode of 000 to 777 and a path: SITE CHMOD 644 notes.txt"};
    const std::string path = s.resolve(words.argument);
    do_explained(words.argument, [&] {
        s.require_to_change(path);
        s.tree.change_mode(path, *mode);
    });
    s.log(Severity::notice, text("chmod ", format_mode(*mode), ' ', escape(s.path_from_root(path))));
    s.control.reply(200, text("The mode of ", escape(path), " is ", format_mode(*mode), '.'));
}

void do_site_umask(Session& s, const std::string& argument) {
    if (argument.empty()) {
        const mode_t mask = ::umask(0); // the one way to ask
        ::umask(mask);
        return s.control.reply(200, text("The mask is ", format_mode(mask), '.'));
    }
    const std::optional<mode_t> mask = parse_mode(argument);
    if (!mask) throw Refusal{501, "SITE UMASK takes a mask of 000 to 777: SITE UMASK 027"};
    ::umask(*mask);
    s.control.reply(200, text("The mask is ", format_mode(*mask), " from now on."));
}

// Two forms are in use: "TIME PATH", and "PATH ATIME MTIME CTIME UTC", of which MTIME counts.
void do_site_utime(Session& s, const std::string& argument) {
    std::string_view rest = argument;
    std::optional<std::time_t> when;
    if (equal_ignoring_case(cut_last_word(rest), "UTC")) {
        cut_last_word(rest); // of creation, which no system sets
        when = parse_timestamp(cut_last_word(rest));
        cut_last_word(rest); // of the last access
    } else {
        const std::size_t space = argument.find(' ');
        when = parse_timestamp(std::string_view{argument}.substr(0, space));
        rest = space == argument.npos ? std::string_view{} : std::string_view{argument}.substr(space + 1);
    }
    const std::string path{rest};
    if (!when || path.empty())
        throw Refusal{501, "SITE UTIME takes a time in UTC and a path: SITE UTIME 20261121072600 notes.txt"};
    do_explained(path, [&] { set_time(s, s.resolve(path), *when); });
    s.control.reply(200, text("The time of ", escape(path), " is ", format_timestamp(*when), '.'));
}

void do_site_cksum(Session& s, const std::string& argument) {
    const std::string path = s.resolve(argument);
    const OpenFile file = open_to_sum(s, path);
    s.status.begin("CKSUM", path, static_cast<std::uint64_t>(file.status.st_size));
    std::vector<char> buffer(buffer_size);
    Cksum sum;
    for (const auto size = static_cast<std::uint64_t>(file.status.st_size); sum.size() < size;) {
        const auto wanted =
            static_cast<std::size_t>(std::min<std::uint64_t>(buffer.size(), size - sum.size()));
        const auto got = checked("read", {}, [&] { return ::read(file.fd.get(), buffer.data(), wanted); });
        if (got == 0) throw Refusal{451, text("The file has shrunk to ", sum.size(), " bytes meanwhile.")};
        sum.add({buffer.data(), static_cast<std::size_t>(got)});
        s.control.look_around();
    }
    s.control.reply(213, text(sum.shown(), ' ', escape(last_component(path))));
}

} // namespace ftpd
