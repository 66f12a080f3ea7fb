// SPDX-License-Identifier: ISC
// What all measurements are told: who is measured, how often and how long, and where files may be.
#pragma once

#include "tests/bench/server.hh"

#include <chrono>
#include <map>
#include <string>
#include <string_view>

namespace bench {

struct Setting {
    // The builds of the suite, as subjects of the table ("suite", which is judged, "suite (static)", ...),
    // and the folders of their programs.
    std::map<std::string, std::string> builds;
    std::string floor;                   // the program bench-floor
    std::string tls_clients;             // the program bench-tls; empty where there is no GnuTLS
    std::string peers = "build/peers";   // as peers.sh fills it
    std::string sources = "tests/bench"; // with servers/NAME.conf
    std::string scratch;                 // an empty folder, in memory where that can be had
    std::string only; // the beginning of the rows that are wanted: a part's name, a row's, or nothing
    int rounds = 5;
    std::chrono::milliseconds duration{500}; // of one measurement that counts for a time

    bool wants(std::string_view row) const { return row.starts_with(only) || only.starts_with(row); }
};

// The first folder is "suite", others have their names in brackets.
std::map<std::string, std::string> name_builds(const Words& folders);

// The text with each @WORD@ replaced.
std::string replace_words(std::string text, const std::map<std::string, std::string>& words);
// Writes servers/NAME.conf into the scratch folder, with each @WORD@ replaced, and returns its path.
std::string write_configuration(const Setting& setting, std::string_view name,
                                const std::map<std::string, std::string>& words);

} // namespace bench
