// SPDX-License-Identifier: ISC
#include "common/config.hh"

#include "common/byte_order_mark.hh"
#include "common/errors.hh"
#include "common/fd.hh"
#include "common/privileges.hh"
#include "common/text.hh"

#include <algorithm>
#include <array>
#include <fcntl.h>
#include <unistd.h>
#include <utility>

namespace common {
namespace {

std::string read_file(const std::string& path) {
    const Fd fd = open_readable("open", path, 0);
    std::string whole;
    std::array<char, 16384> piece{};
    for (;;) {
        const ssize_t bytes =
            checked("read", path, [&] { return ::read(fd.get(), piece.data(), piece.size()); });
        if (bytes == 0) return whole;
        whole.append(piece.data(), static_cast<std::size_t>(bytes));
        if (whole.size() > max_config_file)
            throw UserError(
                text(path, ": longer than ", max_config_file, " bytes: is it a configuration file?"));
    }
}

std::vector<std::string> words_of_line(const std::string& origin, std::string_view line) {
    try {
        if (line.size() > max_config_line)
            throw UserError(text("the line is longer than ", max_config_line, " bytes: split it"));
        if (line.find('\0') != line.npos) throw UserError("the line contains a NUL byte: remove it");
        return split_words(line);
    } catch (const UserError& error) {
        throw UserError(text(origin, ": ", error.what()));
    }
}

const Directive* find_directive(std::string_view name, std::span<const Directive> table) {
    const auto found =
        std::find_if(table.begin(), table.end(), [&](const auto& d) { return d.name == name; });
    return found == table.end() ? nullptr : &*found;
}

// What other daemons call what is ours by another name, in small letters.
struct ForeignWord {
    std::string_view word, ours;
};
constexpr std::array foreign_words{
    ForeignWord{"address", "listen"},
    ForeignWord{"allowoverwrite", "anonymous"},
    ForeignWord{"anon_root", "anonymous-root"},
    ForeignWord{"anonymous_enable", "anonymous"},
    ForeignWord{"bind", "listen"},
    ForeignWord{"bindaddress", "listen"},
    ForeignWord{"chroot", "root"},
    ForeignWord{"connections", "max-clients"},
    ForeignWord{"defaultroot", "root"},
    ForeignWord{"directory", "root"},
    ForeignWord{"documentroot", "root"},
    ForeignWord{"group", "run-as"},
    ForeignWord{"home", "root"},
    ForeignWord{"idle_session_timeout", "idle-timeout"},
    ForeignWord{"listen_address", "listen"},
    ForeignWord{"listen_port", "listen"},
    ForeignWord{"listenaddress", "listen"},
    ForeignWord{"local_umask", "umask"},
    ForeignWord{"loglevel", "log-level"},
    ForeignWord{"masqueradeaddress", "passive-address"},
    ForeignWord{"max_clients", "max-clients"},
    ForeignWord{"max_per_ip", "max-per-address"},
    ForeignWord{"maxclients", "max-clients"},
    ForeignWord{"maxconnections", "max-clients"},
    ForeignWord{"oper", "operator"},
    ForeignWord{"passiveports", "passive-ports"},
    ForeignWord{"passwd", "users"},
    ForeignWord{"password", "users"},
    ForeignWord{"pasv_address", "passive-address"},
    ForeignWord{"pasv_max_port", "passive-ports"},
    ForeignWord{"pasv_min_port", "passive-ports"},
    ForeignWord{"path", "root"},
    ForeignWord{"pidfile", "pid-file"},
    ForeignWord{"port", "listen"},
    ForeignWord{"ports", "listen"},
    ForeignWord{"rate", "rate-down"},
    ForeignWord{"server", "listen"},
    ForeignWord{"socket", "control"},
    ForeignWord{"timeout", "idle-timeout"},
    ForeignWord{"timeoutidle", "idle-timeout"},
    ForeignWord{"transferlog", "xferlog"},
    ForeignWord{"user", "run-as"},
    ForeignWord{"username", "run-as"},
    ForeignWord{"userfile", "users"},
    ForeignWord{"channel", "room"},
};

std::string no_such_directive(std::string_view name, std::span<const Directive> table) {
    const std::string absent = text("there is no directive '", escape(name, 64), "': ");
    for (const ForeignWord& foreign : foreign_words) {
        const Directive* const ours =
            equal_ignoring_case(foreign.word, name) ? find_directive(foreign.ours, table) : nullptr;
        if (ours != nullptr) return text(absent, "write '", ours->name, ' ', ours->arguments, '\'');
    }
    std::vector<std::string_view> names;
    for (const Directive& known : table) names.push_back(known.name);
    const std::string_view nearest = nearest_word(name, names);
    return absent + (nearest.empty() ? "the manual lists them" : text("did you mean '", nearest, "'?"));
}

std::vector<ConfigLine> lines_of(std::span<const ConfigLine> lines, std::string_view name) {
    std::vector<ConfigLine> some;
    std::copy_if(lines.begin(), lines.end(), std::back_inserter(some),
                 [&](const auto& line) { return line.words[0] == name; });
    return some;
}

// The lines that count: -o lines replace the file's with the same directive.
std::vector<ConfigLine> replace_by_options(std::span<const ConfigLine> lines) {
    const auto is_replaced = [&](const ConfigLine& line) {
        return !line.is_option && std::any_of(lines.begin(), lines.end(), [&](const ConfigLine& other) {
            return other.is_option && other.words[0] == line.words[0];
        });
    };
    std::vector<ConfigLine> kept;
    std::remove_copy_if(lines.begin(), lines.end(), std::back_inserter(kept), is_replaced);
    return kept;
}

// Throws UserError for a line of no directive, and for one too many of a directive that does not repeat.
void check_lines(std::span<const ConfigLine> lines, std::span<const Directive> table) {
    for (auto line = lines.begin(); line != lines.end(); ++line) {
        const std::string& name = line->words[0];
        const Directive* const directive = find_directive(name, table);
        if (directive == nullptr) throw UserError(text(line->origin, ": ", no_such_directive(name, table)));
        const auto first = std::find_if(lines.begin(), line, [&](const ConfigLine& other) {
            return other.words[0] == name && other.is_option == line->is_option;
        });
        if (directive->repeats == Directive::Repeats::no && first != line)
            throw UserError(
                text('\'', name, "' is given twice: ", first->origin, " and ", line->origin, ": remove one"));
    }
}

void set_directive(const Directive& directive, Words words, std::string_view origin) {
    try {
        directive.set(words);
    } catch (const UserError& error) {
        throw UserError(text(origin, ": ", directive.name, ": ", error.what()));
    }
}

} // namespace

std::vector<std::string> split_words(std::string_view line) {
    std::vector<std::string> words;
    const auto is_blank = [](char c) { return c == ' ' || c == '\t' || c == '\r'; };
    for (std::size_t at = 0; at < line.size();) {
        if (is_blank(line[at])) {
            ++at;
            continue;
        }
        if (line[at] == '#') break;
        std::string word;
        const bool quoted = line[at] == '"';
        if (quoted) ++at;
        const auto ends_here = [&] { return quoted ? line[at] == '"' : is_blank(line[at]); };
        for (; at < line.size() && !ends_here(); ++at) {
            const std::string_view pair = line.substr(at, 2);
            if (quoted && (pair == "\\\"" || pair == "\\\\")) ++at;
            word += line[at];
        }
        if (quoted && at++ >= line.size())
            throw UserError(text("the quote before '", escape(word, 64), "' is not closed"));
        if (quoted && at < line.size() && !is_blank(line[at]))
            throw UserError(text("a blank is missing after \"", escape(word, 64), '"'));
        words.push_back(std::move(word));
    }
    return words;
}

std::string unquote(const std::string& text) {
    if (text.size() < 2 || text.front() != '"' || text.back() != '"') return text;
    const std::vector<std::string> words = split_words(text);
    return words.size() == 1 ? words[0] : text;
}

std::string quote_word(std::string_view word) {
    if (!word.empty() && word.find_first_of(" \t\r\"#\\") == word.npos) return std::string{word};
    std::string quoted = "\"";
    for (const char c : word) {
        if (c == '"' || c == '\\') quoted += '\\';
        quoted += c;
    }
    return quoted + '"';
}

std::vector<ConfigLine> read_config(const std::string& file, std::span<const std::string> option_lines) {
    std::vector<ConfigLine> lines;
    const auto add = [&](const std::string& origin, std::string_view line, bool is_option) {
        std::vector<std::string> words = words_of_line(origin, line);
        if (!words.empty()) lines.push_back({origin, std::move(words), is_option});
    };
    if (!file.empty()) {
        const std::string whole = read_file(file);
        std::size_t number = 0;
        for (const std::string& line : split_lines(without_byte_order_mark(whole)))
            add(text(file, ':', ++number), line, false);
    }
    for (const std::string& line : option_lines) add("-o", line, true);
    return lines;
}

void apply_config(std::span<const ConfigLine> given, std::span<const Directive> table) {
    check_lines(given, table);
    const std::vector<ConfigLine> lines = replace_by_options(given);
    for (const ConfigLine& line : lines)
        set_directive(*find_directive(line.words[0], table), Words{line.words}.subspan(1), line.origin);
    for (const Directive& directive : table)
        if (!directive.fallback.empty() && lines_of(lines, directive.name).empty())
            set_directive(directive, split_words(directive.fallback), "default");
}

std::vector<ConfigLine> merge_for_reload(std::span<const ConfigLine> old_given,
                                         std::span<const ConfigLine> new_given,
                                         std::span<const Directive> table,
                                         std::vector<std::string>& ignored) {
    const auto is_fixed = [&](const ConfigLine& line) {
        const Directive* const directive = find_directive(line.words[0], table);
        return directive != nullptr && directive->reload != Directive::Reload::yes;
    };
    const std::vector<ConfigLine> old_lines = replace_by_options(old_given);
    const std::vector<ConfigLine> new_lines = replace_by_options(new_given);
    std::vector<ConfigLine> merged;
    std::remove_copy_if(new_lines.begin(), new_lines.end(), std::back_inserter(merged), is_fixed);
    std::copy_if(old_lines.begin(), old_lines.end(), std::back_inserter(merged), is_fixed);
    for (const Directive& directive : table) {
        const bool differs = lines_of(old_lines, directive.name) != lines_of(new_lines, directive.name);
        if (directive.reload == Directive::Reload::yes || !differs) continue;
        const bool may_be_upgraded = directive.reload == Directive::Reload::at_upgrade;
        ignored.push_back(text("a change of '", directive.name, "' waits for ",
                               may_be_upgraded ? "an upgrade or " : "", "the next start"));
    }
    return merged;
}

const std::string& only_word(Words words, std::string_view what) {
    if (words.size() != 1) throw UserError(text("takes one word, ", what, ", not ", words.size()));
    return words[0];
}

unsigned parse_count(Words words, std::string_view what, unsigned least, unsigned most) {
    const std::string& word = only_word(words, what);
    const auto number = parse_number<unsigned>(word, least, most);
    if (!number)
        throw UserError(
            text("'", escape(word, 64), "' is not ", what, ": write a number of ", least, " to ", most));
    return *number;
}

std::size_t parse_choice(Words words, std::span<const std::string_view> choices) {
    std::string list;
    for (const std::string_view choice : choices) list += text(list.empty() ? "" : ", ", choice);
    const std::string& word = only_word(words, list);
    const auto found = std::find(choices.begin(), choices.end(), word);
    if (found == choices.end()) throw UserError(text("'", escape(word, 64), "' is not one of ", list));
    return static_cast<std::size_t>(found - choices.begin());
}

} // namespace common
