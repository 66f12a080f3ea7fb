// SPDX-License-Identifier: ISC
#include "ftpd/settings.hh"

#include "common/errors.hh"
#include "common/state.hh"
#include "common/text.hh"
#include "ftpd/mode.hh"
#include "ftpd/path.hh"

#include <arpa/inet.h>
#include <array>
#include <filesystem>
#include <limits>
#include <netinet/in.h>
#include <optional>
#include <string_view>

using namespace common;

namespace ftpd {
namespace {

constexpr unsigned longest_timeout = 1'000'000; // seconds

constexpr DaemonDefaults defaults{.daemon = "ftpd", .listen = "127.0.0.1:2121", .idle_timeout = "300"};

// The words of `anonymous' and what each means, in the same order.
constexpr std::array<std::string_view, 4> anonymous_words{"no", "read", "write", "upload-only"};
constexpr std::array<Rights, 4> anonymous_rights{
    Rights{},
    Rights{Right::list, Right::read},
    Rights{Right::list, Right::read, Right::create, Right::overwrite, Right::remove, Right::rename,
           Right::make_directory},
    Rights{Right::create},
};

DataSettings::Ports parse_ports(Words words) {
    const std::string& word = only_word(words, "a range of ports");
    if (word == "any") return {};
    const std::size_t dash = word.find('-');
    const auto first = parse_number<std::uint16_t>(std::string_view{word}.substr(0, dash), 1);
    const auto last =
        dash == word.npos ? first : parse_number<std::uint16_t>(std::string_view{word}.substr(dash + 1), 1);
    if (!first || !last || *first > *last)
        throw UserError(text("'", escape(word, 64), "' is no range of ports: write one like 40000-40999"));
    return {*first, *last};
}

std::optional<Address> parse_passive_address(Words words) {
    const std::string& word = only_word(words, "an IPv4 address");
    if (word == "none") return {};
    sockaddr_in address{};
    address.sin_family = AF_INET;
    if (::inet_pton(AF_INET, word.c_str(), &address.sin_addr) != 1)
        throw UserError(text("'", escape(word, 64),
                             "' is no IPv4 address: write the one that clients reach, like 203.0.113.9"));
    return Address{reinterpret_cast<const sockaddr*>(&address), sizeof address};
}

// "500k", "10M", "2G", in decimal units; "none" is 0, which stands for no limit.
std::uint64_t parse_size(Words words) {
    const std::string& word = only_word(words, "a number of bytes");
    if (word == "none") return 0;
    constexpr std::string_view units = "kMGT";
    const std::size_t unit = word.empty() ? units.npos : units.find(word.back());
    std::uint64_t factor = 1;
    for (std::size_t i = 0; unit != units.npos && i <= unit; ++i) factor *= 1000;
    const std::string_view digits = std::string_view{word}.substr(0, word.size() - (factor > 1 ? 1 : 0));
    const auto number =
        parse_number<std::uint64_t>(digits, 1, std::numeric_limits<std::int64_t>::max() / factor);
    if (!number)
        throw UserError(
            text("'", escape(word, 64), "' is no number of bytes: write one like 500k, 10M or none"));
    return *number * factor;
}

bool parse_yes_or_no(Words words) {
    constexpr std::array<std::string_view, 4> choices{"no", "yes", "off", "on"};
    return parse_choice(words, choices) % 2 == 1;
}

mode_t parse_umask(Words words) {
    const std::string& word = only_word(words, "a mask");
    const std::optional<mode_t> mask = parse_mode(word);
    if (!mask)
        throw UserError(text("'", escape(word, 64), "' is no mask: write octal digits like 022 or 077"));
    return *mask;
}

std::string parse_pattern(Words words) {
    const std::string& word = only_word(words, "a pattern");
    if (word.empty() || word.find('/') != word.npos)
        throw UserError(
            text("'", escape(word, 64), "' is no pattern of a name: write one like *.exe, without a slash"));
    return word;
}

// A daemon that detaches changes to /, so a relative path would change its meaning.
std::string parse_absolute(const std::string& word, std::string_view what) {
    if (word.empty() || word[0] != '/')
        throw UserError(text("'", escape(word), "' is not ", what, ": write a path that begins with /"));
    return word;
}

Announcement parse_announcement(Words words) {
    if (words.size() < 2 || words.size() > 3)
        throw UserError("announce takes a folder of the served tree, a room, and the path of chatd's control "
                        "socket if it is not the usual one");
    return {resolve_path("/", parse_absolute(words[0], "a folder of the served tree")), words[1],
            words.size() == 3 ? parse_absolute(words[2], "a control socket")
                              : default_state_directory("chatd") + "/control"};
}

std::chrono::seconds parse_timeout(Words words) {
    return std::chrono::seconds{parse_count(words, "a number of seconds", 1, longest_timeout)};
}

} // namespace

std::vector<Directive> directive_table(Settings& s) {
    using Repeats = Directive::Repeats;
    using Reload = Directive::Reload;
    std::vector<Directive> table = daemon_directives(s, defaults);
    table.push_back(
        {"root", "DIR", ".", "the folder that is served", Repeats::no, Reload::at_start_only, [&](Words w) {
             const std::string& folder = only_word(w, "a folder");
             if (folder.empty()) throw UserError("'' is not a folder: write . for the current one");
             s.root = std::filesystem::absolute(folder);
         }});
    table.push_back({"anonymous", "no|read|write|upload-only", "read",
                     "what clients without an account may do", Repeats::no, Reload::yes,
                     [&](Words w) { s.anonymous = anonymous_rights[parse_choice(w, anonymous_words)]; }});
    table.push_back({"passive-ports", "FIRST-LAST|any", "any", "the ports on which PASV and EPSV listen",
                     Repeats::no, Reload::yes, [&](Words w) { s.data.passive_ports = parse_ports(w); }});
    table.push_back({"passive-address", "IPV4|none", "none",
                     "the address that PASV tells: ours as clients see it", Repeats::no, Reload::yes,
                     [&](Words w) { s.data.passive_address = parse_passive_address(w); }});
    table.push_back({"connect-timeout", "SECONDS", "30", "how long a data connection may take to come about",
                     Repeats::no, Reload::yes, [&](Words w) { s.data.connect_timeout = parse_timeout(w); }});
    table.push_back({"stall-timeout", "SECONDS", "300",
                     "how long a client may take or send nothing in a transfer", Repeats::no, Reload::yes,
                     [&](Words w) { s.stall_timeout = parse_timeout(w); }});
    table.push_back({"rate-up", "SIZE|none", "none", "bytes a second that a client may send", Repeats::no,
                     Reload::yes, [&](Words w) { s.limits.rate_up = parse_size(w); }});
    table.push_back({"rate-down", "SIZE|none", "none", "bytes a second that a client is sent", Repeats::no,
                     Reload::yes, [&](Words w) { s.limits.rate_down = parse_size(w); }});
    table.push_back({"max-upload", "SIZE|none", "none", "how large a file may be that a client stores",
                     Repeats::no, Reload::yes, [&](Words w) { s.limits.max_upload = parse_size(w); }});
    table.push_back({"umask", "MASK", "022", "permissions that new files and folders do not get", Repeats::no,
                     Reload::yes, [&](Words w) { s.umask = parse_umask(w); }});
    table.push_back({"hidden-files", "yes|no", "yes", "whether names that begin with a dot are to be had",
                     Repeats::no, Reload::yes, [&](Words w) { s.names.hidden_files = parse_yes_or_no(w); }});
    table.push_back({"deny", "PATTERN", "", "names that nobody lists, gets or stores", Repeats::yes,
                     Reload::yes, [&](Words w) { s.names.denied.push_back(parse_pattern(w)); }});
    table.push_back({"sync", "on|off", "off", "whether an upload is answered only when it is on disk",
                     Repeats::no, Reload::yes, [&](Words w) { s.sync = parse_yes_or_no(w); }});
    table.push_back({"keep-partials", "DAYS", "7", "how long unfinished uploads are kept; 0 means for ever",
                     Repeats::no, Reload::yes, [&](Words w) {
                         s.keep_partials =
                             std::chrono::hours{24} * parse_count(w, "a number of days", 0, 36500);
                     }});
    table.push_back({"xferlog", "FILE", "", "the transfer log", Repeats::no, Reload::yes,
                     [&](Words w) { s.xferlog = parse_absolute(only_word(w, "a file"), "a file"); }});
    table.push_back({"announce", "DIR ROOM [CONTROL-PATH]", "",
                     "tell a room of chatd what is stored in a folder", Repeats::yes, Reload::yes,
                     [&](Words w) { s.announcements.push_back(parse_announcement(w)); }});
    return table;
}

Settings make_settings(std::span<const ConfigLine> lines) {
    Settings settings;
    apply_config(lines, directive_table(settings));
    complete_settings(settings, defaults);
    return settings;
}

} // namespace ftpd
