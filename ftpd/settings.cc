// SPDX-License-Identifier: ISC
#include "ftpd/settings.hh"

#include "common/errors.hh"

#include <array>
#include <filesystem>
#include <string_view>

using namespace common;

namespace ftpd {
namespace {

constexpr DaemonDefaults defaults{.daemon = "ftpd", .listen = "127.0.0.1:2121", .idle_timeout = "300"};

// The words of `anonymous' and what each means, in the same order.
constexpr std::array<std::string_view, 4> anonymous_words{"no", "read", "write", "upload-only"};
constexpr std::array<Rights, 4> anonymous_rights{
    Rights{},
    Rights{Right::list, Right::read},
    Rights{Right::list, Right::read, Right::create, Right::overwrite, Right::remove, Right::make_directory},
    Rights{Right::create},
};

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
    return table;
}

Settings make_settings(std::span<const ConfigLine> lines) {
    Settings settings;
    settings.events = best_backend();
    apply_config(lines, directive_table(settings));
    complete_settings(settings, defaults);
    return settings;
}

} // namespace ftpd
