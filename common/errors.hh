// SPDX-License-Identifier: ISC
// The kinds of wrong, for every program of the suite: the system's (std::system_error, thrown by fail), a
// peer's (PeerError, ends that session), a person's at the keyboard or in a configuration file (UserError,
// UsageError). A fault of our own is a std::logic_error. The type says whose fault it is and so what ends.
#pragma once

#include <cerrno>
#include <stdexcept>
#include <string>
#include <string_view>

namespace common {

// What a peer sent cannot be accepted; ends the session with that peer, never the process that serves others.
struct PeerError : std::runtime_error {
    using runtime_error::runtime_error;
};

// What a person wrote cannot be used. The text names the file and line or the option, and the remedy.
struct UserError : std::runtime_error {
    using runtime_error::runtime_error;
};

// Wrong command-line usage; report_errors turns it into exit status 64 (EX_USAGE of sysexits.h).
struct UsageError : UserError {
    using UserError::UserError;
};

enum class ExitStatus : int { ok = 0, failed = 1, usage = 64 };

// Throws std::system_error for errno; what() reads "VERB OBJECT: strerror text".
[[noreturn]] void fail(std::string_view verb, std::string_view object = {});
// The same for an error number that did not come from errno.
[[noreturn]] void fail_with(int error, std::string_view verb, std::string_view object = {});

// Calls a system call until it ends with something else than EINTR, and returns what it returned.
template <class Call>
auto retry(Call call) {
    for (;;) {
        const auto result = call();
        if (result != -1 || errno != EINTR) return result;
    }
}

// retry(), and fail(verb, object) when the call returned -1.
template <class Call>
auto checked(std::string_view verb, std::string_view object, Call call) {
    const auto result = retry(call);
    if (result == -1) fail(verb, object);
    return result;
}

// Called while an exception is handled: prints it as "NAME: text" on standard error and returns the exit
// status that it means, 64 for a UsageError, else 1.
int report_error(std::string_view name);

// Runs a program's or a child's body; the exit status is the body's own, or report_error's for what it threw.
template <class Body>
int report_errors(std::string_view name, const Body& body) {
    try {
        return body();
    } catch (const std::exception&) {
        return report_error(name);
    }
}

} // namespace common
