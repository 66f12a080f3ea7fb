// SPDX-License-Identifier: ISC
// What a keeper tells a program that it executes for an upgrade: the new main process on trial, or the next
// keeper in its own place. Descriptors go along with the execution, by their numbers. Whoever reads it trusts
// whoever has executed it.
#pragma once

#include "common/config.hh"
#include "common/keeper/executable.hh"
#include "common/keeper/keeper_frames.hh"
#include "common/privileges.hh"

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <sys/types.h>
#include <vector>

namespace common {

// Descriptors are numbers; whoever takes a paper owns them. -1: none.
struct Paper {
    struct Labelled {
        std::string label;
        int fd = -1;
    };
    struct Deposit {
        std::string label, bytes;
        int fd = -1;
    };

    std::string program_version{}; // of the keeper that wrote it
    std::string state{}, control{}, pid_file{},
        owner{};   // paths; the name of the main process's user, or empty
    int pair = -1; // with the main process
    int program =
        -1; // the file that is executed, whatever stands at its path by then; -1: it may not be read
    std::vector<Labelled> listeners{};
    bool inherited = false; // the listeners are a service manager's
    int control_socket = -1;

    int priority = 0; // that the daemon was started with

    // For the next keeper alone.
    pid_t main = -1;                     // the main process; -1: the reader is that, on trial
    int lock = -1;                       // of the state
    int new_control = -1;                // in place of control_socket: the path is another now
    std::int64_t born_with = 0;          // descriptors: the soft limit for other processes than the main one
    std::vector<ConfigLine> config{};    // as the main process has read it
    std::vector<Labelled> opened{};      // by it: whatever else it has; on trial: the groups' sockets
    std::vector<std::string> left_out{}; // labels of listeners that it wants no more
    std::vector<Identity> users{};       // whom it has looked up
    std::vector<Identity> children_users{}; // whose processes before it are that serve clients
    std::vector<Deposit> deposits{};
    std::vector<OrphanEnd> orphans{};
    std::vector<pid_t> children{}; // beside the main process: not yet reaped
    std::vector<bool> reloads{};   // that wait; true: the main process has asked
    std::vector<pid_t> lasting{};  // children, too, which go on for clients, however long these stay

    bool is_for_trial() const { return main == -1; }
};

// Executes program, as invocation says, which finds the paper with take_paper: in a nameless file, whose
// number stands in the environment; the paper's descriptors stay open there. Throws std::system_error when it
// cannot; then this process goes on as before.
[[noreturn]] void execute_with(Paper paper, const Executable& program, const Invocation& invocation);
// Once, as the first thing of a program; no value if it was started by somebody else. Throws PeerError for a
// paper that this version does not understand.
std::optional<Paper> take_paper();
// How the daemon was started that this program is, or belongs to.
Invocation own_invocation(std::span<char* const> arguments, const std::optional<Paper>& paper);
// What this program was executed from.
Executable own_program(const Invocation& invocation, const std::optional<Paper>& paper);

// The bytes of it, as another version may have written them. Throws PeerError.
std::string pack_paper(const Paper& paper);
Paper unpack_paper(std::string_view bytes);

} // namespace common
