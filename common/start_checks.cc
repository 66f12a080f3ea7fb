// SPDX-License-Identifier: ISC
#include "common/start_checks.hh"

#include "common/address.hh"
#include "common/aside.hh"
#include "common/authd/authd_process.hh"
#include "common/authd/user_file.hh"
#include "common/errors.hh"
#include "common/low_ports.hh"
#include "common/pid_file.hh"
#include "common/privileges.hh"
#include "common/sandbox.hh"
#include "common/socket.hh"
#include "common/state.hh"
#include "common/text.hh"

#include <filesystem>
#include <sys/stat.h>
#include <unistd.h>

namespace common {
namespace {

// Of the folder that a file or socket is to be made in; the state directory will be made.
void check_folder_of(const std::string& path, const std::string& state) {
    const std::string folder = std::filesystem::path{path}.parent_path();
    if (folder == state) return;
    checked("make", path, [&] { return ::access(folder.c_str(), W_OK | X_OK); });
}

bool is_any(const Address& address) {
    const std::string host = address.host();
    return host == "0.0.0.0" || host == "::";
}

// Port 0 is another one each time.
bool collide(const Address& one, const Address& other) {
    if (one.family() != other.family()) return false;
    if (one.family() == AF_UNIX) return one.path() == other.path();
    if (one.port() == 0 || one.port() != other.port()) return false;
    return is_any(one) || is_any(other) || one.same_host(other);
}

void check_listeners(const DaemonSettings& settings) {
    if (has_inherited_listeners()) return; // they take the place of all
    std::vector<Address> all;
    for (const std::string& place : settings.listen)
        for (const Address& address : resolve_address(ListenPlace{place}.address)) {
            for (const Address& other : all)
                if (collide(address, other))
                    throw UserError(text("listen: ", other.shown(), " and ", address.shown(),
                                         " are the same address: remove one"));
            if (address.family() == AF_UNIX)
                check_socket_path(address, settings.state);
            else if (!may_listen_on(address.port()))
                throw UserError(
                    text("listen on ", address.shown(),
                         ": only root may use such a low port: start as root, or choose one from 1024"));
            all.push_back(address);
        }
}

void check_log(const std::string& place) {
    if (place.empty() || place[0] != '/') return; // syslog or stderr
    if (std::filesystem::is_directory(place)) fail_with(EISDIR, "open the log", place);
    check_writable_file(place);
}

} // namespace

void check_socket_path(const Address& address, const std::string& state) {
    const std::string path = address.path();
    check_folder_of(path, state);
    struct stat found {};
    if (::lstat(path.c_str(), &found) == 0 && !S_ISSOCK(found.st_mode))
        throw UserError(text(address.shown(), " exists and is not a socket: choose another path"));
}

void check_children(const DaemonSettings& settings, std::string_view daemon) {
    if (settings.needs_sandbox)
        if (const auto why = explain_no_sandbox()) throw UserError(text("sandbox required: ", *why));
    if (::geteuid() == 0) find_user(settings.run_as);
    if (settings.users.empty()) return;
    real_user_file(settings.users);
    // Read aside: what is in it is authd's alone.
    ask_aside([&]() -> std::string {
        read_user_file(settings.users, user_table(daemon));
        return {};
    });
}

void check_start(const DaemonSettings& settings, std::string_view daemon, std::string_view main_directive) {
    check_children(settings, daemon);
    find_users(settings, main_directive);
    check_state_directory(settings.state);
    check_socket_path(Address::of_path(settings.control), settings.state);
    check_listeners(settings);
    check_log(settings.log);
    if (settings.pid_file.empty()) return;
    check_pid_file(settings.pid_file);
    check_folder_of(settings.pid_file, settings.state);
}

void check_writable_file(const std::string& path) {
    if (::access(path.c_str(), F_OK) == 0)
        checked("write to", path, [&] { return ::access(path.c_str(), W_OK); });
    else
        check_folder_of(path, {});
}

} // namespace common
