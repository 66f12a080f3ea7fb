// SPDX-License-Identifier: ISC
#include "common/ctl/ctl_options.hh"

namespace common {

std::vector<Option> ctl_options(CtlOptions& wanted) {
    using Action = CtlOptions::Action;
    return {
        {'s', "PATH", "the control socket", [&](auto path) { wanted.socket = path; }},
        {'u', "FILE", "the user file, for `user'", [&](auto file) { wanted.users = file; }},
        {'f', "FILE", "the daemon's configuration, which names the control socket and the user file",
         [&](auto file) { wanted.config = file; }},
        {'V', "", "print the version and stop", [&](auto) { wanted.action = Action::show_version; }},
        {'h', "", "print this text and stop", [&](auto) { wanted.action = Action::show_usage; }},
    };
}

} // namespace common
