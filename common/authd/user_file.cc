// SPDX-License-Identifier: ISC
#include "common/authd/user_file.hh"

#include "common/amounts.hh"
#include "common/authd/password.hh"
#include "common/byte_order_mark.hh"
#include "common/errors.hh"
#include "common/text.hh"

#include <algorithm>
#include <array>
#include <cstdint>
#include <map>
#include <stdexcept>

namespace common {
namespace {

constexpr std::array<std::string_view, 7> ftp_rights{"list",   "read",   "write", "overwrite",
                                                     "delete", "rename", "mkdir"};
constexpr std::array<std::string_view, 3> ftp_limits{"rate-up", "rate-down", "max-upload"};
constexpr std::array<std::string_view, 2> ftp_reserved{"anonymous", "ftp"};
constexpr std::array<std::string_view, 1> chat_rights{"operator"};
constexpr std::array<std::string_view, 1> chat_reserved{"administrator"};

constexpr std::array tables{
    UserTable{"ftpd", "ftpctl", true, ftp_rights, ftp_limits, ftp_reserved, "/", "list,read"},
    UserTable{"chatd", "chatctl", false, chat_rights, {}, chat_reserved, "-", "-", ",!@*?", "#&$~+%"},
};

// "list, read, write"; "-" where there are none.
std::string spell(std::span<const std::string_view> words) {
    std::string list;
    for (const std::string_view word : words) list += text(list.empty() ? "" : ", ", word);
    return list.empty() ? "-" : list;
}

bool contains(std::span<const std::string_view> words, std::string_view word) {
    return std::find(words.begin(), words.end(), word) != words.end();
}

void check_name(std::string_view name, const UserTable& table) {
    const bool good = !name.empty() && name.size() <= max_user_name && name[0] != '#' && name[0] != '-' &&
                      name.find_first_of(": \t") == name.npos && escape(name) == name;
    if (!good)
        throw UserError(text("'", escape(name, 80), "' cannot be a user's name: write 1 to ", max_user_name,
                             " printable bytes, no blank or colon, no # or dash first"));
    const auto is_name = [&](std::string_view reserved) { return equal_ignoring_case(name, reserved); };
    if (std::any_of(table.reserved_names.begin(), table.reserved_names.end(), is_name))
        throw UserError(text("'", name, "' means something else to ", table.daemon, ": choose another name"));
}

// Never shows the word, which may be the password itself.
void check_hash(const User& user, const UserTable& table) {
    if (user.hash.empty())
        throw UserError("the hash of the password is missing: write * for a user who cannot log in");
    if (!may_be_hash(user.hash))
        throw UserError(text("the second word is not the hash of a password: write *, then use `", table.ctl,
                             " user passwd ", user.name, "', or write what `", table.ctl,
                             " user hash' prints"));
}

void check_home(std::string_view home, const UserTable& table) {
    if (!table.has_homes && home != "-")
        throw UserError(text("'", escape(home, 64), "' is a home, and ", table.daemon, " has none: write -"));
    if (!table.has_homes) return;
    if (home.empty() || home[0] != '/' || home.find(':') != home.npos || escape(home) != home)
        throw UserError(text("'", escape(home, 64),
                             "' is not a home: write a printable path that begins with /, without a colon"));
}

void check_rights(std::string_view rights, const UserTable& table) {
    if (rights.empty()) throw UserError("the rights are missing: write - for none");
    for (const std::string_view word : split_list(rights))
        if (!contains(table.rights, word))
            throw UserError(text("'", escape(word, 64), "' is not a right: there are ", spell(table.rights),
                                 ", with commas between them, or - for none"));
}

void check_limits(std::string_view limits, const UserTable& table) {
    std::vector<std::string_view> seen;
    for (const std::string_view word : split_list(limits)) {
        const std::size_t sign = std::min(word.find('='), word.size());
        const std::string_view key = word.substr(0, sign);
        if (!contains(table.limits, key))
            throw UserError(text("'", escape(word, 64), "' is not a limit: there are ", spell(table.limits),
                                 ", each followed by = and a size"));
        if (!read_size(word.substr(std::min(sign + 1, word.size()))))
            throw UserError(
                text("'", escape(word, 64), "' is not a limit: write ", key, "= and ", size_forms));
        if (contains(seen, key)) throw UserError(text("'", key, "' is given twice: remove one"));
        seen.push_back(key);
    }
}

std::string line_of_user(const User& user) {
    std::string line = text(user.name, ':', user.hash, ':', user.home, ':', user.rights);
    if (!user.limits.empty()) line += ':' + user.limits;
    return line;
}

} // namespace

const UserTable& user_table(std::string_view daemon) {
    const auto found = std::find_if(tables.begin(), tables.end(),
                                    [&](const UserTable& table) { return table.daemon == daemon; });
    if (found == tables.end()) throw std::logic_error("no such daemon has users");
    return *found;
}

std::vector<std::string_view> split_list(std::string_view field) {
    if (field.empty() || field == "-") return {};
    return split(field, ',');
}

void check_user(const User& user, const UserTable& table) {
    check_name(user.name, table);
    check_hash(user, table);
    check_home(user.home, table);
    check_rights(user.rights, table);
    check_limits(user.limits, table);
    const std::size_t bytes = line_of_user(user).size();
    if (bytes > max_user_line)
        throw UserError(text("the line has ", bytes, " bytes, and at most ", max_user_line, " are allowed"));
}

void check_new_name(std::string_view name, const UserTable& table) {
    check_name(name, table);
    if (name.find_first_of(table.never_in_new_names) != name.npos)
        throw UserError(
            text("'", name, "' cannot be a new user's name: leave out ", table.never_in_new_names));
    if (name.find_first_of(table.never_first) == 0)
        throw UserError(
            text("'", name, "' cannot be a new user's name: begin with none of ", table.never_first));
}

UserFile::UserFile(std::string name, std::string_view content, const UserTable& table)
    : name_(std::move(name)), table_(&table) {
    if (content.size() > max_user_file)
        throw UserError(text(name_, ": longer than ", max_user_file, " bytes: is it a user file?"));
    std::map<std::string, std::size_t> line_with; // this name
    for (const std::string& line : split_lines(without_byte_order_mark(content))) {
        const std::size_t number = lines_.size() + 1;
        try {
            User user = parse_line(line);
            const auto [first, is_new] = line_with.emplace(user.name, number);
            if (!is_new && !user.name.empty())
                throw UserError(
                    text("'", user.name, "' exists already, in line ", first->second, ": remove one"));
            lines_.push_back({user.name.empty() ? line : "", std::move(user)});
        } catch (const UserError& error) {
            throw UserError(text(name_, ':', number, ": ", error.what()));
        }
    }
}

User UserFile::parse_line(std::string_view line) const {
    if (line.size() > max_user_line)
        throw UserError(text("the line is longer than ", max_user_line, " bytes"));
    if (line.find_first_not_of(" \t") == line.npos || line[0] == '#') return {};
    const std::vector<std::string_view> fields = split(line, ':');
    if (fields.size() < 4 || fields.size() > 5)
        throw UserError(text("the line has ", fields.size(),
                             " fields: write name:hash:home:rights, and limits after one more colon"));
    User user{std::string{fields[0]}, std::string{fields[1]}, std::string{fields[2]}, std::string{fields[3]},
              fields.size() == 5 ? std::string{fields[4]} : std::string{}};
    check_user(user, *table_);
    return user;
}

std::vector<UserFile::Line>::iterator UserFile::line_of(std::string_view name) {
    return std::find_if(lines_.begin(), lines_.end(),
                        [&](const Line& line) { return line.user.name == name; });
}

const User* UserFile::find(std::string_view name) const {
    const auto found =
        std::find_if(lines_.begin(), lines_.end(), [&](const Line& line) { return line.user.name == name; });
    return found == lines_.end() || name.empty() ? nullptr : &found->user;
}

std::vector<const User*> UserFile::users() const {
    std::vector<const User*> all;
    for (const Line& line : lines_)
        if (!line.user.name.empty()) all.push_back(&line.user);
    return all;
}

std::string UserFile::content() const {
    std::string whole;
    for (const Line& line : lines_)
        whole += (line.user.name.empty() ? line.text : line_of_user(line.user)) + '\n';
    return whole;
}

void UserFile::add(const User& user) {
    check_user(user, *table_);
    if (find(user.name) != nullptr)
        throw UserError(
            text("'", user.name, "' is in ", name_, " already: `user passwd' changes the password"));
    lines_.push_back({"", user});
}

void UserFile::set_hash(std::string_view name, const std::string& hash) {
    if (find(name) == nullptr) throw UserError(text("there is no '", escape(name, 64), "' in ", name_));
    User changed = *find(name);
    changed.hash = hash;
    check_user(changed, *table_);
    line_of(name)->user = changed;
}

void UserFile::remove(std::string_view name) {
    if (find(name) == nullptr) throw UserError(text("there is no '", escape(name, 64), "' in ", name_));
    lines_.erase(line_of(name));
}

} // namespace common
