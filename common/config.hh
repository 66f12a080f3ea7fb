// SPDX-License-Identifier: ISC
// Configuration: one directive a line, words separated by blanks, `#' at the start of a word begins a
// comment, a word in double quotes may hold blanks (\" and \\ inside; any other backslash is itself). -o
// lines take the place of all lines of the file with the same directive. Each daemon declares its directives
// in one table; errors name file, line, word and remedy.
#pragma once

#include <functional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace common {

inline constexpr std::size_t max_config_file = 1 << 20; // bytes
inline constexpr std::size_t max_config_line = 4096;    // bytes

using Words = std::span<const std::string>;

struct Directive {
    std::string_view name;
    std::string_view arguments; // as the manual shows them: "ADDRESS:PORT"
    std::string_view fallback;  // its arguments when it is not given; parsed like given ones; empty: none
    std::string_view help;      // one line
    enum class Repeats { no, yes } repeats; // no: twice in the file, or twice as -o, is an error
    // When a change takes effect: with SIGHUP, with an upgrade, or only when the daemon starts.
    enum class Reload { yes, at_upgrade, at_start } reload;
    // Takes the words after the name; throws UserError that says what is wrong and what would be right.
    std::function<void(Words words)> set;
};

// Where a line stands, for messages: "ftpd.conf:12" or "-o".
struct ConfigLine {
    std::string origin;
    std::vector<std::string> words; // never empty
    bool is_option = false;         // of -o
    bool operator==(const ConfigLine& other) const { return words == other.words; }
};

// The words of one line; none for a blank or a comment. Throws UserError for a quote that is not closed, or
// whose closing one has a word stuck to it.
std::vector<std::string> split_words(std::string_view line);
// The word as split_words reads it back: in quotes where it needs them.
std::string quote_word(std::string_view word);

// What a text that is one quoted word holds; any other text as it is. Behind a verb of a control socket:
// chatctl(8) puts words with blanks in quotes, and a person with nc types none.
std::string unquote(const std::string& text);

// All lines of the file (none when file is the empty name), then the -o lines. Throws UserError, or
// std::system_error when the file cannot be read.
std::vector<ConfigLine> read_config(const std::string& file, std::span<const std::string> option_lines);

// Calls set for each line that no -o line replaces, in order, and with the fallback for each directive that
// was not given. Throws UserError "ftpd.conf:3: there is no directive 'lisen': did you mean 'listen'?", also
// for what is replaced.
void apply_config(std::span<const ConfigLine> lines, std::span<const Directive> table);

// Of new lines: those that SIGHUP may apply, with the old lines of the other directives; -o lines replace the
// file's here, too. ignored gets a sentence for each of those that differ.
std::vector<ConfigLine> merge_for_reload(std::span<const ConfigLine> old_lines,
                                         std::span<const ConfigLine> new_lines,
                                         std::span<const Directive> table, std::vector<std::string>& ignored);

// Parsers of one word for tables; what names the word in the message ("a number of clients").
unsigned parse_count(Words words, std::string_view what, unsigned least, unsigned most);
// Throws UserError when there is not exactly one word.
const std::string& only_word(Words words, std::string_view what);
// Which of the choices the only word is.
std::size_t parse_choice(Words words, std::span<const std::string_view> choices);

} // namespace common
