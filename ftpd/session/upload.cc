// SPDX-License-Identifier: ISC
#include "ftpd/session/upload.hh"

#include "common/errors.hh"
#include "common/rename.hh"
#include "common/text.hh"
#include "ftpd/held_file.hh"
#include "ftpd/path.hh"
#include "ftpd/session/refusal.hh"

#include <algorithm>
#include <array>
#include <cstring>
#include <ctime>
#include <fcntl.h>
#include <sys/statvfs.h>
#include <unistd.h>
#include <utility>

using namespace common;

namespace ftpd {
namespace {

std::optional<struct stat> look(const Place& at, const std::string& name) {
    struct stat found {};
    if (::fstatat(at.directory.get(), name.c_str(), &found, AT_SYMLINK_NOFOLLOW) == 0) return found;
    if (errno != ENOENT) fail("look at", name);
    return {};
}

// The name, which the directory holds.
void put_on_disk(const Place& place) {
    const Fd directory{checked("open", ".", [&] {
        return ::openat(place.directory.get(), ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    })};
    checked("sync", ".", [&] { return ::fsync(directory.get()); });
}

void unlink_at(const Place& at, const std::string& name) { ::unlinkat(at.directory.get(), name.c_str(), 0); }

void check_target(const std::optional<struct stat>& present, const std::string& shown, Rights rights,
                  Replace replace) {
    if (!present) {
        if (!rights.has(Right::create)) throw Refusal{550, text(shown, ": you may not create files here.")};
        return;
    }
    if (S_ISDIR(present->st_mode)) throw Refusal{550, text(shown, " is a directory.")};
    if (!S_ISREG(present->st_mode)) throw Refusal{550, text(shown, " is not a regular file.")};
    if (!rights.has(Right::overwrite))
        throw Refusal{550, text(shown, " exists already: you may not replace it.")};
    if (replace == Replace::never)
        throw Refusal{
            550, text(shown, " exists already: to replace it, announce the size with ALLO, or use WRITE.")};
}

// For what an announced upload adds to what is there, where the file system says how much is free.
void check_space(const Place& at, std::uint64_t announced, std::uint64_t added) {
    struct statvfs disk {};
    if (::fstatvfs(at.directory.get(), &disk) != 0 || disk.f_blocks == 0) return;
    const std::uint64_t blocks = ::geteuid() == 0 ? disk.f_bfree : disk.f_bavail; // the rest is root's
    const std::uint64_t block = disk.f_frsize;
    if (added == 0 || added / block < blocks) return;
    throw Refusal{552, text("There are ", blocks * block, " bytes free on the disk, and not the ", announced,
                            " that you announced: nothing was stored.")};
}

} // namespace

Upload::Upload(const Tree& tree, std::string_view path, Offset from, const Policy& policy)
    : path_(path),
      policy_(policy),
      may_replace_(policy.replace == Replace::if_allowed && policy.rights.has(Right::overwrite)) {
    if (path == "/") throw Refusal{550, "/ is a directory."};
    check_limit(from.value_or(0));
    place_ = tree.place(path, LastLink::follow);
    if (const auto why = tree.names().refuse(place_.name)) // of what a link leads to
        throw Refusal{553, text(escape(path), " leads elsewhere: ", *why)};
    constexpr int tries = 16; // another session may complete, replace or remove it just now
    for (int attempt = 0; attempt < tries; ++attempt)
        if (open(from)) return;
    throw Refusal{450, text(escape(place_.name), " is being uploaded by others: try again later.")};
}

void Upload::check_limit(std::uint64_t offset) const {
    const std::uint64_t most = policy_.max_size;
    if (most > 0 && policy_.announced && *policy_.announced > most - std::min(most, offset))
        throw Refusal{552, text("A file may have ", most, " bytes (max-upload): nothing was stored.")};
}

// False if others have been at the names meanwhile: then all has to be looked at anew.
bool Upload::open(Offset from) {
    const std::optional<struct stat> present = look(place_, place_.name);
    check_target(present, escape(path_), policy_.rights, policy_.replace);
    replaces_ = present.has_value();
    if (policy_.announced) check_space(place_, *policy_.announced, added_to(present, from));
    const bool in_place = present && from != 0U;
    const bool creates = !in_place && from.value_or(0) == 0;
    partial_ = in_place ? std::string{} : partial_name(place_.name);
    HeldFile held = hold_file(place_.directory.get(), name_now(), creates ? O_CREAT : 0);
    if (held.state == HeldFile::State::in_use)
        throw Refusal{450,
                      text(escape(place_.name), " is being uploaded by another session: try again later.")};
    if (held.state == HeldFile::State::absent) {
        // In this order: the one becomes the other.
        if (!in_place && !creates && !look(place_, partial_) && !look(place_, place_.name)) refuse_offset(0);
        return false;
    }
    if (!S_ISREG(held.status.st_mode))
        throw Refusal{550,
                      text(escape(place_.name), in_place ? " is not a regular file."
                                                         : ": its unfinished upload is not a regular file.")};
    const auto size = static_cast<std::uint64_t>(held.status.st_size);
    // Whoever gave the name to an upload held this lock, so from now on none can come to it.
    if (!in_place && (from != 0U || !may_replace_) && look(place_, place_.name)) {
        if (size == 0) unlink_at(place_, partial_);
        return false;
    }
    const std::uint64_t offset = from.value_or(size);
    if (offset > size) refuse_offset(size);
    check_limit(offset);
    is_longer_ = !in_place && offset != size;
    file_ = std::move(held.file);
    offset_ = static_cast<off_t>(offset);
    // What comes to the name meanwhile is not what it goes on with.
    goes_on_ = !in_place && from != 0U;
    return true;
}

// Of what is announced, the bytes that are not written over others.
std::uint64_t Upload::added_to(const std::optional<struct stat>& present, Offset from) const {
    const auto size = present ? static_cast<std::uint64_t>(present->st_size) : 0;
    const std::uint64_t kept = from == 0U ? 0 : size - std::min(size, from.value_or(size));
    return *policy_.announced - std::min(*policy_.announced, kept);
}

void Upload::refuse_offset(std::uint64_t size) const {
    if (is_in_place())
        throw Refusal{554, text("The file has only ", size, " bytes: restart there or before.")};
    throw Refusal{554, text("There are only ", size, " bytes to continue from: restart there or before.")};
}

void Upload::leave() {
    if (file_ && !is_in_place() && offset_ == 0 && !is_longer_) remove_partial();
    file_.reset();
}

void Upload::cut() {
    if (!std::exchange(is_longer_, false)) return;
    checked("truncate", place_.name, [&] { return ::ftruncate(file_.get(), offset_); });
}

void Upload::write(std::string_view bytes) {
    if (policy_.max_size > 0 && static_cast<std::uint64_t>(offset_) + bytes.size() > policy_.max_size)
        fail_with(EFBIG, "write", place_.name);
    cut();
    while (!bytes.empty()) {
        const auto wrote = checked(
            "write", place_.name, [&] { return ::pwrite(file_.get(), bytes.data(), bytes.size(), offset_); });
        offset_ += wrote;
        bytes.remove_prefix(static_cast<std::size_t>(wrote));
    }
}

// The status of the whole file, which is on disk if that was asked for, and has its name still.
struct stat Upload::written() {
    cut();
    if (policy_.sync) checked("sync", place_.name, [&] { return ::fsync(file_.get()); });
    struct stat status {};
    checked("stat", place_.name, [&] { return ::fstat(file_.get(), &status); });
    id_ = id_of(status);
    if (!is_named(place_.directory.get(), name_now(), status))
        throw Refusal{451, text(escape(path_), " was replaced or removed by others meanwhile: "
                                               "what you sent is not in it.")};
    return status;
}

// For who looks whether it is still the same file (ftpd/session/replacement.cc): the system's own time is
// that of its last tick. Whose file it is not, may not, and is not needed to.
void Upload::stamp() {
    std::array<timespec, 2> times{};
    times[0].tv_nsec = UTIME_OMIT;
    ::clock_gettime(CLOCK_REALTIME, &times[1]);
    ::futimens(file_.get(), times.data());
}

Replacement::Over Upload::over() const {
    using Over = Replacement::Over;
    if (!may_replace_) return Over::never_else;
    if (goes_on_) return Over::nothing_still;
    return replaces_ ? Over::a_file : Over::nothing;
}

// Where others have the name by now, or nobody can tell, the partial is of no use to anybody.
Replacement Upload::take_name(const struct stat& status) {
    try {
        return Replacement{place_, partial_, status, over()};
    } catch (const std::system_error& error) {
        if (error.code().value() == EEXIST || (error.code().value() == EPERM && !may_replace_))
            remove_partial();
        throw;
    }
}

std::uint64_t Upload::complete() {
    if (is_in_place()) stamp();
    const struct stat status = written();
    std::optional<Replacement> in_its_place;
    if (may_replace_ && !goes_on_ && !is_in_place())
        checked("rename", place_.name, [&] {
            const int directory = place_.directory.get();
            return ::renameat(directory, partial_.c_str(), directory, place_.name.c_str());
        });
    else if (!is_in_place())
        in_its_place.emplace(take_name(status));
    if (policy_.sync && !is_in_place()) put_on_disk(in_its_place ? in_its_place->place() : place_);
    file_.reset(); // the lock ends after the name stands
    return static_cast<std::uint64_t>(status.st_size);
}

Upload::Completed Upload::complete_revocably() {
    if (is_in_place()) return {complete(), {}};
    const struct stat status = written();
    Completed completed{static_cast<std::uint64_t>(status.st_size), {}};
    if (over() == Replacement::Over::a_file && !policy_.sync) begin_writing_to_disk(file_.get());
    completed.replacement.emplace(take_name(status));
    file_.reset();
    if (!policy_.sync) return completed;
    try {
        put_on_disk(completed.replacement->place());
    } catch (const std::system_error&) {
        completed.replacement->take_back(); // the client is told that it is not stored
        throw;
    }
    return completed;
}

Refusal Upload::explain_failure(const std::system_error& error) {
    const int number = error.code().value();
    const bool lacks_space = number == ENOSPC || number == EDQUOT || number == EFBIG;
    if (!lacks_space) return explain(error, path_);
    const std::string cause = number == EFBIG && policy_.max_size > 0
                                  ? text("A file may have ", policy_.max_size, " bytes (max-upload): ended")
                                  : std::string{std::strerror(number)};
    const std::string why = text(cause, " after ", offset_, " bytes: ", escape(path_));
    if (is_in_place()) return {552, text(why, " has been changed up to there.")};
    discard();
    return {552, text(why, replaces_ ? " is unchanged." : " is not stored.")};
}

void Upload::discard() {
    if (file_ && !is_in_place()) remove_partial();
    file_.reset();
}

// While its lock is held.
void Upload::remove_partial() {
    struct stat status {};
    if (::fstat(file_.get(), &status) == 0 && is_named(place_.directory.get(), partial_, status))
        unlink_at(place_, partial_);
}

std::optional<std::uint64_t> partial_size(const Tree& tree, std::string_view path) {
    const Place place = tree.place(path, LastLink::follow);
    const std::optional<struct stat> found = look(place, partial_name(place.name));
    if (!found || !S_ISREG(found->st_mode)) return {};
    return static_cast<std::uint64_t>(found->st_size);
}

std::optional<OpenFile> open_partial(const Tree& tree, std::string_view path) {
    const Place place = tree.place(path, LastLink::follow);
    OpenFile partial;
    partial.fd = Fd{retry([&] {
        return ::openat(place.directory.get(), partial_name(place.name).c_str(),
                        O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
    })};
    if (!partial.fd && errno == ENOENT) return {};
    if (!partial.fd) fail("open", place.name);
    checked("stat", place.name, [&] { return ::fstat(partial.fd.get(), &partial.status); });
    if (!S_ISREG(partial.status.st_mode)) return {};
    return partial;
}

namespace {

bool remove_partial(const Tree& tree, std::string_view path) {
    const Place place = tree.place(path, LastLink::follow);
    const std::string partial = partial_name(place.name);
    const HeldFile held = hold_file(place.directory.get(), partial);
    if (held.state == HeldFile::State::in_use)
        throw Refusal{450, text(escape(path), " is being uploaded by another session: try again later.")};
    if (held.state == HeldFile::State::absent) return false;
    checked("remove", place.name, [&] { return ::unlinkat(place.directory.get(), partial.c_str(), 0); });
    return true;
}

} // namespace

Removed remove_file_or_partial(const Tree& tree, std::string_view path) {
    try {
        tree.remove_file(path);
        return Removed::file;
    } catch (const std::system_error& error) {
        if (error.code().value() != ENOENT) throw;
    }
    if (remove_partial(tree, path)) return Removed::partial;
    tree.remove_file(path); // which it may have become meanwhile
    return Removed::file;
}

} // namespace ftpd
