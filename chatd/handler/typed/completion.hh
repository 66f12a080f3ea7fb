// SPDX-License-Identifier: ISC
// What the Tab key makes of a line that has been begun: which word can be completed, by what, and how far it
// is determined. Run by the handlers of telnet clients; pure. Names are compared without regard to
// case, as the hub does it.
#pragma once

#include <cstddef>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace chatd {

// A command as completion sees it: its arguments as help shows them.
struct CommandShape {
    std::string_view name;
    std::string_view arguments;
};

struct Completion {
    enum class Of { nothing, words, names, rooms };
    Of of = Of::nothing;
    std::size_t from = 0;             // the byte at which the word begins
    std::string word{};               // what stands there up to the cursor
    std::vector<std::string> words{}; // of Of::words: all that can stand there
    std::string_view end = " ";       // what follows the whole word
};
// before: the line up to the cursor.
Completion find_completion(std::string_view before, std::span<const CommandShape> commands);

struct Completed {
    std::string word;                // to stand there now; empty: as it was
    std::vector<std::string> choice; // several are possible and the word is as long as they agree
};
Completed complete(const Completion& wanted, std::vector<std::string> candidates);

} // namespace chatd
