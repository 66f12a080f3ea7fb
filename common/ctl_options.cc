// SPDX-License-Identifier: ISC
#include "common/ctl_options.hh"

namespace common {

std::vector<Option> ctl_options(CtlOptions& wanted) {
    using Action = CtlOptions::Action;
    return {
        {'s', "PATH", "the control socket", [&](auto path) { wanted.socket = path; }},
        {'V', "", "print the version and stop", [&](auto) { wanted.action = Action::show_version; }},
        {'h', "", "print this text and stop", [&](auto) { wanted.action = Action::show_usage; }},
    };
}

} // namespace common
