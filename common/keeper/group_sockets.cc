// SPDX-License-Identifier: ISC
#include "common/keeper/group_sockets.hh"

#include "common/address.hh"
#include "common/errors.hh"
#include "common/group_map.hh"
#include "common/keeper/keeper_link.hh"
#include "common/keeper/listeners.hh"
#include "common/start_checks.hh"
#include "common/text.hh"

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <exception>
#include <fcntl.h>
#include <filesystem>
#include <sys/stat.h>
#include <system_error>
#include <unistd.h>
#include <utility>

namespace common {
namespace {

constexpr mode_t for_owner = 0600, for_group = 0660;
constexpr mode_t others_write = S_IWGRP | S_IWOTH;

struct stat status_of(const std::string& path) {
    struct stat found {};
    checked("look at", path, [&] { return ::lstat(path.c_str(), &found); });
    return found;
}

struct stat folder_of(const std::string& path) {
    struct stat found {};
    const std::string folder = path.substr(0, path.rfind('/') + 1);
    checked("look at", folder, [&] { return ::stat(folder.c_str(), &found); });
    return found;
}

// Whose the socket is to be.
struct Wanted {
    std::optional<gid_t> group{}; // none: its owner's alone
    mode_t mode = for_owner;
};

// Whoever else could change the folder might put something else in the socket's place, between two looks.
void require_own_folder(const GroupPlace& place, const struct stat& folder) {
    if ((folder.st_mode & others_write) == 0 || (folder.st_mode & S_ISVTX) != 0) return;
    throw UserError(text(place.directive, ' ', place.path,
                         ": others may put a file of theirs in its place: have its folder be changed by its "
                         "owner alone (chmod go-w DIR), or by each for what is theirs (chmod +t DIR)"));
}

// Where this process is shown no group but its own (user_namespaces(7)), which one the folder has cannot be
// told from which one is wanted; but both are none of those that are shown.
bool is_hidden_in(const struct stat& folder, gid_t group) {
    return (folder.st_mode & S_ISGID) != 0 && !is_shown(group) && !is_shown(folder.st_gid);
}

Wanted wanted_of(const GroupPlace& place) {
    const struct stat folder = folder_of(place.path);
    require_own_folder(place, folder);
    if (!place.group.empty()) {
        const gid_t group = find_group(place.group, place.directive);
        return {is_hidden_in(folder, group) ? folder.st_gid : group, for_group};
    }
    if ((folder.st_mode & S_ISGID) == 0) return {};
    return {folder.st_gid, for_group};
}

// So that it is right from its first moment, if its group is.
mode_t first_mode(const GroupPlace& place, const Wanted& wanted) {
    const struct stat folder = folder_of(place.path);
    const gid_t born_with = (folder.st_mode & S_ISGID) != 0 ? folder.st_gid : ::getegid();
    return wanted.group == born_with ? wanted.mode : for_owner;
}

[[noreturn]] void refuse_group(const GroupPlace& place, const std::string& why) {
    throw UserError(text(place.directive, ' ', place.path, ": group ",
                         place.group.empty() ? "of the folder" : place.group, ' ', why,
                         ": have the daemon's user be in it, or leave out the group, and give it the folder "
                         "(chgrp GROUP DIR; chmod g+s DIR), as under a unit that shows the daemon no other"));
}

// With the rights of whose it is: then nothing is changed that this one could not change; and through no link
// that stands there instead.
void let_in(const GroupPlace& place, const Wanted& wanted, uid_t owner) {
    const struct stat found = status_of(place.path);
    if (!S_ISSOCK(found.st_mode)) throw UserError(text(place.path, " is no socket any more: remove it"));
    if (found.st_uid != owner && found.st_uid != ::geteuid())
        throw UserError(text(place.path, " is another user's socket: remove it, or choose another path"));
    if (wanted.group && found.st_gid != *wanted.group &&
        ::lchown(place.path.c_str(), static_cast<uid_t>(-1), *wanted.group) != 0)
        refuse_group(place, text("cannot be let in (", std::strerror(errno), ')'));
    if ((found.st_mode & 07777) != wanted.mode)
        checked("set the mode of", place.path,
                [&] { return ::fchmodat(AT_FDCWD, place.path.c_str(), wanted.mode, AT_SYMLINK_NOFOLLOW); });
}

bool is_roots_alone(const struct stat& folder) {
    return folder.st_uid == 0 && (folder.st_mode & others_write) == 0;
}

// In a folder that nobody else can change, root does it itself, and what it makes is the owner's afterwards;
// else it is done as the owner, who is in the group meanwhile.
void as_owner(const GroupPlace& place, const std::optional<Identity>& owner, const Wanted& wanted,
              const std::function<void()>& work) {
    if (!owner) return work();
    if (is_roots_alone(folder_of(place.path))) {
        work();
        checked("hand over", place.path,
                [&] { return ::lchown(place.path.c_str(), owner->uid, wanted.group.value_or(owner->gid)); });
    } else {
        const Identity as{owner->uid, wanted.group.value_or(owner->gid), owner->name};
        require_owners_folder(place, as);
        act_as(as, work);
    }
}

// A unit that has run since before its folder was let in shows that to be read, and no more.
template <class Work>
auto explained(const GroupPlace& place, const Work& work) {
    try {
        return work();
    } catch (const std::system_error& error) {
        if (error.code() != std::errc::read_only_file_system) throw;
        throw UserError(text(place.directive, ' ', place.path, ": ", error.what(),
                             ": under a unit that was running when it was installed anew, restart that once, "
                             "after systemd-tmpfiles --create"));
    }
}

bool is_gone(const std::string& path) {
    struct stat found {};
    return ::lstat(path.c_str(), &found) != 0 && errno == ENOENT;
}

std::string label_of(const GroupPlace& place) { return text(label_of_group_socket, place.path); }

} // namespace

void check_group_place(const GroupPlace& place, const std::string& state) {
    explained(place, [&] { check_socket_path(Address::of_path(place.path), state); });
    std::optional<gid_t> group;
    if (!place.group.empty()) group = find_group(place.group, place.directive);
    struct stat folder {};
    const std::string above = place.path.substr(0, place.path.rfind('/') + 1);
    if (::stat(above.c_str(), &folder) != 0) return; // it is made
    require_own_folder(place, folder);
    if (!group) return;
    const bool is_folders =
        ((folder.st_mode & S_ISGID) != 0 && folder.st_gid == *group) || is_hidden_in(folder, *group);
    if (::geteuid() != 0 && !is_folders && !is_member(*group))
        refuse_group(place, "cannot be let in by who is not in it");
}

void require_owners_folder(const GroupPlace& place, const Identity& owner) {
    struct stat folder {};
    const std::string above = std::filesystem::path{place.path}.parent_path();
    if (::stat(above.c_str(), &folder) != 0 || is_roots_alone(folder)) return; // or it is made
    bool may_make = true;
    act_as(owner, [&] { may_make = ::faccessat(AT_FDCWD, above.c_str(), W_OK | X_OK, AT_EACCESS) == 0; });
    if (may_make) return;
    throw UserError(text(place.directive, ' ', place.path, ": user ", owner.name,
                         " can make nothing in its folder, which is user ", name_of_user(folder.st_uid),
                         "'s: let the daemon be that user, or give the folder to this one (chown ",
                         owner.name, ' ', above, ')'));
}

void GroupSockets::adopt(std::string label, Fd fd) { all_.push_back({std::move(label), std::move(fd)}); }

void GroupSockets::open(const std::vector<GroupPlace>& places, const std::optional<Identity>& owner,
                        std::vector<Note>* told, const Changes& changes, std::chrono::milliseconds limit) {
    std::vector<Socket> left = std::exchange(all_, {});
    const uid_t whose = owner ? owner->uid : ::geteuid();
    const auto open_one = [&](const GroupPlace& place) {
        const auto there = std::ranges::find(left, label_of(place), &Socket::label);
        // Whoever has been given the other must be told of a new one.
        const bool is_new = there == left.end() || (changes.on_new && !leaves_files_ && is_gone(place.path));
        if (!is_new) {
            all_.push_back(std::move(*there)); // whatever becomes of its group
            left.erase(there);
            if (leaves_files_) return;
        }
        const Wanted wanted = wanted_of(place);
        if (!is_new) return as_owner(place, owner, wanted, [&] { let_in(place, wanted, whose); });
        Fd fd;
        try {
            as_owner(place, owner, wanted, [&] {
                fd = listen_within(limit, Address::of_path(place.path), first_mode(place, wanted));
                let_in(place, wanted, whose);
            });
        } catch (const std::exception&) {
            if (fd) remove_socket_file(fd.get());
            throw;
        }
        if (there != left.end()) left.erase(there); // of which there is no file
        all_.push_back({label_of(place), std::move(fd)});
        if (changes.on_new) changes.on_new(all_.back());
    };
    bool has_all = true;
    for (const GroupPlace& place : places) {
        try {
            explained(place, [&] { open_one(place); });
        } catch (const std::exception& error) {
            if (told == nullptr) throw;
            told->push_back({Severity::error, error.what()});
            has_all = false;
        }
    }
    for (Socket& one : left) {
        if (!has_all) { // it may have been the one before
            all_.push_back(std::move(one));
            continue;
        }
        close(one);
        if (changes.on_gone) changes.on_gone(one.label);
    }
}

void GroupSockets::leave_out(const std::vector<std::string>& labels) {
    std::erase_if(all_, [&](const Socket& one) {
        if (std::ranges::find(labels, one.label) == labels.end()) return false;
        close(one);
        return true;
    });
}

void GroupSockets::close() {
    for (const Socket& one : all_) close(one);
    all_.clear();
}

void GroupSockets::close(const Socket& one) const {
    if (!leaves_files_) remove_socket_file(one.fd.get());
}

} // namespace common
