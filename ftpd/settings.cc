// SPDX-License-Identifier: ISC
#include "ftpd/settings.hh"

#include "common/amounts.hh"
#include "common/authd/authd_link.hh"
#include "common/errors.hh"
#include "common/state.hh"
#include "common/text.hh"
#include "ftpd/formats.hh"
#include "ftpd/path.hh"

#include <algorithm>
#include <array>
#include <filesystem>
#include <optional>
#include <string_view>
#include <sys/socket.h>

using namespace common;
using namespace std::chrono_literals;

namespace ftpd {
namespace {

constexpr std::chrono::seconds max_timeout{1'000'000};
constexpr std::chrono::hours max_kept{24 * 36500};
constexpr std::chrono::hours max_grace{24};

constexpr DaemonDefaults defaults{.daemon = "ftpd",
                                  .listen = "127.0.0.1:2121",
                                  .listen_arguments = "ADDRESS:PORT [tls]",
                                  .idle_timeout = "300",
                                  .main_user = main_user_directive,
                                  .main_user_help =
                                      "the user that the parent runs as if root started the daemon"};

// The words of `anonymous' and what each means, in the same order.
constexpr std::array<std::string_view, 4> anonymous_words{"no", "read", "write", "upload-only"};
constexpr std::size_t anonymous_read = 1;
constexpr std::array<Rights, 4> anonymous_rights{
    Rights{},
    Rights{Right::list, Right::read},
    Rights{Right::list, Right::read, Right::create, Right::overwrite, Right::remove, Right::rename,
           Right::make_directory},
    Rights{Right::create},
};

// As TlsPolicy has them.
constexpr std::array<std::string_view, 4> tls_words{"off", "offered", "required", "required-for-passwords"};

constexpr std::array<std::string_view, 2> reuse_words{"optional", "required"};
constexpr std::array<std::string_view, 2> end_words{"required", "trusted"};

constexpr std::array<std::string_view, 2> type_words{"ascii", "binary"}; // as TransferType has them

DataSettings::Ports parse_ports(Words words) {
    const std::string& word = only_word(words, "a range of ports");
    if (word == "any") return {};
    const std::size_t dash = word.find('-');
    const auto first = parse_number<std::uint16_t>(std::string_view{word}.substr(0, dash), 1);
    const auto last =
        dash == word.npos ? first : parse_number<std::uint16_t>(std::string_view{word}.substr(dash + 1), 1);
    if (!first || !last || *first > *last)
        throw UserError(text("'", escape(word, 64), "' is not a range of ports: write one like 40000-40999"));
    return {*first, *last};
}

std::optional<Address> parse_passive_address(Words words) {
    const std::string& word = only_word(words, "an IPv4 address");
    if (word == "none") return {};
    const std::optional<Address> address = parse_host(word, AF_INET);
    if (!address)
        throw UserError(text("'", escape(word, 64),
                             "' is not an IPv4 address: write the one that clients reach, like 203.0.113.9"));
    return address;
}

Rights parse_anonymous(Words words) {
    const bool may_make_folders = words.size() == 2 && words[0] == "upload-only" && words[1] == "mkdir";
    if (words.size() > 1 && !may_make_folders)
        throw UserError("takes no, read, write, upload-only, or upload-only mkdir");
    Rights rights =
        anonymous_rights[parse_choice(may_make_folders ? words.first(1) : words, anonymous_words)];
    if (may_make_folders) rights.add(Right::make_directory);
    return rights;
}

bool parse_yes_or_no(Words words) {
    constexpr std::array<std::string_view, 4> choices{"no", "yes", "off", "on"};
    return parse_choice(words, choices) % 2 == 1;
}

mode_t parse_umask(Words words) {
    const std::string& word = only_word(words, "a mask");
    const std::optional<mode_t> mask = parse_mode(word);
    if (!mask)
        throw UserError(text("'", escape(word, 64), "' is not a mask: write octal digits like 022 or 077"));
    return *mask;
}

std::string parse_pattern(Words words) {
    const std::string& word = only_word(words, "a pattern");
    if (word.empty() || word.find('/') != word.npos)
        throw UserError(text("'", escape(word, 64),
                             "' is not a pattern for names: write one like *.exe, without a slash"));
    return word;
}

// A daemon that detaches changes to /, so a relative path would change its meaning.
std::string parse_absolute(const std::string& word, std::string_view what) {
    if (word.empty() || word[0] != '/')
        throw UserError(text("'", escape(word), "' is not ", what, ": write a path that begins with /"));
    return word;
}

std::string parse_folder_of_tree(const std::string& word) {
    return resolve_path("/", parse_absolute(word, "a folder of the served tree"));
}

Announcement parse_announcement(Words words) {
    if (words.size() < 2 || words.size() > 3)
        throw UserError("announce takes a folder of the served tree, a room, and the path of chatd's control "
                        "socket if it is not the usual one");
    return {parse_folder_of_tree(words[0]), words[1],
            words.size() == 3 ? parse_absolute(words[2], "a control socket")
                              : default_state_directory("chatd") + "/control"};
}

std::chrono::seconds parse_timeout(Words words) { return parse_time(words, 1s, max_timeout); }

void complete_tls(Settings& s) {
    const bool has_certificate = !s.tls.certificates.empty();
    s.tls_policy = s.tls_given.value_or(has_certificate ? TlsPolicy::offered : TlsPolicy::off);
    if (s.tls_policy != TlsPolicy::off && !has_certificate)
        throw UserError("tls: there is no certificate: add `certificate CERT KEY', two files in PEM");
    for (const std::string& given : s.listen)
        if (const ListenPlace place{given}; place.is_tls && s.tls_policy == TlsPolicy::off)
            throw UserError(text("listen ", escape(place.address), " tls: there is no TLS: ",
                                 has_certificate ? "leave out `tls off'" : "add `certificate CERT KEY'"));
}

// Homes stand below the root, and so would strangers.
void complete_anonymous(Settings& s) {
    const bool has_users = !s.users.empty();
    s.anonymous = s.anonymous_given.value_or(has_users ? Rights{} : anonymous_rights[anonymous_read]);
    if (has_users && s.anonymous.may_write() && s.anonymous_root.empty())
        throw UserError("anonymous: clients without an account could write in the homes of `users': add "
                        "`anonymous-root DIR', a folder for them below the root (or `anonymous-root /', "
                        "if the whole tree is meant), or write `anonymous read' or `anonymous no'");
    if (s.anonymous_root.empty()) s.anonymous_root = "/";
}

} // namespace

std::vector<Option> ftpd_options(FtpdOptions& options) {
    std::vector<Option> table = daemon_options(options);
    table.insert(std::ranges::find(table, 'n', &Option::letter),
                 {'i', "", "serve one client, on standard input and output",
                  [&](auto) { options.one_client = true; }});
    return table;
}

std::vector<Directive> directive_table(Settings& s) {
    using Repeats = Directive::Repeats;
    using Reload = Directive::Reload;
    std::vector<Directive> table = daemon_directives(s, defaults);
    table.push_back(
        {"root", "DIR", ".", "the folder that is served", Repeats::no, Reload::at_upgrade, [&](Words w) {
             const std::string& folder = only_word(w, "a folder");
             if (folder.empty()) throw UserError("'' is not a folder: write . for the current one");
             s.root = std::filesystem::absolute(folder);
         }});
    table.push_back({"anonymous", "no|read|write|upload-only|upload-only mkdir", "",
                     "what clients without an account may do", Repeats::no, Reload::yes,
                     [&](Words w) { s.anonymous_given = parse_anonymous(w); }});
    table.push_back({"anonymous-root", "DIR", "", "the folder of the served tree that they are confined to",
                     Repeats::no, Reload::at_upgrade,
                     [&](Words w) { s.anonymous_root = parse_folder_of_tree(only_word(w, "a folder")); }});
    table.push_back({"passive-ports", "FIRST-LAST|any", "any", "the ports on which PASV and EPSV listen",
                     Repeats::no, Reload::yes, [&](Words w) { s.data.passive_ports = parse_ports(w); }});
    table.push_back({"passive-address", "IPV4|none", "none",
                     "the address that PASV gives: this machine's as clients see it", Repeats::no,
                     Reload::yes, [&](Words w) { s.data.passive_address = parse_passive_address(w); }});
    table.push_back({"connect-timeout", "TIME", "30", "how long setting up a data connection may take",
                     Repeats::no, Reload::yes, [&](Words w) { s.data.connect_timeout = parse_timeout(w); }});
    table.push_back({"stall-timeout", "TIME", "300",
                     "how long a client may go without taking or sending data in a transfer", Repeats::no,
                     Reload::yes, [&](Words w) { s.stall_timeout = parse_timeout(w); }});
    table.push_back({"stop-grace", "TIME", "0",
                     "how long commands and transfers under way may take to finish at a stop", Repeats::no,
                     Reload::yes, [&](Words w) { s.stop_grace = parse_time(w, 0s, max_grace); }});
    table.push_back({"rate-up", "SIZE|none", "none", "bytes per second that a client may send", Repeats::no,
                     Reload::yes, [&](Words w) { s.limits.rate_up = parse_size_or_none(w); }});
    table.push_back({"rate-down", "SIZE|none", "none", "bytes per second that are sent to a client",
                     Repeats::no, Reload::yes, [&](Words w) { s.limits.rate_down = parse_size_or_none(w); }});
    table.push_back({"max-upload", "SIZE|none", "none", "the maximum size of a file that a client stores",
                     Repeats::no, Reload::yes,
                     [&](Words w) { s.limits.max_upload = parse_size_or_none(w); }});
    table.push_back({"umask", "MASK", "022", "permissions that new files and folders do not get", Repeats::no,
                     Reload::yes, [&](Words w) { s.umask = parse_umask(w); }});
    table.push_back({"hidden-files", "yes|no", "yes", "whether names that begin with a dot can be used",
                     Repeats::no, Reload::yes, [&](Words w) { s.names.hidden_files = parse_yes_or_no(w); }});
    table.push_back({"deny", "PATTERN", "", "names that cannot be listed, fetched or stored", Repeats::yes,
                     Reload::yes, [&](Words w) { s.names.denied.push_back(parse_pattern(w)); }});
    table.push_back({"default-type", "ascii|binary", "ascii", "the type of transfers before a TYPE",
                     Repeats::no, Reload::yes, [&](Words w) {
                         s.default_type = static_cast<TransferType>(parse_choice(w, type_words));
                     }});
    table.push_back({"sync", "on|off", "off", "whether an upload is answered only when it is on disk",
                     Repeats::no, Reload::yes, [&](Words w) { s.sync = parse_yes_or_no(w); }});
    table.push_back({"keep-partials", "DAYS", "7", "how long unfinished uploads are kept; 0 means for ever",
                     Repeats::no, Reload::yes, [&](Words w) { s.keep_partials = parse_days(w, max_kept); }});
    table.push_back({"xferlog", "FILE", "", "the transfer log", Repeats::no, Reload::yes,
                     [&](Words w) { s.xferlog = parse_absolute(only_word(w, "a file"), "a file"); }});
    table.push_back({"announce", "DIR ROOM [CONTROL-PATH]", "",
                     "announce the files stored in a folder in a room of chatd", Repeats::yes, Reload::yes,
                     [&](Words w) { s.announcements.push_back(parse_announcement(w)); }});
    table.push_back({"tls", "off|offered|required|required-for-passwords", "", "who must use TLS",
                     Repeats::no, Reload::yes,
                     [&](Words w) { s.tls_given = static_cast<TlsPolicy>(parse_choice(w, tls_words)); }});
    table.push_back({"tls-reuse", "optional|required", "optional",
                     "whether private data connections must resume the session of the control connection",
                     Repeats::no, Reload::yes,
                     [&](Words w) { s.data.needs_resumed_tls = parse_choice(w, reuse_words) == 1; }});
    table.push_back({"tls-end", "required|trusted", "required",
                     "what becomes of an upload that ends without TLS's own end (close_notify)", Repeats::no,
                     Reload::yes, [&](Words w) { s.data.trusts_ends = parse_choice(w, end_words) == 1; }});
    for (Directive& row : tls_directives(s.tls)) table.push_back(std::move(row));
    return table;
}

Settings make_settings(std::span<const ConfigLine> lines) {
    Settings settings;
    apply_config(lines, directive_table(settings));
    complete_settings(settings, defaults);
    complete_anonymous(settings);
    complete_tls(settings);
    return settings;
}

AuthdSettings authd_settings(const Settings& settings) {
    AuthdSettings made = make_authd_settings(settings, "ftpd");
    if (settings.anonymous_root != "/") made.strangers = settings.anonymous_root;
    return made;
}

} // namespace ftpd
