// SPDX-License-Identifier: ISC
// The user file, suite-users(5): a line `name:hash:home:rights[:limits]' for each user. authd reads it, and
// ftpctl and chatctl edit it; a start checks it in a process
// of its own (common/aside.hh). What its words may be is the daemon's (UserTable). Errors
// name file, line, word and remedy; lines that are not users' stay as they are when others are edited.
#pragma once

#include "common/fd.hh"

#include <cstddef>
#include <functional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace common {

inline constexpr std::size_t max_user_name = 128;     // bytes: 32 columns of 4 bytes
inline constexpr std::size_t max_user_line = 1024;    // bytes
inline constexpr std::size_t max_user_file = 1 << 20; // bytes

// What the fields of a daemon's user file may hold.
struct UserTable {
    std::string_view daemon, ctl;                     // the program that edits the file
    bool has_homes = false;                           // else each home is `-'
    std::span<const std::string_view> rights;         // the words of the fourth field
    std::span<const std::string_view> limits;         // the keys of the fifth; each takes a number of bytes
    std::span<const std::string_view> reserved_names; // in any case of letters
    std::string_view usual_home, usual_rights;        // what `user add' takes where they are left out
    // Of the name of a new user: bytes that are not in it, and those that do not begin it.
    std::string_view never_in_new_names{}, never_first{};
};

// ftpd's and chatd's. They stand here, not in the daemons, because one program edits the files of both.
// Throws std::logic_error for any other name.
const UserTable& user_table(std::string_view daemon);

// One user, the fields as they stand in the line; rights is `-' where there are none.
struct User {
    std::string name;
    std::string hash;
    std::string home;
    std::string rights;
    std::string limits;
};

// The parts of a field between its commas; none for an empty field and for `-'.
std::vector<std::string_view> split_list(std::string_view field);

// Throws UserError saying what is wrong with a user's field and what would be right.
void check_user(const User& user, const UserTable& table);
// The same of the name of a user that is new.
void check_new_name(std::string_view name, const UserTable& table);

// The whole file. The table must outlive it.
class UserFile {
public:
    // name: of the file, for messages. Throws UserError "FILE:LINE: ...".
    UserFile(std::string name, std::string_view content, const UserTable& table);

    const User* find(std::string_view name) const; // nullptr: there is none
    std::vector<const User*> users() const;        // in their order
    std::string content() const;

    // They throw UserError: the user is there already, or is not there, or a field is wrong.
    void add(const User& user);
    void set_hash(std::string_view name, const std::string& hash);
    void remove(std::string_view name);

private:
    struct Line {
        std::string text; // of a comment, or empty
        User user;        // without a name in such a line
    };
    User parse_line(std::string_view line) const;
    std::vector<Line>::iterator line_of(std::string_view name);

    std::string name_;
    const UserTable* table_; // a pointer, so that a file can take another's place
    std::vector<Line> lines_;
};

// Reads it. Throws UserError, or std::system_error when it cannot be read.
UserFile read_user_file(const std::string& path, const UserTable& table);
// The same in two steps. path: for messages.
Fd open_user_file(const std::string& path);
UserFile read_user_file(const Fd& file, const std::string& path, const UserTable& table);

enum class IfMissing { make, fail };
// Reads it, lets change work on it, and puts the result in its place in one step, on disk: readers see the
// old or the new file, whole. Two editors at once wait for each other. Owner and mode are kept; a file that
// is made has mode 0600. What change throws leaves everything as it was. May block as long as another edits.
void edit_user_file(const std::string& path, const UserTable& table, IfMissing if_missing,
                    const std::function<void(UserFile&)>& change);

} // namespace common
