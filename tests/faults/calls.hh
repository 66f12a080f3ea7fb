// SPDX-License-Identifier: ISC
// Which system calls are made to fail and how, which are not, and after which a process may end.
#pragma once

#include "tests/faults/strace.hh"

#include <span>
#include <string_view>
#include <vector>

namespace faults {

// The errors that a call of this name is made to fail with: those that a kernel gives when it is short of
// something or a device is broken. Empty: it is not made to fail.
std::vector<std::string_view> errors_of(std::string_view call);

// The faults for the calls that a process was seen to make. all: each of the first few calls of a name alone,
// and all of them, with each error. each_call_once: the first call of each name, with the first error.
enum class Share { all, each_call_once };
std::vector<Fault> faults_for(const std::map<std::string, unsigned>& calls, Share share);

// Why this process may end with status 1 at this fault; empty: it may not.
std::string_view why_may_end(std::string_view process, const Fault& fault);
// Whether the call is about one peer, who may be disconnected when it fails.
bool is_about_a_peer(std::string_view call);

std::string on_one_line(std::string words); // with | for each end of a line

} // namespace faults
