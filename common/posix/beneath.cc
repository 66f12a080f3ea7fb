// SPDX-License-Identifier: ISC
#include "common/beneath.hh"

#include <fcntl.h>

namespace common {

#ifdef O_SEARCH
const int open_for_search = O_SEARCH;
#else
const int open_for_search = O_RDONLY;
#endif

Fd open_beneath(int root, std::string_view path, int flags, mode_t mode) {
    return open_beneath_by_walk(root, path, flags, mode);
}

} // namespace common
