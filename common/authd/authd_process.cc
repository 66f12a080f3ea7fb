// SPDX-License-Identifier: ISC
#include "common/authd/authd_process.hh"

#include "common/authd/user_file.hh"
#include "common/daemon.hh"
#include "common/error_lines.hh"
#include "common/errors.hh"
#include "common/sandbox.hh"
#include "common/text.hh"

#include <fcntl.h>
#include <filesystem>
#include <memory>
#include <unistd.h>

namespace common {
namespace {

Fd open_folder(const std::string& path) {
    return Fd{
        checked("open", path, [&] { return ::open(path.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC); })};
}

} // namespace

std::string real_user_file(const std::string& path, bool was_opened) {
    if (path.empty()) return path;
    try {
        // Opened, so that a start fails which would be useless, but not read: what is in it is authd's alone.
        const Fd readable = open_readable("open the user file", path, O_NONBLOCK);
        return std::filesystem::canonical(path);
    } catch (const std::runtime_error&) { // a UserError, or std::system_error
        if (was_opened) return path;      // authd says so
        if (::access(path.c_str(), F_OK) == 0 || errno != ENOENT) throw;
        throw UserError(text("there is no user file ", escape(path),
                             ": `user add' of ftpctl(8) or chatctl(8) makes it, with its first user"));
    }
}

// It may look for changes at any time. But it can write nowhere, execute nothing and, of the files, read
// those in the user file's folder, or none, where the keeper opens that.
int run_authd(AuthdSettings settings, Fd pair) {
    discard_standard_input_and_output();
    hide_memory();
    limit_resources({.core_bytes = 0, .open_files = RLIM_INFINITY, .processes = RLIM_INFINITY});
    forbid_new_privileges();
    deny_calls(DeniedCalls::also_sockets);
    const bool opens_itself = !settings.users.empty() && !settings.open_users;
    Fd folder = opens_itself ? open_folder(std::filesystem::path{settings.users}.parent_path()) : Fd{};
    Authd authd{std::move(settings), std::move(pair)}; // before: it may open /dev/urandom
    restrict_files(folder.get(), opens_itself ? TreeAccess::read : TreeAccess::none);
    folder.reset();
    return authd.run();
}

void add_authd(Plan& plan, AuthdSettings authd, const std::optional<DaemonUsers>& users) {
    if (!authd.users.empty())
        plan.on_request[text("authd ", label_of_users)] = [path = authd.users] {
            return open_user_file(path);
        };
    plan.processes.push_back({.role = "authd", .body = [authd = std::move(authd), users](Birth birth) {
                                  point_errors_at(birth.main.get());
                                  KeeperLink keeper{std::move(birth.keeper)};
                                  if (users) become(users->main);
                                  AuthdSettings own = authd;
                                  own.open_users = [&keeper] { return keeper.want_now(label_of_users); };
                                  return run_authd(std::move(own), std::move(birth.main));
                              }});
}

} // namespace common
