// SPDX-License-Identifier: ISC
// Sockets of a daemon's main process, beside its control socket, that a group of this machine's users may
// connect to: chatd's for notices. Opened and kept by the keeper, and given to the main process, and to each
// that follows.
#pragma once

#include "common/config.hh"
#include "common/fd.hh"
#include "common/log.hh"
#include "common/privileges.hh"

#include <chrono>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace common {

// As the configuration has it. Without a group the socket is for that of its folder, where that has the
// set-group-ID bit, and else for its owner alone.
struct GroupPlace {
    std::string directive; // for words
    std::string path;
    std::string group{};
};

// What would keep a start from opening it, without opening it. Throws UserError or std::system_error.
// state: the state directory, which is made if need be.
void check_group_place(const GroupPlace& place, const std::string& state);

// Whether root's daemon, which is to be this user, can make it in its folder: throws UserError with the
// remedy.
void require_owners_folder(const GroupPlace& place, const Identity& owner);

class GroupSockets {
public:
    struct Socket {
        std::string label; // with its path
        Fd fd;
    };
    struct Changes { // what open does, for whoever has been given the others
        std::function<void(const Socket&)> on_new{};
        std::function<void(const std::string& label)> on_gone{};
    };

    GroupSockets() = default;
    GroupSockets(const GroupSockets&) = delete;
    GroupSockets& operator=(const GroupSockets&) = delete;
    ~GroupSockets() { close(); }

    // One that another process of this daemon has opened.
    void adopt(std::string label, Fd fd);
    // From now on files stay as they are, but for those of new sockets: another process has made them.
    void leave_files() { leaves_files_ = true; }

    // Opens the places that are wanted and not there, or whose files are gone, closes those that are there
    // and not wanted, unless one that is wanted could not be opened, and lets in the groups of all. owner:
    // whose they are; none: this process's user's. told: takes what cannot be done; nullptr: that is thrown.
    // limit: as listen_within.
    void open(const std::vector<GroupPlace>& places, const std::optional<Identity>& owner,
              std::vector<Note>* told, const Changes& changes, std::chrono::milliseconds limit = {});
    // Closes those of these labels that are there.
    void leave_out(const std::vector<std::string>& labels);
    void close(); // removes their files

    const std::vector<Socket>& all() const { return all_; }

private:
    void close(const Socket& one) const;

    std::vector<Socket> all_;
    bool leaves_files_ = false;
};

} // namespace common
