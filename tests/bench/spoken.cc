// SPDX-License-Identifier: ISC
#include "tests/bench/spoken.hh"

#include "common/text.hh"
#include "tests/bench/connection.hh"

#include <algorithm>
#include <charconv>

namespace bench {
namespace {

constexpr std::string_view lead = "line ";

template <class Number>
bool read_number(std::string_view& from, Number& into) {
    const auto [end, error] = std::from_chars(from.data(), from.data() + from.size(), into);
    if (error != std::errc{} || end == from.data() + from.size() || *end != ' ') return false;
    from.remove_prefix(static_cast<std::size_t>(end - from.data()) + 1);
    return true;
}

} // namespace

std::string write_spoken(const Spoken& spoken) {
    std::string words = common::text(lead, spoken.speaker, ' ', spoken.number, ' ', spoken.due.count(), ' ');
    words.resize(std::max(words.size(), spoken_size), '.');
    return words;
}

std::optional<Spoken> read_spoken(std::string_view shown) {
    const std::size_t at = shown.find(lead);
    if (at == shown.npos) return {};
    shown.remove_prefix(at + lead.size());
    Spoken spoken{};
    std::chrono::microseconds::rep due = 0;
    if (!read_number(shown, spoken.speaker) || !read_number(shown, spoken.number) || !read_number(shown, due))
        return {};
    spoken.due = std::chrono::microseconds{due};
    return spoken;
}

// In blocks, whose counts fit into a byte, so that the compiler can use the machine's widest registers.
std::size_t count_lines(std::string_view bytes) {
    constexpr std::size_t block = 128;
    std::size_t count = 0;
    for (; bytes.size() >= block; bytes.remove_prefix(block)) {
        unsigned char in_block = 0;
        for (std::size_t i = 0; i < block; ++i) in_block += static_cast<unsigned char>(bytes[i] == '\n');
        count += in_block;
    }
    return count + static_cast<std::size_t>(std::ranges::count(bytes, '\n'));
}

void Witness::hear(std::string_view bytes) {
    unfinished_.append(bytes);
    std::size_t from = 0;
    for (std::size_t end = 0; (end = unfinished_.find('\n', from)) != unfinished_.npos; from = end + 1) {
        const auto spoken = read_spoken(std::string_view{unfinished_}.substr(from, end - from));
        if (!spoken) continue; // somebody came or left
        std::uint64_t& next = next_[spoken->speaker];
        if (spoken->number != next)
            throw Failure{common::text("line ", spoken->number, " of speaker ", spoken->speaker,
                                       " came instead of ", next)};
        ++next;
        ++lines_;
    }
    unfinished_.erase(0, from);
}

} // namespace bench
