// SPDX-License-Identifier: ISC
// What a daemon's keeper and its children say to each other: one kind of packet, whose number says what it is
// about. Descriptors go by label: no child names a path to the keeper.
#pragma once

#include "common/config.hh"
#include "common/privileges.hh"

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <sys/types.h>

namespace common {

// Caps, in bytes. What is longer is refused, never cut.
inline constexpr std::size_t max_label =
    4352; // a path and more: a line of the configuration has its place there
inline constexpr std::size_t max_keeper_text = 12288;
inline constexpr std::size_t max_keeper_packet = max_label + max_keeper_text + 64;

// And the keeper hears no child out that goes beyond these.
inline constexpr std::size_t max_reloads = 16; // that a child has asked for and that have no answer yet
inline constexpr std::size_t max_held = 16;    // descriptors, until the keeper's end
inline constexpr std::chrono::hours max_stop_time{48}; // that a stop may take
inline constexpr std::size_t max_deposit_label = 64;   // bytes
inline constexpr std::size_t max_deposits = 262'144;   // labels; a dozen for each client there can be
inline constexpr std::size_t max_orphans = 65'536;     // that have ended while no main process was there
inline constexpr std::size_t max_deposited = std::size_t{2047} * 1024 * 1024; // bytes of them all

enum class KeeperWord : std::uint8_t {
    // keeper to child
    give = 1,      // a descriptor for label; number: the process at its other end, if it is a pair
    take_back = 2, // label: let go of what was given for it
    begin = 3,     // all that there is at a start was given; flag: the process follows another, number: the
                   // sum of Beginning
    line = 4,      // of a configuration that was read again: label its origin, flag: an option
    apply = 5,     // the configuration is whole; flag: because the child asked
    refuse = 6,    // it could not be read: text says why; flag as above
    told = 7,      // text: something that could not be done, of number's severity
    signal = 8,    // number: a signal that the keeper got
    cannot = 9,    // what the child wanted: text says why not
    left = 10,     // before begin: text and a descriptor that a predecessor has deposited as label
    ask_life = 11, // to be answered at once with `alive'
    orphan_ended = 12, // number: a process that a predecessor had forked (orphan_of)
    hand_over = 13, // to the process that follows: deposit what is not deposited, say `handed_over', and end
    upgrade_told = 14, // of an upgrade; text: a line for who asked, if any; flag: it is over, number: 1 if it
                       // has failed
    stay = 15,         // the process is on trial no more: it may write what only its own version reads
    // child to keeper
    want = 20,        // what label stands for: `give' or `cannot', with flag, in the order of the questions
    reload = 21,      // read the configuration again
    ready = 22,       // it serves; text: where
    applied = 23,     // the last configuration; flag: it is in force
    stopping = 24,    // it stops; number: within so many seconds, as far as it knows; 0: soon
    hold = 25,        // a descriptor, until the keeper's end
    end = 26,         // the process called label has broken the protocol: end it, if number is still its own;
                      // no label: one that was left behind, a helper of before an upgrade, or one that serves
                      // a client and was left by who had forked it
    deposit = 27,     // text under label, in place of what is there; flag: and a descriptor, else that stays
    withdraw = 28,    // label: what was deposited so, its descriptor with it
    alive = 29,       // the answer to `ask_life'
    upgrade = 30,     // to the program that stands at the path now; flag: whoever is in its way
    handed_over = 31, // all is deposited; its end follows
    unable = 32,      // on trial, it cannot serve: text says why; its end follows
    stayed = 36,      // `stay' was heard, and all that follows from it is done
    // on trial, before `begin'
    keep = 33, // a descriptor that it has opened as label, in place of what the keeper has there; flag: it
               // is given when the process asks for it (`want')
    leave_out = 34,  // label: the configuration wants it no more
    opened_all = 35, // all that is missing was opened: now `begin'
    user = 37,       // label: the name of one that the configuration names; number: its user and group
};

// What a process is told of itself with `begin'.
enum Beginning : std::int64_t {
    predecessor_failed = 1, // by itself: nobody has killed it
    on_trial = 2,           // of an upgrade: it writes nothing in a new format before `stay'
    by_force = 4,           // who cannot go on with this version is let go
    stay_is_due = 8,        // the one before has died before it said `stayed'
};

struct KeeperFrame {
    KeeperWord word{};
    bool flag = false;
    std::int64_t number = 0;
    std::string label{};
    std::string text{};
};

// Throws PeerError for a label or text that is too long.
std::string pack_keeper_frame(const KeeperFrame& frame);
// Throws PeerError for any fault.
KeeperFrame unpack_keeper_frame(std::span<const char> packet);

// A process that has ended, as waitpid(2) tells, as the number of `orphan_ended', and back.
struct OrphanEnd {
    pid_t pid;
    int status;
};
std::int64_t number_of(OrphanEnd orphan);
OrphanEnd orphan_of(std::int64_t number);

// A line of a configuration as a frame, and back.
KeeperFrame frame_of(const ConfigLine& line);
ConfigLine line_of(const KeeperFrame& frame);
// A user as `user', and back.
KeeperFrame frame_of(const Identity& user);
Identity user_of(const KeeperFrame& frame);

} // namespace common
