// SPDX-License-Identifier: ISC
#include "ftpd/parent/sweeper.hh"

#include "common/beneath.hh"
#include "common/daemon.hh"
#include "common/errors.hh"
#include "common/file_lock.hh"
#include "common/socket.hh"
#include "common/text.hh"
#include "ftpd/confinement.hh"
#include "ftpd/frames.hh"
#include "ftpd/path.hh"
#include "ftpd/settings.hh"

#include <array>
#include <dirent.h>
#include <fcntl.h>
#include <memory>
#include <string>
#include <sys/stat.h>
#include <unistd.h>
#include <vector>

using namespace common;

namespace ftpd {
namespace {

// A session that writes it has locked it (ftpd/session/upload.hh); so has one that is about to go on.
bool is_held(int directory, const char* name) {
    const Fd file{::openat(directory, name, O_WRONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC)};
    if (!file) return true; // not ours to judge
    try {
        return lock_holder(file.get(), name).has_value();
    } catch (const std::system_error&) {
        return true; // where nothing can be locked, nobody knows
    }
}

// An hour: a session keeps a file for as long as it waits for its client to acknowledge a reply, which
// systems give up after minutes.
constexpr std::time_t replaced_for = 3600; // seconds

struct Oldest {
    std::time_t partial, replaced;
};

// Whether nobody needs this file with a reserved name any more. When one was replaced, the time of its last
// change of name tells: it cannot be locked, since who may replace it need not be allowed to write to it.
bool is_left_behind(int directory, const std::string& name, const struct stat& status, const Oldest& oldest) {
    if (is_replaced_name(name)) return status.st_ctime < oldest.replaced;
    return status.st_mtime < oldest.partial && !is_held(directory, name.c_str());
}

// Sweeps one directory; its subdirectories are added to further.
std::size_t sweep_directory(int root, const std::string& path, const Oldest& oldest,
                            std::vector<std::string>& further) {
    Fd fd = open_beneath(root, path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW);
    const std::unique_ptr<DIR, int (*)(DIR*)> stream{::fdopendir(fd.get()), ::closedir};
    if (!stream) fail("list", path);
    const int directory = fd.release(); // the stream owns it now
    std::size_t removed = 0;
    while (const dirent* const found = ::readdir(stream.get())) {
        const std::string name = found->d_name;
        struct stat status {};
        if (name == "." || name == ".." ||
            ::fstatat(directory, name.c_str(), &status, AT_SYMLINK_NOFOLLOW) != 0)
            continue;
        if (S_ISDIR(status.st_mode)) further.push_back(text(path, '/', name));
        if (!is_reserved(name) || !S_ISREG(status.st_mode) ||
            !is_left_behind(directory, name, status, oldest) || ::unlinkat(directory, name.c_str(), 0) != 0)
            continue;
        if (!is_replaced_name(name)) ++removed;
    }
    return removed;
}

} // namespace

std::size_t sweep_partials(int root, std::time_t oldest, std::time_t oldest_replaced) {
    std::size_t removed = 0;
    for (std::vector<std::string> waiting{"/"}; !waiting.empty();) {
        const std::string path = std::move(waiting.back());
        waiting.pop_back();
        try {
            removed += sweep_directory(root, path, {oldest, oldest_replaced}, waiting);
        } catch (const std::system_error&) {
            // Gone, or not ours to read.
        }
    }
    return removed;
}

int run_sweeper(const Settings& settings, Fd pair) {
    discard_standard_descriptors(settings.log == "stderr");
    const std::optional<Identity> identity = find_identity(settings);
    const Fd root = open_root(settings);
    shut_in(root.get(), identity, TreeAccess::write);
    const std::time_t now = std::time(nullptr);
    const std::time_t oldest = now - std::chrono::seconds{settings.keep_partials}.count();
    const std::size_t removed = sweep_partials(root.get(), oldest, now - replaced_for);
    if (removed > 0)
        send_packet(pair.get(),
                    pack_frame(LogLine{Severity::notice, text("swept ", removed, " unfinished uploads")}));
    return 0;
}

} // namespace ftpd
