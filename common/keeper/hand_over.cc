// SPDX-License-Identifier: ISC
#include "common/keeper/hand_over.hh"

#include "common/address.hh"
#include "common/aside.hh"
#include "common/errors.hh"
#include "common/keeper/listeners.hh"
#include "common/text.hh"

#include <algorithm>
#include <cerrno>
#include <dirent.h>
#include <fcntl.h>
#include <filesystem>
#include <memory>
#include <string_view>
#include <sys/stat.h>
#include <unistd.h>

namespace common {
namespace {

constexpr int max_depth = 8; // rooms/ROOM/00000001.log is 3
constexpr mode_t others_write = S_IWGRP | S_IWOTH;

struct stat status_of(const Fd& file) {
    struct stat found {};
    checked("look at", "the state directory", [&] { return ::fstat(file.get(), &found); });
    return found;
}

bool is_roots(const struct stat& found) { return found.st_uid == 0; }

void give(const Fd& file, std::string_view name, const Identity& owner) {
    checked("hand over", name, [&] { return ::fchown(file.get(), owner.uid, owner.gid); });
}

// Of a name that may stand for something else by now; none for a link.
Fd open_in(int directory, const char* name, int flags) {
    Fd file{retry([&] { return ::openat(directory, name, flags | O_RDONLY | O_NOFOLLOW | O_CLOEXEC); })};
    if (!file && errno != ENOENT && errno != ELOOP && errno != ENOTDIR) fail("open", name);
    return file;
}

// What is in it first: while the folder is root's, nobody else changes the names there.
void give_folder(const Fd& folder, std::string_view path, const Identity& owner, int depth,
                 std::string_view but_for) {
    Fd listed = duplicate(folder.get());
    const std::unique_ptr<DIR, int (*)(DIR*)> stream{::fdopendir(listed.get()), ::closedir};
    if (!stream) fail("list", path);
    const int number = listed.release(); // the stream owns it now
    while (const dirent* const entry = ::readdir(stream.get())) {
        const std::string_view name = entry->d_name;
        struct stat found {};
        if (name == "." || name == ".." || name == but_for ||
            ::fstatat(number, entry->d_name, &found, AT_SYMLINK_NOFOLLOW) != 0)
            continue;
        if (S_ISDIR(found.st_mode) && depth > 0) {
            const Fd below = open_in(number, entry->d_name, O_DIRECTORY);
            if (below && is_roots(status_of(below))) give_folder(below, name, owner, depth - 1, {});
        } else if (S_ISREG(found.st_mode)) {
            const Fd file = open_in(number, entry->d_name, O_NONBLOCK | O_NOCTTY);
            if (!file) continue;
            found = status_of(file);
            if (S_ISREG(found.st_mode) && is_roots(found) && found.st_nlink == 1) give(file, name, owner);
        } else if (S_ISSOCK(found.st_mode) && is_roots(found)) { // which is left over, and cannot be opened
            checked("hand over", name, [&] {
                return ::fchownat(number, entry->d_name, owner.uid, owner.gid, AT_SYMLINK_NOFOLLOW);
            });
        }
    }
    give(folder, path, owner);
}

// Both without links.
bool is_beneath(const std::filesystem::path& path, const std::filesystem::path& top) {
    return std::mismatch(top.begin(), top.end(), path.begin(), path.end()).first == top.end();
}

} // namespace

Fd listen_for_control(const std::string& path, const std::optional<Identity>& owner,
                      std::chrono::milliseconds limit) {
    const Address address = Address::of_path(path);
    constexpr mode_t mode = 0600;
    if (!owner) return listen_within(limit, address, mode);
    struct stat folder {};
    const std::string above = path.substr(0, path.rfind('/') + 1);
    checked("look at", above, [&] { return ::stat(above.c_str(), &folder); });
    Fd socket;
    if (is_roots(folder) && (folder.st_mode & others_write) == 0) {
        socket = listen_within(limit, address, mode);
        checked("hand over", path, [&] { return ::lchown(path.c_str(), owner->uid, owner->gid); });
    } else {
        act_as(*owner, [&] { socket = listen_within(limit, address, mode); });
    }
    return socket;
}

void hand_over(const std::string& state, const Identity& owner) {
    const Fd folder{
        checked("open", state, [&] { return ::open(state.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC); })};
    if (const struct stat found = status_of(folder); is_roots(found)) {
        if ((found.st_mode & others_write) != 0)
            checked("set the mode of", state,
                    [&] { return ::fchmod(folder.get(), found.st_mode & 07777 & ~others_write); });
        give_folder(folder, state, owner, max_depth, "lock");
    }
    require_usable(state, owner);
}

void require_usable(const std::string& state, const Identity& owner) {
    struct stat found {};
    checked("look at", state, [&] { return ::stat(state.c_str(), &found); });
    ask_aside([&]() -> std::string {
        become(owner);
        if (::access(state.c_str(), R_OK | W_OK | X_OK) == 0) return {};
        throw UserError(text("user ", owner.name, " cannot use the state directory ", state,
                             found.st_uid == owner.uid
                                 ? ": let the folders above it be searched (chmod o+x)"
                                 : text(", which is user ", name_of_user(found.st_uid),
                                        "'s: let the daemon be that user, or give it to this one (chown -R ",
                                        owner.name, ' ', state, ')'),
                             ", or choose another with `state'"));
    });
}

std::vector<Note> notes_on_owner(const Identity& owner, std::string_view directive, const std::string& state,
                                 const std::vector<GroupPlace>& sockets) {
    std::vector<Note> notes;
    const auto look = [&](const auto& question) {
        try {
            question();
        } catch (const UserError& error) {
            notes.push_back({Severity::warning, text("as root starts it, with ", directive, ' ', owner.name,
                                                     ", it is refused: ", error.what())});
        }
    };
    struct stat found {};
    if (::stat(state.c_str(), &found) == 0 && !is_roots(found)) look([&] { require_usable(state, owner); });
    for (const GroupPlace& place : sockets) look([&] { require_owners_folder(place, owner); });
    return notes;
}

void require_outside(const std::string& state, const Identity& owner, const std::vector<OwnFile>& files) {
    const std::filesystem::path top = std::filesystem::weakly_canonical(state);
    for (const OwnFile& file : files) {
        const std::filesystem::path path = file.path;
        if (!path.is_absolute()) continue;
        if (is_beneath(std::filesystem::weakly_canonical(path), top) ||
            is_beneath(std::filesystem::weakly_canonical(path.parent_path()), top))
            throw UserError(text(file.what, ' ', file.path, " lies in the state directory, which is user ",
                                 owner.name, "'s: choose another place"));
    }
}

} // namespace common
