// SPDX-License-Identifier: ISC
#include "common/authd/password.hh"

namespace common {

std::vector<std::string> hash_settings() { return portable_hash_settings(); }

} // namespace common
