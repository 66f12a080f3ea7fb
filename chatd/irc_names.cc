// SPDX-License-Identifier: ISC
#include "chatd/irc_names.hh"

#include "common/text.hh"

#include <algorithm>

namespace chatd {
namespace {

bool ends_a_line(char byte) { return (byte >= 0 && byte < ' ') || byte == '\x7f'; }

bool is_utf8(std::string_view word) {
    for (std::size_t length = 0; !word.empty(); word.remove_prefix(length))
        if (length = common::utf8_length(word); length == 0) return false;
    return true;
}

// What makes neither a name nor a key.
std::string_view why_no_word(std::string_view word) {
    if (word.empty()) return "it is empty";
    if (word.find(' ') != word.npos) return "it holds a blank";
    if (word.find(',') != word.npos) return "it holds a comma";
    if (word.front() == ':') return "it begins with a colon";
    if (std::any_of(word.begin(), word.end(), ends_a_line)) return "it holds a control character";
    if (!is_utf8(word)) return "it is not UTF-8";
    return {};
}

} // namespace

std::string_view why_unfit_name(std::string_view name) {
    if (const std::string_view why = why_no_word(name); !why.empty()) return why;
    if (name.find_first_of("!@*?") != name.npos) return "it holds one of ! @ * ?";
    if (name.find_first_of("#&$~+%") == 0) return "it begins with one of # & $ ~ + %";
    return {};
}

std::string_view why_unfit_code(std::string_view code) { return why_no_word(code); }

} // namespace chatd
