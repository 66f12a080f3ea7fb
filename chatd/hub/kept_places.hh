// SPDX-License-Identifier: ISC
// What outlives an orderly stop of the hub beside the logs: the places of its clients, with the tokens to
// take them again, and where the lines of each room's log go on. The file is there while no hub serves. Run
// by the hub; trusts the file, which is its own.
#pragma once

#include "chatd/hub/rooms.hh"
#include "chatd/hub/tickets.hh"
#include "common/log.hh"

#include <chrono>
#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <vector>

namespace chatd {

class KeptPlaces {
public:
    // Reads the file, if there is one. What is wrong with it is said in the log, and passed over.
    KeptPlaces(std::string path, common::Log& log);

    // The number of the first line of a room's log that begins anew.
    std::uint64_t first_line(const std::string& room) const;
    // Into tickets, each for what is left of its time and no longer than resume_time.
    void give_back(Tickets& tickets, std::chrono::seconds resume_time);
    // The hub serves: from now on what the file said is out of date.
    void forget() const;
    // Of clients that are gone, and of all rooms of the configuration. Failure is said in the log.
    void save(const Tickets& tickets, const Rooms::All& rooms) const;

private:
    void read_line(std::string_view line);

    std::string path_;
    common::Log& log_;
    std::vector<Tickets::Kept> kept_;
    std::map<std::string, std::uint64_t> first_lines_; // by room
};

} // namespace chatd
