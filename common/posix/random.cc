// SPDX-License-Identifier: ISC
#include "common/errors.hh"
#include "common/fd.hh"
#include "common/secret.hh"

#include <fcntl.h>
#include <pthread.h>
#include <stdexcept>
#include <string>

namespace common {
namespace {

constexpr const char* source = "/dev/urandom"; // not in POSIX, and in every Unix

// Of this process: a forked child closes what it has not opened, and opens its own.
Fd random_source;
void close_random_source() { random_source.reset(); }

} // namespace

void open_random_source() {
    if (random_source) return;
    static const int registered = ::pthread_atfork(nullptr, nullptr, close_random_source);
    if (registered != 0) fail_with(registered, "pthread_atfork");
    random_source.reset(checked("open", source, [] { return ::open(source, O_RDONLY | O_CLOEXEC); }));
}

void fill_random(std::span<char> bytes) {
    open_random_source(); // where nobody has done so yet
    while (!bytes.empty()) {
        const IoResult got = read_some(random_source.get(), bytes);
        if (got.state != IoState::done)
            throw std::runtime_error(std::string{source} + " gives no random bytes");
        bytes = bytes.subspan(got.bytes);
    }
}

} // namespace common
