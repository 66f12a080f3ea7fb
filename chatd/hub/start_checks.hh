// SPDX-License-Identifier: ISC
// What a start finds before it opens anything: chatd does this first, and chatd -n nothing else.
#pragma once

#include "chatd/settings.hh"

namespace chatd {

// Throws common::UserError or std::system_error for what ends a start: what common::check_start names, the
// file of the bans, and folders of rooms that cannot be used.
void check_start(const Settings& settings);

} // namespace chatd
