// SPDX-License-Identifier: ISC
#include "common/group_map.hh"

#include <fstream>

namespace common {

// user_namespaces(7): the first group inside, the first outside, and how many.
bool is_shown(gid_t group) {
    std::ifstream file{"/proc/self/gid_map"};
    bool has_any = false;
    for (unsigned long long inside = 0, outside = 0, count = 0; file >> inside >> outside >> count;) {
        if (group >= inside && group - inside < count) return true;
        has_any = true;
    }
    return !has_any;
}

} // namespace common
