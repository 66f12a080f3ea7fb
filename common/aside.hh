// SPDX-License-Identifier: ISC
// A look at something in a process of its own, whose memory and user are its own and end with it: at what the
// daemon itself must not keep in memory, or must see with another user's eyes.
#pragma once

#include <cstddef>
#include <functional>
#include <string>

namespace common {

inline constexpr std::size_t max_answer = 64 * 1024; // bytes

// What the question returns, cut at max_answer; asked in a forked child that leaves no core file and holds no
// descriptor of ours but 0 to 2 and those that the question opens. Waits for it: before a daemon serves.
// Throws UserError with the words of what the question throws.
std::string ask_aside(const std::function<std::string()>& question);

} // namespace common
