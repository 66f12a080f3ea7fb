// SPDX-License-Identifier: ISC
#include "common/ctl/ctl_commands.hh"

#include "common/ask_password.hh"
#include "common/authd/password.hh"
#include "common/authd/user_file.hh"
#include "common/errors.hh"
#include "common/sandbox.hh"
#include "common/text.hh"
#include "common/tls/tls_process.hh"

#include <algorithm>
#include <array>
#include <cstdio>
#include <system_error>

namespace common {
namespace {

// The file that -u names, or else the one that the configuration of -f names.
std::string find_user_file(const CtlOptions& options) {
    if (!options.users.empty()) return options.users;
    if (options.config.empty())
        throw UsageError("say which user file: -u FILE, or -f FILE for the configuration that names it");
    for (const ConfigLine& line : read_config(options.config, {}))
        if (line.words[0] == "users" && line.words.size() == 2) return line.words[1];
    throw UserError(text(options.config, " names no user file: add a line `users FILE', or use -u"));
}

std::string ask_for_hash(std::string_view whose) {
    return hash_password(ask_password(text("Password", whose.empty() ? "" : " of ", whose), Times::twice));
}

void add_user(const std::string& path, const UserTable& table, Words arguments) {
    const auto argument = [&](std::size_t at, std::string_view usual) {
        return at < arguments.size() ? arguments[at] : std::string{usual};
    };
    User user{arguments[0], "*", argument(1, table.usual_home), argument(2, table.usual_rights),
              argument(3, "")};
    check_new_name(user.name, table); // before anybody types a password
    check_user(user, table);
    try {
        read_user_file(path, table).add(user);
    } catch (const std::system_error& error) {
        if (error.code() != std::errc::no_such_file_or_directory) throw;
    }
    user.hash = ask_for_hash(user.name);
    edit_user_file(path, table, IfMissing::make, [&](UserFile& users) { users.add(user); });
}

void change_password(const std::string& path, const UserTable& table, Words arguments) {
    const std::string& name = arguments[0];
    read_user_file(path, table).set_hash(name, "*");
    const std::string hash = ask_for_hash(name);
    edit_user_file(path, table, IfMissing::fail, [&](UserFile& users) { users.set_hash(name, hash); });
}

void print_users(const std::string& path, const UserTable& table, Words) {
    const auto print = [](std::string_view name, std::string_view login, std::string_view home,
                          std::string_view rights, std::string_view limits) {
        std::string line;
        const auto add = [&](std::string_view word, std::size_t width) {
            line += word;
            line.append(word.size() < width ? width - word.size() : 0, ' ').append(" ");
        };
        add(name, 15);
        add(login, 6);
        add(home, 15);
        add(rights, 31);
        line += limits;
        line.erase(line.find_last_not_of(' ') + 1);
        std::printf("%s\n", line.c_str());
    };
    print("NAME", "LOGIN", "HOME", "RIGHTS", "LIMITS");
    const UserFile file = read_user_file(path, table);
    for (const User* const user : file.users())
        print(user->name, is_locked(user->hash) ? "locked" : "yes", user->home, user->rights,
              user->limits.empty() ? "-" : user->limits);
}

void remove_user(const std::string& path, const UserTable& table, Words arguments) {
    edit_user_file(path, table, IfMissing::fail, [&](UserFile& users) { users.remove(arguments[0]); });
}

void print_hash(const std::string&, const UserTable&, Words) {
    std::printf("%s\n", ask_for_hash({}).c_str());
}

constexpr std::array commands{
    UserCommand{"add", "NAME [HOME [RIGHTS [LIMITS]]]", 1, 4, true, add_user},
    UserCommand{"passwd", "NAME", 1, 1, true, change_password},
    UserCommand{"del", "NAME", 1, 1, true, remove_user},
    UserCommand{"list", "", 0, 0, true, print_users},
    UserCommand{"hash", "", 0, 0, false, print_hash},
};

const UserCommand& find_command(Words words) {
    const std::string name = words.empty() ? "" : words[0];
    const auto found = std::find_if(commands.begin(), commands.end(),
                                    [&](const UserCommand& command) { return command.name == name; });
    if (found == commands.end())
        throw UsageError(text("there is no `user ", escape(name, 32), "': add, passwd, del, list or hash"));
    const std::size_t given = words.size() - 1;
    if (given < found->least || given > found->most)
        throw UsageError(
            text("write: user ", found->name, found->arguments.empty() ? "" : " ", found->arguments));
    return *found;
}

} // namespace

std::vector<Option> ctl_options(CtlOptions& wanted) {
    using Action = CtlOptions::Action;
    return {
        {'s', "PATH", "the control socket", [&](auto path) { wanted.socket = path; }},
        {'u', "FILE", "the user file, for `user'", [&](auto file) { wanted.users = file; }},
        {'f', "FILE", "the daemon's configuration, which names the control socket and the user file",
         [&](auto file) { wanted.config = file; }},
        {'V', "", "print the version and stop", [&](auto) { wanted.action = Action::show_version; }},
        {'h', "", "print this text and stop", [&](auto) { wanted.action = Action::show_usage; }},
    };
}

std::span<const UserCommand> user_commands() { return commands; }

int run_user_command(std::string_view daemon, const CtlOptions& options, Words words) {
    limit_resources({.core_bytes = 0, .open_files = RLIM_INFINITY, .processes = RLIM_INFINITY});
    const UserCommand& command = find_command(words);
    const std::string path = command.needs_file ? find_user_file(options) : "";
    command.run(path, user_table(daemon), words.subspan(1));
    return 0;
}

void run_certificate_command(const std::string& path, std::string_view name, Words words) {
    if (words.size() < 3 || words[0] != "make") throw UsageError(text("write ", certificate_syntax));
    execute_tls_make(path, name, words.subspan(1));
}

} // namespace common
