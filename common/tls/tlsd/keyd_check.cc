// SPDX-License-Identifier: ISC
#include "common/tls/tlsd/keyd_check.hh"

#include "common/errors.hh"
#include "common/sandbox.hh"
#include "common/tls/relay/signer.hh"

#include <array>
#include <csignal>
#include <sys/wait.h>
#include <unistd.h>
#include <utility>

namespace common {
namespace {

enum Status : int { is_right = 0, is_unknown = 1, is_others = 2 }; // with which the process ends

} // namespace

bool KeydCheck::begin(Fd pair) {
    if (const pid_t before = std::exchange(pid_, -1); before > 0) children_.signal(before, SIGKILL);
    const auto pid = children_.spawn({.role = "check"}, [&]() -> int { ::_exit(run(std::move(pair))); });
    pid_ = pid.value_or(-1);
    return pid.has_value();
}

// In the child.
int KeydCheck::run(Fd pair) const {
    close_other_descriptors(std::array{STDIN_FILENO, STDOUT_FILENO, STDERR_FILENO, pair.get()});
    deny_calls(DeniedCalls::also_sockets);
    Signer signer{std::move(pair), -1};
    bool is_refused = false; // by keyd: a key of another kind cannot do what is asked
    try {
        certificates_.check([&](std::uint32_t key, std::uint32_t algorithm, std::string_view bytes) {
            try {
                return signer.sign(key, algorithm, bytes);
            } catch (const PeerError&) {
                is_refused = true;
                throw;
            }
        });
        return is_right;
    } catch (const WrongKey&) {
        return is_others;
    } catch (const std::exception&) {
        return is_refused ? is_others : is_unknown;
    }
}

std::optional<KeydCheck::Found> KeydCheck::end(const Ended& ended) {
    if (ended.pid != pid_) return {};
    pid_ = -1;
    if (!WIFEXITED(ended.status)) return Found::unknown;
    switch (WEXITSTATUS(ended.status)) {
    case is_right: return Found::right;
    case is_others: return Found::others;
    default: return Found::unknown;
    }
}

} // namespace common
