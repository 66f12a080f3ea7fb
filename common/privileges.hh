// SPDX-License-Identifier: ISC
// How a child that root started becomes an ordinary user, in ftpd inside the served tree. The user is looked
// up before that: inside a chroot, and in a static program, there may be no user database.
#pragma once

#include "common/fd.hh"

#include <functional>
#include <string>
#include <string_view>
#include <sys/types.h>

namespace common {

struct Identity {
    uid_t uid{};
    gid_t gid{};
    std::string name;
};

// The user of the directive, getpwnam(3). Throws UserError if there is none of this name, or if it is root by
// another name or its own (user or group 0).
Identity find_user(std::string_view name, std::string_view directive = "run-as");
// The user's name, getpwuid(3), or the number of one who has none: for words.
std::string name_of_user(uid_t user);
// Opens what an administrator has written, with open(2)'s flags. Throws UserError with the remedy where this
// user may not, and else std::system_error with the verb.
Fd open_readable(std::string_view verb, const std::string& path, int flags);
// The group of the directive, getgrnam(3). Throws UserError if there is none of this name.
gid_t find_group(std::string_view name, std::string_view directive);
// Whether this process may give its files to the group without being root.
bool is_member(gid_t group);

// chroot(2) into an open directory, which becomes the working directory. Only root may, and who has the
// rights of common/child_rights.hh: that one has become the directory's owner afterwards, until it becomes
// another.
void enter_root(int directory);

// Takes user and group for good and gives up every other group; only they may. Throws std::system_error if a
// step fails, and std::logic_error if root could be regained afterwards.
void become(const Identity& identity);

// Runs work with the user's rights to files, and is itself again afterwards, also if work throws. Only root
// may, and who has the rights of common/child_rights.hh. Throws std::system_error for a step that fails.
void act_as(const Identity& identity, const std::function<void()>& work);

} // namespace common
