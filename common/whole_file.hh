// SPDX-License-Identifier: ISC
// Small files that are read and written as a whole, as a daemon's state is. Run by whoever has some.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace common {

// All that is in the file. Throws std::system_error, and UserError when it has more than most bytes. Without
// that limit for a file that only the reader itself has written: it is always read again.
std::string read_whole_file(const std::string& path, std::size_t most = SIZE_MAX);

// The content in the place of what the file held, with mode 0600: written beside it to disk (PATH.new), and
// then renamed, so that a crash leaves the old file or the new one. Throws std::system_error, and then leaves
// nothing beside it.
void replace_file(const std::string& path, std::string_view content);

} // namespace common
