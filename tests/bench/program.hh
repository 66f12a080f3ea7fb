// SPDX-License-Identifier: ISC
// Programs that run from their start to their end, and what they are to leave behind.
#pragma once

#include <string>

namespace bench {

// By the shell; what it prints goes to the file. Throws Failure, with the end of that, if it fails.
void run_program(const std::string& command, const std::string& output);

// How long the command runs to copy files of one size below target, as files a second; throws Failure when it
// has copied fewer or more.
double copy_rate(const std::string& command, const std::string& output, const std::string& target,
                 unsigned files, std::size_t size);

} // namespace bench
