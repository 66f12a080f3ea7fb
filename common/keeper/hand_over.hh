// SPDX-License-Identifier: ISC
// What root's keeper gives to the user that the daemon's main process becomes. Run by the keeper at a start.
// Whoever has taken that user over has the state directory, and may have prepared it for the next start: root
// follows no link there, and changes nothing by a name that this user could let stand for something else.
#pragma once

#include "common/fd.hh"
#include "common/keeper/group_sockets.hh"
#include "common/log.hh"
#include "common/privileges.hh"

#include <chrono>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace common {

// For what a killed daemon has left to end.
inline constexpr std::chrono::milliseconds left_over{5000};

// Listens on the control socket, as listen_within (common/keeper/listeners.hh) with that limit; only its
// owner, if there is one, may connect. Throws as that.
Fd listen_for_control(const std::string& path, const std::optional<Identity>& owner,
                      std::chrono::milliseconds limit = left_over);

// A state directory that is root's, as a daemon that was root before has left it, belongs to the user from
// now on, and so do the folders and files in it that are root's: not links, nor what has another name
// elsewhere, nor the lock's file. One that is another user's already stays as it is. Throws
// std::system_error, and UserError where the user cannot work in the directory.
void hand_over(const std::string& state, const Identity& owner);

// Whether the user can work in a state directory that is there: throws UserError with the remedy.
void require_usable(const std::string& state, const Identity& owner);

// What a start by root would find wrong with this user, whom directive has named, in the state directory that
// is there and with what sockets are for: for root's -n alone, since the service manager may start the daemon
// as another user, whose they are.
std::vector<Note> notes_on_owner(const Identity& owner, std::string_view directive, const std::string& state,
                                 const std::vector<GroupPlace>& sockets);

// Root opens these files by their paths, so none of them, nor a link to one, may lie in the directory that is
// handed over: throws UserError for the first that does. What is no path from the root is passed over; what:
// the directive's name, for the words.
struct OwnFile {
    std::string what, path;
};
void require_outside(const std::string& state, const Identity& owner, const std::vector<OwnFile>& files);

} // namespace common
