// SPDX-License-Identifier: ISC
#include "ftpd/session/move.hh"

#include "common/errors.hh"
#include "common/rename.hh"
#include "common/text.hh"
#include "ftpd/held_file.hh"
#include "ftpd/path.hh"
#include "ftpd/session/refusal.hh"
#include "ftpd/session/session.hh"
#include "ftpd/session/upload.hh"
#include "ftpd/settings.hh"

#include <algorithm>
#include <array>
#include <cerrno>
#include <fcntl.h>
#include <sys/stat.h>
#include <system_error>
#include <unistd.h>
#include <vector>

using namespace common;

namespace ftpd {
namespace {

constexpr std::size_t buffer_size = 256 * 1024; // bytes: then ABOR is looked for

Entry check_source(const Session& s, const std::string& from, const std::string& to) {
    Entry source = s.tree.entry(from);
    if (!S_ISREG(source.status.st_mode))
        throw Refusal{550, text(escape(to),
                                " is on another file system: only a regular file can be moved there, "
                                "and ",
                                escape(from), " is none.")};
    return source;
}

// rename(2) would replace a link, and an upload follows it.
void check_target(const Session& s, const std::string& to) {
    try {
        if (!S_ISLNK(s.tree.entry(to).status.st_mode)) return;
    } catch (const std::system_error& error) {
        if (error.code().value() != ENOENT) throw;
        return;
    }
    throw Refusal{550, text(escape(to), " is a symbolic link on another file system: delete it first.")};
}

Upload::Policy policy_of(const Session& s, const struct stat& source) {
    Rights rights{Right::create}; // a new name is what a rename makes, too
    if (s.rights().has(Right::overwrite)) rights.add(Right::overwrite);
    return {
        .rights = rights, .sync = s.settings.sync, .announced = static_cast<std::uint64_t>(source.st_size)};
}

void copy(Session& s, int file, Upload& upload) {
    std::vector<char> buffer(buffer_size);
    for (;;) {
        const auto got = checked("read", {}, [&] { return ::read(file, buffer.data(), buffer.size()); });
        if (got == 0) return;
        upload.write({buffer.data(), static_cast<std::size_t>(got)});
        s.control.look_around();
    }
}

// Its bytes, its time and its mode are what was copied.
bool is_unchanged(const struct stat& before, const struct stat& now) {
    return id_of(before) == id_of(now) && before.st_size == now.st_size &&
           before.st_mtim.tv_sec == now.st_mtim.tv_sec && before.st_mtim.tv_nsec == now.st_mtim.tv_nsec;
}

// False if it is no longer what was copied. Others may give the name to a file of theirs between a look at it
// and its removal, so it is moved aside first; while it is held nobody goes on inside it.
bool remove_if_unchanged(const Place& place, const struct stat& copied) {
    const int directory = place.directory.get();
    const HeldFile held = hold_to_move(directory, place.name);
    struct stat found {};
    checked("look at", place.name,
            [&] { return ::fstatat(directory, place.name.c_str(), &found, AT_SYMLINK_NOFOLLOW); });
    if (held.state != HeldFile::State::held || !is_unchanged(copied, found)) return false;
    const std::string aside = replaced_name(text("moved-", place.name), ::getpid());
    checked("remove", place.name,
            [&] { return ::renameat(directory, place.name.c_str(), directory, aside.c_str()); });
    checked("look at", aside,
            [&] { return ::fstatat(directory, aside.c_str(), &found, AT_SYMLINK_NOFOLLOW); });
    const bool is_ours = is_unchanged(copied, found);
    // Where it cannot go back there is a yet newer one.
    if (!is_ours && rename_if_free(directory, aside, place.name) == Renamed::done) return false;
    checked("remove", place.name, [&] { return ::unlinkat(directory, aside.c_str(), 0); });
    return is_ours;
}

void dress_like(const Upload& upload, const struct stat& source) {
    constexpr mode_t permissions = 0777;
    const std::array<timespec, 2> times{source.st_atim, source.st_mtim};
    checked("change the mode", {}, [&] { return ::fchmod(upload.fd(), source.st_mode & permissions); });
    checked("set the time", {}, [&] { return ::futimens(upload.fd(), times.data()); });
}

} // namespace

void move_by_copying(Session& s, const std::string& from, const std::string& to) {
    const Refusal changed{450, text(escape(from), " changes just now: try again later.")};
    const Entry named = check_source(s, from, to);
    check_target(s, to);
    const OpenFile source = s.tree.open_file(from);
    if (!is_unchanged(named.status, source.status)) throw changed;
    Upload upload{s.tree, to, 0, policy_of(s, source.status)};
    try {
        copy(s, source.fd.get(), upload);
        dress_like(upload, source.status);
        if (!is_unchanged(source.status, s.tree.entry(from).status)) throw changed;
        upload.complete();
    } catch (const std::system_error& error) {
        const Refusal why = upload.explain_failure(error);
        upload.discard();
        throw why;
    } catch (...) {
        upload.discard();
        throw;
    }
    remove_source(s.tree, from, source.status, to);
}

void remove_source(const Tree& tree, const std::string& from, const struct stat& copied,
                   const std::string& to) {
    try {
        if (remove_if_unchanged(tree.place(from, LastLink::keep), copied)) return;
    } catch (const std::system_error& error) {
        throw Refusal{450, text(escape(to), " is there, but ", escape(from),
                                " cannot be removed: ", error.code().message(), '.')};
    }
    throw Refusal{450,
                  text(escape(to), " is there, but ", escape(from), " has changed meanwhile: it stays.")};
}

} // namespace ftpd
