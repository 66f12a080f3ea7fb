// SPDX-License-Identifier: ISC
// Reads the source of a manual page (mdoc(7)), as far as our pages use it, so that tests can hold it to the
// code.
#pragma once

#include "common/options.hh"

#include <string>
#include <string_view>
#include <vector>

namespace tests {

class Manual {
public:
    explicit Manual(const std::string& page); // "ftpd.8"

    struct Item {
        std::string head;               // what stands behind .It: "-f FILE", "listen ADDRESS:PORT"
        std::vector<std::string> lines; // below it, as they stand in the source; lists in it included
        std::string text() const;       // as a reader sees them
        std::string fallback() const;   // what `The default is' names; empty: nothing
    };
    // The items of the first list behind the source line that begins with lead. Throws std::runtime_error
    // when there is none.
    std::vector<Item> list_behind(std::string_view lead) const;

    std::string synopsis() const;
    // The lines of the first literal display behind the source line that begins with lead.
    std::string display_behind(std::string_view lead) const;
    // The displays of EXAMPLES, literal ones and single lines, as they stand there.
    std::vector<std::vector<std::string>> examples() const;
    // Whether these words stand in the page, wherever its lines are broken.
    bool says(std::string_view words) const;

private:
    std::string name_;
    std::vector<std::string> lines_;
};

// One line each, for comparing lists as a whole.
std::string heads(const std::vector<Manual::Item>& items);
std::string heads_of(const std::vector<common::Option>& options);
// "-p PORT" or "PORT" alone, as a table of the code has it.
std::string with_argument(std::string_view name, std::string_view argument);
// The first line of -h, less its `usage: '.
std::string usage_of(std::string_view program, const std::vector<common::Option>& options,
                     std::string_view operands);

} // namespace tests
