// SPDX-License-Identifier: ISC
// The lines that the speakers say, in which the listeners find who said it, the how manieth it is and when it
// was due; and counting lines.
#pragma once

#include <chrono>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>

namespace bench {

struct Spoken {
    unsigned speaker;
    std::uint64_t number; // from 0
    std::chrono::microseconds due{};
};

inline constexpr std::size_t spoken_size = 50; // bytes of each

std::string write_spoken(const Spoken& spoken);
// From a line as the server shows it; no value if it is none of ours.
std::optional<Spoken> read_spoken(std::string_view shown);

// Newlines in bytes.
std::size_t count_lines(std::string_view bytes);

// Looks at every line that one listener gets: of each speaker all, each once, in their order.
class Witness {
public:
    // Bytes as they come. Throws Failure at the first line that is not the next of its speaker.
    void hear(std::string_view bytes);
    std::uint64_t lines() const { return lines_; }

private:
    std::string unfinished_;
    std::map<unsigned, std::uint64_t> next_; // by speaker
    std::uint64_t lines_ = 0;
};

} // namespace bench
