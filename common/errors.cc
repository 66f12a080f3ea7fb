// SPDX-License-Identifier: ISC
#include "common/errors.hh"

#include <cstdio>
#include <exception>
#include <system_error>

namespace common {

void fail(std::string_view verb, std::string_view object) { fail_with(errno, verb, object); }

void fail_with(int error, std::string_view verb, std::string_view object) {
    std::string what{verb};
    if (!object.empty()) what.append(" ").append(object);
    throw std::system_error(error, std::generic_category(), what);
}

int report_error(std::string_view name) {
    const auto report = [&](const std::exception& error, ExitStatus status) {
        std::fprintf(stderr, "%.*s: %s\n", static_cast<int>(name.size()), name.data(), error.what());
        return static_cast<int>(status);
    };
    try {
        throw; // cppcheck-suppress rethrowNoCurrentException
    } catch (const UsageError& error) {
        return report(error, ExitStatus::usage);
    } catch (const std::exception& error) {
        return report(error, ExitStatus::failed);
    }
}

} // namespace common
