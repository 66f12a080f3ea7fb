// SPDX-License-Identifier: ISC
// The users as authd knows them: read from the user file, and read again when it has changed. A file that
// cannot be read, or has a fault, leaves the users that were there.
#pragma once

#include "common/authd/authd_frames.hh"
#include "common/authd/user_file.hh"

#include <functional>
#include <string>
#include <string_view>
#include <sys/stat.h>
#include <vector>

namespace common {

class UserStore {
public:
    // path: empty for no user at all. The table must outlive it. Takes as long as a check, for the decoy.
    // strangers and open: AuthdSettings.
    UserStore(std::string path, const UserTable& table, std::string strangers,
              std::function<Fd()> open = nullptr);

    // Looks whether the file has changed; if so, reads it. What is to be told about that, once.
    std::vector<Note> refresh();

    std::vector<const User*> all() const { return users_.users(); }
    const User* find(std::string_view name) const; // nullptr: there is none, or one who cannot log in
    // What a password for an unknown name is checked against, so that it takes as long as for a user: the
    // hash of one of the users, the same for the same name; without users one of the strongest method.
    const std::string& decoy_for(std::string_view name) const;

private:
    std::vector<Note> tell(Severity severity, std::string text);
    std::vector<Note> load(const Fd& file, const struct stat& found);

    std::string path_;
    const UserTable& table_;
    std::string strangers_;
    std::function<Fd()> open_;
    UserFile users_;
    struct stat read_ {};             // the file that was read last, or had a fault
    std::string told_;                // the last note's text
    std::string key_;                 // nobody outside can tell which decoy a name has
    std::vector<std::string> hashes_; // of all that can log in; never empty
    std::string own_hash_;
};

} // namespace common
