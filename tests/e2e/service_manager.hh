// SPDX-License-Identifier: ISC
// What a service manager hears of a daemon under test (NOTIFY_SOCKET).
#pragma once

#include "common/fd.hh"

#include <string>
#include <string_view>

namespace e2e {

class ServiceManager {
public:
    // name: a path, or '@' and the name of an abstract socket (Linux).
    explicit ServiceManager(const std::string& name);

    std::string hear();               // the next that is said; throws std::system_error at the deadline
    void hear(std::string_view word); // passes over all that is said before this
    void forget();                    // what was said until now

private:
    common::Fd socket_;
};

} // namespace e2e
