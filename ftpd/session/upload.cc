// SPDX-License-Identifier: ISC
#include "ftpd/session/upload.hh"

#include "common/errors.hh"
#include "common/file_lock.hh"
#include "common/rename.hh"
#include "common/text.hh"
#include "ftpd/path.hh"
#include "ftpd/session/refusal.hh"

#include <algorithm>
#include <cstring>
#include <fcntl.h>
#include <sys/statvfs.h>
#include <unistd.h>

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

Upload::Upload(const Tree& tree, std::string_view path, std::uint64_t offset, const Policy& policy)
    : path_(path),
      policy_(policy),
      may_replace_(policy.replace == Replace::if_allowed && policy.rights.has(Right::overwrite)) {
    if (path == "/") throw Refusal{550, "/ is a directory."};
    place_ = tree.place(path, LastLink::follow);
    if (const auto why = tree.names().refuse(place_.name)) // of what a link leads to
        throw Refusal{553, text(escape(path), " leads elsewhere: ", *why)};
    const std::optional<struct stat> present = look(place_, place_.name);
    check_target(present, escape(path), policy.rights, policy.replace);
    replaces_ = present.has_value();
    if (policy.announced) {
        const std::uint64_t kept = present && offset > 0 // in place
                                       ? static_cast<std::uint64_t>(present->st_size) -
                                             std::min(static_cast<std::uint64_t>(present->st_size), offset)
                                       : 0;
        check_space(place_, *policy.announced, *policy.announced - std::min(*policy.announced, kept));
    }
    if (present && offset > 0)
        open_in_place(offset, *present);
    else
        open_partial(offset);
    offset_ = static_cast<off_t>(offset);
}

void Upload::open_in_place(std::uint64_t offset, const struct stat& present) {
    if (offset > static_cast<std::uint64_t>(present.st_size))
        throw Refusal{554, text("The file has only ", present.st_size, " bytes: restart there or before.")};
    file_ = Fd{checked("open", place_.name, [&] {
        return ::openat(place_.directory.get(), place_.name.c_str(),
                        O_WRONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
    })};
    lock();
}

void Upload::open_partial(std::uint64_t offset) {
    partial_ = partial_name(place_.name);
    const std::optional<struct stat> before = offset > 0 ? look(place_, partial_) : std::nullopt;
    const std::uint64_t size = before ? static_cast<std::uint64_t>(before->st_size) : 0;
    if (offset > size)
        throw Refusal{554,
                      text("There are only ", size, " bytes to continue from: restart there or before.")};
    constexpr int tries = 16; // another session may complete or remove it just now
    for (int attempt = 0; attempt < tries; ++attempt) {
        file_ = Fd{checked("create", place_.name, [&] {
            return ::openat(place_.directory.get(), partial_.c_str(),
                            O_WRONLY | O_CREAT | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC, 0666);
        })};
        lock();
        const std::optional<std::uint64_t> has = size_if_still_named();
        if (!has) continue;
        if (*has != offset)
            checked("truncate", place_.name,
                    [&] { return ::ftruncate(file_.get(), static_cast<off_t>(offset)); });
        return;
    }
    throw Refusal{450, text(escape(place_.name), " is being uploaded by others: try again later.")};
}

void Upload::lock() {
    if (!try_lock_file(file_.get(), place_.name))
        throw Refusal{450,
                      text(escape(place_.name), " is being uploaded by another session: try again later.")};
}

// The open file's size, if it is still the one under the partial's name.
std::optional<std::uint64_t> Upload::size_if_still_named() const {
    struct stat ours {};
    checked("stat", place_.name, [&] { return ::fstat(file_.get(), &ours); });
    if (!S_ISREG(ours.st_mode))
        throw Refusal{550, text(escape(place_.name), ": its unfinished upload is not a regular file.")};
    const std::optional<struct stat> named = look(place_, partial_);
    if (!named || named->st_ino != ours.st_ino || named->st_dev != ours.st_dev) return {};
    return static_cast<std::uint64_t>(ours.st_size);
}

void Upload::write(std::string_view bytes) {
    if (policy_.max_size > 0 && static_cast<std::uint64_t>(offset_) + bytes.size() > policy_.max_size)
        fail_with(EFBIG, "write", place_.name);
    while (!bytes.empty()) {
        const auto wrote = checked(
            "write", place_.name, [&] { return ::pwrite(file_.get(), bytes.data(), bytes.size(), offset_); });
        offset_ += wrote;
        bytes.remove_prefix(static_cast<std::size_t>(wrote));
    }
}

// The status of the whole file, which is on disk if that was asked for.
struct stat Upload::written() {
    struct stat status {};
    checked("stat", place_.name, [&] { return ::fstat(file_.get(), &status); });
    id_ = id_of(status);
    if (policy_.sync) checked("sync", place_.name, [&] { return ::fsync(file_.get()); });
    return status;
}

std::uint64_t Upload::complete() {
    const auto size = static_cast<std::uint64_t>(written().st_size);
    if (!is_in_place()) {
        const int directory = place_.directory.get();
        if (may_replace_)
            checked("rename", place_.name,
                    [&] { return ::renameat(directory, partial_.c_str(), directory, place_.name.c_str()); });
        else if (const Renamed result = rename_if_free(directory, partial_, place_.name);
                 result != Renamed::done) {
            unlink_at(place_, partial_);
            fail_with(result == Renamed::taken ? EEXIST : EPERM, "create", place_.name);
        }
        if (policy_.sync) put_on_disk(place_);
    }
    file_.reset(); // the lock ends after the name stands
    return size;
}

Upload::Completed Upload::complete_revocably() {
    if (is_in_place()) return {complete(), {}};
    using Over = Replacement::Over;
    const struct stat status = written();
    const Over over = !may_replace_ ? Over::never_else : replaces_ ? Over::a_file : Over::nothing;
    Completed completed{static_cast<std::uint64_t>(status.st_size), {}};
    if (over == Over::a_file && !policy_.sync) begin_writing_to_disk(file_.get());
    try {
        completed.replacement.emplace(place_, partial_, status, over);
    } catch (const std::system_error&) {
        if (!may_replace_) unlink_at(place_, partial_);
        throw;
    }
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
    unlink_at(place_, partial_);
    file_.reset();
    return {552, text(why, replaces_ ? " is unchanged." : " is not stored.")};
}

void Upload::discard() {
    if (file_ && !is_in_place()) unlink_at(place_, partial_);
    file_.reset();
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

std::uint64_t size_so_far(const Tree& tree, std::string_view path) {
    const Place place = tree.place(path, LastLink::follow);
    const std::optional<struct stat> found = look(place, place.name);
    if (found) return static_cast<std::uint64_t>(found->st_size);
    return partial_size(tree, path).value_or(0);
}

bool remove_partial(const Tree& tree, std::string_view path) {
    const Place place = tree.place(path, LastLink::follow);
    if (!look(place, partial_name(place.name))) return false;
    unlink_at(place, partial_name(place.name));
    return true;
}

} // namespace ftpd
