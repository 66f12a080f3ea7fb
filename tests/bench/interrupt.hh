// SPDX-License-Identifier: ISC
// Ending early: on SIGINT, SIGTERM or SIGHUP the servers that were started are killed, the scratch folder is
// removed, and the program ends with 128 + the signal, as a shell says.
#pragma once

#include <string>
#include <sys/types.h>

namespace bench {

// To be called once, before there are other threads: a thread waits for the signals from then on.
void watch_for_interrupts();

// What is to be gone at the end: process groups, by their leader, and folders.
void register_group(pid_t leader);
void forget_group(pid_t leader);
void register_folder(const std::string& folder);

} // namespace bench
