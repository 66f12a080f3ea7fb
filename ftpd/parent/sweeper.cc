// SPDX-License-Identifier: ISC
#include "ftpd/parent/sweeper.hh"

#include "common/beneath.hh"
#include "common/daemon.hh"
#include "common/error_lines.hh"
#include "common/errors.hh"
#include "common/sandbox.hh"
#include "common/socket.hh"
#include "common/text.hh"
#include "ftpd/confinement.hh"
#include "ftpd/frames.hh"
#include "ftpd/held_file.hh"
#include "ftpd/path.hh"
#include "ftpd/settings.hh"

#include <array>
#include <csignal>
#include <dirent.h>
#include <fcntl.h>
#include <memory>
#include <string>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>
#include <vector>

using namespace common;

namespace ftpd {
namespace {

// An hour: a session keeps a file for as long as it waits for its client to acknowledge a reply, which
// systems give up after minutes.
constexpr std::time_t replaced_for = 3600; // seconds

struct Oldest {
    std::time_t partial, replaced;
};

constexpr unsigned entries_at_once = 64; // of a folder, between two looks at whether it is over

bool is_at_end(int pair) {
    char byte{};
    return ::recv(pair, &byte, 1, MSG_PEEK | MSG_DONTWAIT) == 0;
}

// What was replaced goes by the time of its last change of name. No session looks at it any more, unless one
// began to write into it before it was replaced.
bool remove_replaced(int directory, const std::string& name, const struct stat& status, std::time_t oldest) {
    if (status.st_ctime >= oldest) return false;
    try {
        const HeldFile held = hold_to_move(directory, name);
        struct stat now {};
        return held.state == HeldFile::State::held &&
               ::fstatat(directory, name.c_str(), &now, AT_SYMLINK_NOFOLLOW) == 0 && now.st_ctime < oldest &&
               ::unlinkat(directory, name.c_str(), 0) == 0;
    } catch (const std::system_error&) {
        return false;
    }
}

// An upload that no session writes, or is about to go on with.
bool remove_partial(int directory, const std::string& name, const struct stat& status, std::time_t oldest) {
    if (status.st_mtime >= oldest) return false;
    try {
        const HeldFile held = hold_file(directory, name);
        return held.state == HeldFile::State::held && held.status.st_mtime < oldest &&
               ::unlinkat(directory, name.c_str(), 0) == 0;
    } catch (const std::system_error&) {
        return false; // not ours to judge; or, where nothing can be locked, nobody knows
    }
}

// Sweeps one directory; its subdirectories are added to further.
std::size_t sweep_directory(int root, const std::string& path, const Oldest& oldest,
                            std::vector<std::string>& further, const std::function<bool()>& is_over) {
    Fd fd = open_beneath(root, path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW);
    const std::unique_ptr<DIR, int (*)(DIR*)> stream{::fdopendir(fd.get()), ::closedir};
    if (!stream) fail("list", path);
    const int directory = fd.release(); // the stream owns it now
    std::size_t removed = 0;
    for (unsigned seen = 1; const dirent* const found = ::readdir(stream.get()); ++seen) {
        if (seen % entries_at_once == 0 && is_over()) break;
        const std::string name = found->d_name;
        struct stat status {};
        if (name == "." || name == ".." ||
            ::fstatat(directory, name.c_str(), &status, AT_SYMLINK_NOFOLLOW) != 0)
            continue;
        if (S_ISDIR(status.st_mode)) further.push_back(text(path, '/', name));
        if (!is_reserved(name) || !S_ISREG(status.st_mode)) continue;
        if (is_replaced_name(name))
            remove_replaced(directory, name, status, oldest.replaced);
        else if (remove_partial(directory, name, status, oldest.partial))
            ++removed;
    }
    return removed;
}

} // namespace

std::size_t sweep_partials(int root, std::time_t oldest, std::time_t oldest_replaced,
                           const std::function<bool()>& is_over) {
    std::size_t removed = 0;
    for (std::vector<std::string> waiting{"/"}; !waiting.empty() && !is_over();) {
        const std::string path = std::move(waiting.back());
        waiting.pop_back();
        try {
            removed += sweep_directory(root, path, {oldest, oldest_replaced}, waiting, is_over);
        } catch (const std::system_error&) {
            // Gone, or not ours to read.
        }
    }
    return removed;
}

int run_sweeper(const Settings& settings, Fd pair) {
    discard_standard_input_and_output();
    point_errors_at(pair.get());
    const std::optional<Identity> identity = find_identity(settings);
    const Fd root = open_root(settings);
    shut_in(root.get(), identity, TreeAccess::write);
    deny_calls(DeniedCalls::also_sockets); // which sessions inherit
    const std::time_t now = std::time(nullptr);
    const std::time_t oldest = now - std::chrono::seconds{settings.keep_partials}.count();
    const std::size_t removed =
        sweep_partials(root.get(), oldest, now - replaced_for, [&] { return is_at_end(pair.get()); });
    if (removed > 0)
        send_packet(pair.get(),
                    pack_frame(LogLine{Severity::notice, text("swept ", removed, " unfinished uploads")}));
    return 0;
}

} // namespace ftpd
