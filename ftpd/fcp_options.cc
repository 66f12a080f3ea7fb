// SPDX-License-Identifier: ISC
#include "ftpd/fcp_options.hh"

#include "common/errors.hh"
#include "common/text.hh"

using namespace common;

namespace ftpd {

std::vector<Option> fls_options(FcpOptions& wanted) {
    using Action = FcpOptions::Action;
    return {
        {'p', "PORT", "the server's port, instead of 2121",
         [&](std::string_view given) {
             const auto port = parse_number<std::uint16_t>(given, 1);
             if (!port) throw UsageError(text("-p takes a port of 1 to 65535, not '", escape(given), "'"));
             wanted.port = *port;
         }},
        {'V', "", "print the version and stop", [&](auto) { wanted.action = Action::show_version; }},
        {'h', "", "print this text and stop", [&](auto) { wanted.action = Action::show_usage; }},
    };
}

std::vector<Option> fcp_options(FcpOptions& wanted) {
    std::vector<Option> options = fls_options(wanted);
    options.insert(options.begin(), {'q', "", "show no progress", [&](auto) { wanted.quiet = true; }});
    return options;
}

} // namespace ftpd
