// SPDX-License-Identifier: ISC
// The parts of `make bench', each of which measures its rows (rows.hh) and writes what it finds to samples.
#pragma once

#include "tests/bench/samples.hh"
#include "tests/bench/setting.hh"

namespace bench {

void measure_ftp(const Setting& setting, Samples& samples); // with these two:
void measure_ftp_tls(const Setting& setting, Samples& samples);
void measure_copies(const Setting& setting, Samples& samples);

void measure_chat(const Setting& setting, Samples& samples); // with these six:
void measure_presence(const Setting& setting, Samples& samples);
void measure_large_presence(const Setting& setting, Samples& samples);
void measure_irc_memory(const Setting& setting, Samples& samples);
void measure_stopped_reader(const Setting& setting, Samples& samples);
void measure_takeover(const Setting& setting, Samples& samples);
void measure_upgrade(const Setting& setting, Samples& samples);

void measure_pack(const Setting& setting, Samples& samples);
void measure_poller(const Setting& setting, Samples& samples);

} // namespace bench
