// SPDX-License-Identifier: ISC
// What a start finds before it opens anything: ftpd does this first, and ftpd -n nothing else.
#pragma once

#include "common/log.hh"
#include "ftpd/settings.hh"

#include <cstddef>
#include <vector>

namespace ftpd {

// So many of the parent's descriptors are no client's; listeners come to that.
std::size_t own_descriptors_of(const Settings& settings);

enum class Serves { many, one_client }; // one_client: ftpd -i, which listens nowhere

// Throws common::UserError or std::system_error for what ends a start. Returns what is not a fault but
// should be known, with its remedy: what clients without an account may do to the files of users, and folders
// that the sessions' user cannot use. Waits for a child that looks at the folders as that user.
std::vector<common::Note> check_start(const Settings& settings, Serves serves);

} // namespace ftpd
