// SPDX-License-Identifier: ISC
// What is thrown in a session. A Refusal says why a command is not done, as the reply to it: thrown
// where it is noticed, answered in one place (ftpd/session/dispatch.cc); the session goes on. A SessionOver
// ends it.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <system_error>
#include <utility>

namespace ftpd {

struct Refusal {
    int code; // of RFC 959, section 4.2
    std::string words;
    std::string_view hint = {}; // what a person could type instead; a machine does not get it
    // The object that the system denies to the server's user.
    std::optional<std::string> denied = {};
};

struct SessionOver {
    enum class Reason { client_gone, parent_gone, stopped, kicked, idle, late, stalled, protocol } reason;
    std::string_view log_line = {}; // says why; empty: nothing to be said
};

// The reply for what the system refused: 450 where trying again may help, 552 for lack of space, 550 else.
// The object is a path or a command, escaped here.
Refusal explain(const std::system_error& error, std::string_view object);

// Does the work; throws what the system refuses of it as a Refusal about the object. For a verb whose
// argument is more than a path; of others the session explains it.
template <class Work>
void do_explained(std::string_view object, Work work) {
    try {
        work();
    } catch (const std::system_error& error) {
        throw explain(error, object);
    }
}

} // namespace ftpd
