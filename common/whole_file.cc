// SPDX-License-Identifier: ISC
#include "common/whole_file.hh"

#include "common/errors.hh"
#include "common/fd.hh"
#include "common/text.hh"

#include <array>
#include <cstdio>
#include <fcntl.h>
#include <system_error>
#include <unistd.h>

namespace common {

std::string read_whole_file(const std::string& path, std::size_t most) {
    const Fd file{checked("open", path, [&] { return ::open(path.c_str(), O_RDONLY | O_CLOEXEC); })};
    std::string whole;
    std::array<char, 16384> piece{};
    for (;;) {
        const ssize_t got =
            checked("read", path, [&] { return ::read(file.get(), piece.data(), piece.size()); });
        if (got == 0) return whole;
        whole.append(piece.data(), static_cast<std::size_t>(got));
        if (whole.size() > most) throw UserError(text(path, ": longer than ", most, " bytes"));
    }
}

void replace_file(const std::string& path, std::string_view content) {
    const std::string beside = path + ".new";
    const Fd file{checked("make", beside, [&] {
        return ::open(beside.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
    })};
    try {
        while (!content.empty())
            content.remove_prefix(static_cast<std::size_t>(checked(
                "write", beside, [&] { return ::write(file.get(), content.data(), content.size()); })));
        checked("write", beside, [&] { return ::fsync(file.get()); });
        checked("rename", beside, [&] { return ::rename(beside.c_str(), path.c_str()); });
    } catch (const std::system_error&) {
        ::unlink(beside.c_str()); // it may be a part, and hold secrets
        throw;
    }
}

} // namespace common
