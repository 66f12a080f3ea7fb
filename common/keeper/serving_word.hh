// SPDX-License-Identifier: ISC
// For whom a main process is just working, in memory that outlives it: so those that follow it see whose
// frame kills them. Run by the main process; it trusts its predecessors no further than with a number.
#pragma once

#include "common/keeper/keeper_link.hh"

#include <cstdint>
#include <string>

namespace common {

class ServingWord {
public:
    // Takes the page that a predecessor has deposited as "serving", and looks who stands there; else deposits
    // a new one. folder: for its file, where the system has no shared memory. keeper is used here only. Once
    // in a process: a page is never unmapped. Throws std::system_error.
    explicit ServingWord(KeeperLink& keeper, const std::string& folder = "/tmp");
    ServingWord(const ServingWord&) = delete;
    ServingWord& operator=(const ServingWord&) = delete;

    void begin(std::uint64_t client); // never 0
    void end();
    // In a child that is not to see the page: neither of the two is to be called any more.
    void let_go();
    // Whose turn it was at the last two deaths running, neither of which came from outside; 0: nobody's.
    std::uint64_t suspect() const { return suspect_; }

private:
    struct Page {
        std::uint64_t client;        // that is served now; 0: none
        std::uint64_t at_last_death; // who stood there then
    };
    Page* page_;
    std::uint64_t suspect_ = 0;
};

} // namespace common
