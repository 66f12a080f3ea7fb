// SPDX-License-Identifier: ISC
#include "ftpd/parent/start_checks.hh"

#include "common/aside.hh"
#include "common/authd/authd_link.hh"
#include "common/authd/user_file.hh"
#include "common/beneath.hh"
#include "common/control_server.hh"
#include "common/daemon.hh"
#include "common/errors.hh"
#include "common/privileges.hh"
#include "common/start_checks.hh"
#include "common/text.hh"
#include "common/tls/tls_link.hh"
#include "ftpd/confinement.hh"

#include <algorithm>
#include <fcntl.h>
#include <unistd.h>

using namespace common;

namespace ftpd {
namespace {

// What the parent needs beside listeners and clients: 0 to 2, lock, poller, log, the control socket and
// its clients, and what a client takes before its session has it; and with authd its pair and what waits for
// it.
constexpr std::size_t own_descriptors = ControlServer::max_clients + 16;
constexpr std::size_t authd_descriptors = AuthdLink::max_unsent + 4;
constexpr std::size_t tls_descriptors = TlsLink::max_unsent + 4; // the same with tlsd

// A folder of the tree, and what whoever is shut in it may do there.
struct ServedFolder {
    std::string path;
    std::string whose; // empty: everybody's
    Rights rights;
};

constexpr std::size_t max_told = 8; // that are told of

std::vector<ServedFolder> served_folders(const Settings& settings) {
    std::vector<ServedFolder> folders;
    if (!settings.anonymous.empty()) folders.push_back({settings.anonymous_root, {}, settings.anonymous});
    if (settings.users.empty()) return folders;
    const UserFile file = read_user_file(settings.users, user_table("ftpd"));
    for (const User* const user : file.users())
        folders.push_back({user->home, user->name, parse_rights(user->rights)});
    return folders;
}

std::string real_path(const Settings& settings, const std::string& path) {
    if (path == "/") return settings.root;
    return settings.root == "/" ? path : settings.root + path;
}

// "read", "enter", "write to": what this process cannot do in the folder; empty when it can do all.
std::string_view find_obstacle(int directory, Rights rights) {
    const auto may = [&](int mode) { return ::faccessat(directory, ".", mode, 0) == 0; };
    if (!may(X_OK)) return "enter";
    if (rights.has(Right::list) && !may(R_OK)) return "read";
    if (rights.may_write() && !may(W_OK)) return "write to";
    return {};
}

// In the child that looks: a line for each folder that cannot be used. Relative to the root's descriptor, as
// sessions do, which have passed whatever stands above it.
std::string look_at_folders(const Settings& settings, const std::optional<Identity>& identity) {
    const Fd root = open_root(settings);
    const std::vector<ServedFolder> folders = served_folders(settings);
    const std::string user = identity ? identity->name : text(::geteuid());
    std::string lines;
    std::size_t count = 0;
    std::vector<std::string> seen;
    const auto tell = [&](std::string line) {
        if (std::find(seen.begin(), seen.end(), line) != seen.end()) return;
        if (count++ < max_told) lines += keep_to_one_line(line) + '\n';
        seen.push_back(std::move(line));
    };
    const bool is_root = ::geteuid() == 0;
    if (identity) become(*identity);
    for (const ServedFolder& folder : folders) {
        const std::string whose = folder.whose.empty() ? "" : text(", the home of ", folder.whose);
        try {
            // Not opened anew: where one opens folders to read them, that would tell less.
            const bool is_top = folder.path == "/";
            const Fd below =
                is_top ? Fd{} : open_beneath(root.get(), folder.path, open_for_search | O_DIRECTORY);
            const std::string_view obstacle = find_obstacle(is_top ? root.get() : below.get(), folder.rights);
            if (obstacle.empty()) continue;
            const std::string shown = escape(real_path(settings, folder.path));
            tell(text("user ", user, " cannot ", obstacle, " the folder ", shown, whose, ": chown ", user,
                      ' ', shown,
                      is_root ? ", or name its owner with `run-as'" : ", or start ftpd as its owner"));
        } catch (const std::system_error& error) {
            const std::string shown = escape(real_path(settings, folder.path));
            if (error.code() == std::errc::permission_denied)
                tell(text("user ", user, " cannot reach the folder ", shown, whose, ": chown ", user,
                          " the folders of that path, or let them be searched (chmod o+x)",
                          is_root ? ", or name their owner with `run-as'" : ""));
            else if (folder.whose.empty())
                throw UserError(
                    text("anonymous-root ", shown, ": ", error.code().message(), ": make the folder"));
            else
                tell(text("the folder ", shown, whose, ": ", error.code().message(), ": create it"));
        }
    }
    if (count > max_told) lines += text("the same applies to ", count - max_told, " more folders\n");
    return lines;
}

} // namespace

std::size_t own_descriptors_of(const Settings& settings) {
    return own_descriptors + (settings.users.empty() ? 0 : authd_descriptors) +
           (settings.tls.certificates.empty() ? 0 : tls_descriptors);
}

std::vector<common::Note> check_start(const Settings& settings, Serves serves) {
    if (serves == Serves::many) {
        require_descriptors(own_descriptors_of(settings) + settings.listen.size());
        common::check_start(settings, "ftpd", main_user_directive);
    } else {
        check_children(settings, "ftpd");
        if (settings.tls_policy > TlsPolicy::offered)
            throw UserError("tls: with -i there is none: write `tls off', or run ftpd as a daemon");
    }
    const std::optional<Identity> identity = find_identity(settings);
    open_root(settings);
    if (!settings.xferlog.empty()) check_writable_file(settings.xferlog);

    std::vector<common::Note> notes;
    const bool has_users = !settings.users.empty();
    if (has_users && !settings.anonymous_given)
        notes.push_back(
            {Severity::notice,
             "there are users, so anonymous is no: `anonymous read\' lets clients without an account in"});
    if (has_users && settings.anonymous_root == "/" && settings.anonymous.may_write())
        notes.push_back(
            {Severity::warning,
             "clients without an account can write in the homes of users: `anonymous-root DIR\' gives "
             "them a folder of their own"});
    else if (has_users && settings.anonymous_root == "/" && settings.anonymous.has(Right::read))
        notes.push_back(
            {Severity::warning,
             "clients without an account can read the homes of users: `anonymous-root DIR\' gives "
             "them a folder of their own"});
    const std::string blocked = ask_aside([&] { return look_at_folders(settings, identity); });
    for (const std::string& line : split_lines(blocked)) notes.push_back({Severity::warning, line});
    return notes;
}

} // namespace ftpd
