// SPDX-License-Identifier: ISC
// Runs a piece of a test in a forked child, for what a process can do to itself once only: change its user,
// its root, its limits.
#pragma once

#include "common/errors.hh"
#include "common/fd.hh"

#include <array>
#include <exception>
#include <functional>
#include <string>
#include <sys/wait.h>
#include <unistd.h>

// What body returned, in a child: a description of what went wrong, or nothing. If the child did not end
// well, this says so.
inline std::string in_child(const std::function<std::string()>& body) {
    std::array<int, 2> ends{};
    common::checked("pipe", {}, [&] { return ::pipe(ends.data()); });
    common::Fd reading{ends[0]}, writing{ends[1]};
    const pid_t child = common::checked("fork", {}, [] { return ::fork(); });
    if (child == 0) {
        std::string said;
        try {
            said = body();
        } catch (const std::exception& error) {
            said = error.what();
        }
        for (std::string_view rest = said; !rest.empty();)
            rest.remove_prefix(common::write_some(ends[1], rest).bytes);
        ::_exit(0);
    }
    writing.reset();
    std::string said;
    std::array<char, 4096> piece{};
    while (const auto bytes = common::read_some(reading.get(), piece).bytes) said.append(piece.data(), bytes);
    int status = 0;
    common::checked("waitpid", {}, [&] { return ::waitpid(child, &status, 0); });
    if (status != 0) said += " (the child ended with status " + std::to_string(status) + ")";
    return said;
}
