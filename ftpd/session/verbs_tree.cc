// SPDX-License-Identifier: ISC
// Verbs that look at the tree and move about in it. Run by the session.
#include "ftpd/session/verbs.hh"

#include "common/text.hh"
#include "ftpd/path.hh"
#include "ftpd/session/listing.hh"
#include "ftpd/session/refusal.hh"
#include "ftpd/session/session.hh"
#include "ftpd/session/upload.hh"
#include "ftpd/time_stamp.hh"

#include <system_error>

using namespace common;

namespace ftpd {
namespace {

void change_directory(Session& s, const std::string& argument) {
    const std::string path = s.resolve(argument);
    s.tree.enter_directory(path);
    s.memory.cwd = path;
    s.control.reply(250, text("Now in ", escape(path), '.'));
}

struct stat status_of_regular(Session& s, const std::string& path) {
    const struct stat status = s.tree.status(path);
    if (!S_ISREG(status.st_mode)) throw Refusal{550, text(escape(path), " is not a regular file.")};
    return status;
}

// What an upload of an absent name may continue from, for those who may continue it.
std::optional<std::uint64_t> size_to_continue(Session& s, const std::string& path) {
    if (!s.rights().has(Right::create)) return {};
    return partial_size(s.tree, path);
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
    if (s.memory.type == Type::ascii) throw Refusal{550, "SIZE answers in type I only: send TYPE I."};
    try {
        s.control.reply(213, text(status_of_regular(s, path).st_size));
    } catch (const std::system_error& error) {
        const std::optional<std::uint64_t> partial =
            error.code().value() == ENOENT ? size_to_continue(s, path) : std::nullopt;
        if (!partial) throw;
        s.control.reply(213, text(*partial));
    }
}

void do_mdtm(Session& s, const std::string& argument) {
    s.control.reply(213, format_time(status_of_regular(s, s.resolve(argument)).st_mtime));
}

void do_mlst(Session& s, const std::string& argument) {
    const std::string path = s.resolve(argument);
    const Entry entry{path, {}, {}};
    if (!fits_a_line(entry)) throw Refusal{550, "The name holds a line end and cannot be shown in one line."};
    const std::string facts = format_facts(entry, s.tree.status(path), s.rights(), s.memory.facts);
    s.control.begin_lines(250, "Facts:");
    s.control.add_line(facts);
    s.control.end_lines(250, "End");
}

} // namespace ftpd
