// SPDX-License-Identifier: ISC
#include "common/authd/user_store.hh"

#include "common/authd/password.hh"
#include "common/errors.hh"
#include "common/text.hh"

#include <algorithm>
#include <functional>
#include <optional>
#include <system_error>

namespace common {
namespace {

bool is_same(const struct stat& one, const struct stat& other) {
    const auto same_time = [](const timespec& a, const timespec& b) {
        return a.tv_sec == b.tv_sec && a.tv_nsec == b.tv_nsec;
    };
    return one.st_dev == other.st_dev && one.st_ino == other.st_ino && one.st_size == other.st_size &&
           same_time(one.st_mtim, other.st_mtim) && same_time(one.st_ctim, other.st_ctim);
}

// A path's components, one after each slash; those of the whole tree are none.
std::vector<std::string_view> names_in(std::string_view path) {
    std::vector<std::string_view> names;
    for (const std::string_view name : split(path, '/'))
        if (!name.empty() && name != ".") names.push_back(name);
    return names;
}

bool lies_in(const std::vector<std::string_view>& inner, const std::vector<std::string_view>& outer) {
    return inner.size() >= outer.size() && std::equal(outer.begin(), outer.end(), inner.begin());
}

// Homes that strangers can be met in, in one line: the first by name, the others by their number.
std::optional<Note> tell_of_meeting(const UserFile& users, const std::string& strangers) {
    if (strangers.empty()) return {};
    const std::vector<std::string_view> theirs = names_in(strangers);
    std::string first;
    std::size_t count = 0;
    for (const User* const user : users.users()) {
        const std::vector<std::string_view> home = names_in(user->home);
        if (!lies_in(home, theirs) && !lies_in(theirs, home)) continue;
        if (count++ == 0)
            first = text("the home ", user->home, " of ", user->name,
                         lies_in(home, theirs) ? " lies in" : " contains", " anonymous-root ", strangers);
    }
    if (count == 0) return {};
    if (count > 1) first += text(", and so with ", count - 1, " more");
    return Note{Severity::warning,
                first + ": files are shared there; another anonymous-root or home keeps them apart"};
}

constexpr std::string_view old_stay = "; the previous users stay";

} // namespace

UserStore::UserStore(std::string path, const UserTable& table, std::string strangers,
                     std::function<Fd()> open)
    : path_(std::move(path)),
      table_(table),
      strangers_(std::move(strangers)),
      open_(open ? std::move(open) : [this] { return open_user_file(path_); }),
      users_(path_, "", table),
      key_(portable_hash_settings().front()), // its salt is random
      own_hash_(hash_password(Secret{key_})) {
    hashes_ = {own_hash_};
}

std::vector<Note> UserStore::refresh() {
    if (path_.empty()) return {};
    struct stat found {};
    Fd file;
    try {
        file = open_();
    } catch (const std::exception& error) { // the system's, or what the keeper says of its own
        return tell(Severity::error, text("users not read: ", error.what(),
                                          ": put one there that the daemon may read", old_stay));
    }
    try {
        checked("look at the user file", path_, [&] { return ::fstat(file.get(), &found); });
        if (is_same(found, read_)) return {};
        return load(file, found);
    } catch (const UserError& error) {
        if (found.st_nlink != 0) read_ = found; // until it is changed
        return tell(Severity::error, text("users not read, ", error.what(), old_stay));
    } catch (const std::system_error& error) {
        return tell(Severity::error, text("users not read: ", error.what(), old_stay));
    }
}

std::vector<Note> UserStore::tell(Severity severity, std::string text) {
    if (text == std::exchange(told_, text)) return {};
    return {{severity, std::move(text)}};
}

std::vector<Note> UserStore::load(const Fd& file, const struct stat& found) {
    users_ = read_user_file(file, path_, table_);
    read_ = found; // of before it was read: a change in between is seen next time
    hashes_.clear();
    for (const User* const user : users_.users())
        if (!is_locked(user->hash)) hashes_.push_back(user->hash);
    const std::string read = text(users_.users().size(), " users read from ", path_);
    if (hashes_.empty()) hashes_.push_back(own_hash_);
    told_.clear();
    std::vector<Note> notes;
    if ((found.st_mode & (S_IWGRP | S_IRWXO)) == 0)
        notes.push_back({Severity::notice, read});
    else
        notes.push_back(
            {Severity::warning, read + ", which others can read, or its group can write to: chmod 640"});
    if (const auto met = tell_of_meeting(users_, strangers_)) notes.push_back(*met);
    return notes;
}

const User* UserStore::find(std::string_view name) const {
    const User* const user = users_.find(name);
    return user == nullptr || is_locked(user->hash) ? nullptr : user;
}

const std::string& UserStore::decoy_for(std::string_view name) const {
    return hashes_[std::hash<std::string>{}(key_ + std::string{name}) % hashes_.size()];
}

} // namespace common
