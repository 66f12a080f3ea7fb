// SPDX-License-Identifier: ISC
#include "chatd/hub/start_checks.hh"

#include "chatd/hub/bans.hh"
#include "common/errors.hh"
#include "common/start_checks.hh"
#include "common/text.hh"

#include <sys/stat.h>
#include <unistd.h>

using namespace common;

namespace chatd {
namespace {

// If it is there: what is not, is made.
void check_folder(const std::string& path) {
    struct stat found {};
    if (::stat(path.c_str(), &found) != 0) {
        if (errno == ENOENT) return;
        fail("look at the folder", path);
    }
    if (!S_ISDIR(found.st_mode)) throw UserError(text(path, " is no folder: remove it, or change `state\'"));
    checked("write to the folder", path, [&] { return ::access(path.c_str(), R_OK | W_OK | X_OK); });
}

} // namespace

void check_start(const Settings& settings) {
    common::check_start(settings, "chatd");
    const std::string rooms = settings.state + "/rooms";
    check_folder(rooms);
    for (const RoomSettings& room : settings.rooms) check_folder(text(rooms, '/', room.name));
    const Bans readable{settings.state + "/bans"};
}

} // namespace chatd
