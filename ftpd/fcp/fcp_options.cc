// SPDX-License-Identifier: ISC
#include "ftpd/fcp/fcp_options.hh"

#include "common/errors.hh"
#include "common/text.hh"

using namespace common;

namespace ftpd {
namespace {

std::vector<Option> with_common(std::vector<Option> options, FcpOptions& wanted) {
    using Action = FcpOptions::Action;
    options.push_back({'P', "PORT", "the server's port, instead of 2121 or 990, except for URLs",
                       [&](std::string_view given) {
                           const auto port = parse_number<std::uint16_t>(given, 1);
                           if (!port)
                               throw UsageError(
                                   text("-P takes a port of 1 to 65535, not '", escape(given), "'"));
                           wanted.port = *port;
                       }});
    options.push_back({'\0', "[=required|implicit]", "speak TLS, or not at all; usually required",
                       [&](std::string_view mode) {
                           using Mode = TlsWish::Mode;
                           if (!mode.empty() && mode != "required" && mode != "implicit")
                               throw UsageError(
                                   text("--tls is required or implicit, not '", escape(mode, 64), "'"));
                           wanted.tls.mode = mode == "implicit" ? Mode::implicit : Mode::required;
                       },
                       "tls"});
    for (Option& option : tls_options(wanted.tls)) options.push_back(std::move(option));
    options.push_back(
        {'V', "", "print the version and stop", [&](auto) { wanted.action = Action::show_version; }});
    options.push_back(
        {'h', "", "print this text and stop", [&](auto) { wanted.action = Action::show_usage; }});
    return options;
}

} // namespace

std::vector<Option> fcp_options(FcpOptions& wanted) {
    return with_common(
        {
            {'r', "", "copy folders and everything in them", [&](auto) { wanted.recursive = true; }},
            {'L', "", "with -r: follow the symbolic links in folders",
             [&](auto) { wanted.follows_links = true; }},
            {'c', "", "continue: copy only what is missing", [&](auto) { wanted.continues = true; }},
            {'p', "", "keep times and permissions", [&](auto) { wanted.keeps_facts = true; }},
            {'q', "", "show no progress", [&](auto) { wanted.quiet = true; }},
        },
        wanted);
}

std::vector<Option> fls_options(FcpOptions& wanted) {
    return with_common(
        {
            {'l', "", "long: a line for each entry, as `ls -l' has it", [&](auto) { wanted.is_long = true; }},
            {'a', "", "all names, also those that begin with a dot",
             [&](auto) { wanted.shows_hidden = true; }},
            {'p', "", "a slash after the names of folders", [&](auto) { wanted.marks_folders = true; }},
            {'r', "", "list folders and everything in them", [&](auto) { wanted.recursive = true; }},
            {'L', "", "with -r: also list the folders that symbolic links lead to",
             [&](auto) { wanted.follows_links = true; }},
        },
        wanted);
}

} // namespace ftpd
