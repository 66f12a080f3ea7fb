// SPDX-License-Identifier: ISC
#include "common/keeper/hand_over.hh"

#include "common/aside.hh"
#include "common/errors.hh"
#include "common/fd.hh"
#include "common/text.hh"

#include <cerrno>
#include <dirent.h>
#include <fcntl.h>
#include <memory>
#include <string_view>
#include <sys/stat.h>
#include <unistd.h>

namespace common {
namespace {

constexpr int max_depth = 8; // rooms/ROOM/00000001.log is 3

// By the name, which may be a link's, in an open directory.
void give(int directory, const char* name, const Identity& owner) {
    checked("hand over", name,
            [&] { return ::fchownat(directory, name, owner.uid, owner.gid, AT_SYMLINK_NOFOLLOW); });
}

void give_contents(Fd directory, const Identity& owner, int depth, std::string_view but_for) {
    const std::unique_ptr<DIR, int (*)(DIR*)> stream{::fdopendir(directory.get()), ::closedir};
    if (!stream) fail("list", "the state directory");
    const int number = directory.release(); // the stream owns it now
    while (const dirent* const entry = ::readdir(stream.get())) {
        const std::string_view name = entry->d_name;
        struct stat found {};
        if (name == "." || name == ".." || name == but_for ||
            ::fstatat(number, entry->d_name, &found, AT_SYMLINK_NOFOLLOW) != 0)
            continue;
        const bool is_folder = S_ISDIR(found.st_mode);
        if (found.st_uid == 0 && (is_folder || found.st_nlink == 1)) give(number, entry->d_name, owner);
        if (!is_folder || depth == 0) continue;
        Fd below{::openat(number, entry->d_name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC)};
        if (below) give_contents(std::move(below), owner, depth - 1, {});
    }
}

} // namespace

void hand_over(const std::string& state, const std::string& control, const Identity& owner) {
    Fd folder{
        checked("open", state, [&] { return ::open(state.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC); })};
    give_contents(duplicate(folder.get()), owner, max_depth, "lock");
    checked("hand over", state, [&] { return ::fchown(folder.get(), owner.uid, owner.gid); });
    checked("hand over", control, [&] { return ::lchown(control.c_str(), owner.uid, owner.gid); });
    ask_aside([&]() -> std::string {
        become(owner);
        if (::access(state.c_str(), R_OK | W_OK | X_OK) != 0)
            throw UserError(text("user ", owner.name, " cannot reach the state directory ", state,
                                 ": let the folders above it be searched (chmod o+x), or choose another with "
                                 "`state'"));
        return {};
    });
}

} // namespace common
