// SPDX-License-Identifier: ISC
#include "common/tls/secured_connection.hh"

#include "common/errors.hh"
#include "common/new_socket.hh"
#include "common/peek.hh"
#include "common/sandbox.hh"
#include "common/signals.hh"
#include "common/socket.hh"
#include "common/text.hh"
#include "common/tls/tls_process.hh"

#include <array>
#include <fcntl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>
#include <utility>

namespace common {
namespace {

// Forked twice, so that the program need not wait for the relay's end, which may come after its own.
void start(const Executable& program, const Fd& pair, std::vector<std::string> arguments) {
    const pid_t between = checked("fork", tls_program, [] { return ::fork(); });
    if (between != 0) {
        retry([&] { return ::waitpid(between, nullptr, 0); });
        return;
    }
    const pid_t relay = ::fork();
    if (relay != 0) ::_exit(relay < 0 ? 1 : 0);
    ::_exit(report_errors(tls_program, [&]() -> int {
        const int passed = checked("duplicate", "a pair", [&] { return ::fcntl(pair.get(), F_DUPFD, 3); });
        close_other_descriptors(std::array{STDIN_FILENO, STDOUT_FILENO, STDERR_FILENO, passed, program.fd()});
        Signals::let_all_in();
        arguments.insert(arguments.begin() + 2, text(passed));
        program.execute(arguments);
    }));
}

} // namespace

SecuredConnection::SecuredConnection(const Executable& program, const std::string& host,
                                     const std::string& issuers) {
    auto [ours, theirs] = make_packet_pair();
    start(program, theirs, {std::string{tls_program}, std::string{tls_client}, host, issuers});
    pair_ = std::move(ours);
}

SecuredConnection::SecuredConnection(SecuredConnection&& other) noexcept = default;

SecuredConnection::~SecuredConnection() {
    if (!pair_ || is_left_open_) return;
    try {
        say_whole();
    } catch (const std::system_error&) {
        // Then it is reset.
    }
}

Fd SecuredConnection::begin(const RelayTerms& terms, Fd socket) {
    int ends[2]{};
    checked("create a socket pair", {}, [&] { return new_socket_pair(SOCK_STREAM, ends); });
    Fd ours{ends[0]};
    const Fd theirs{ends[1]};
    const TlsFrame frame{.word = TlsWord::begin, .bytes = pack_terms(terms)};
    // A relay that has gone tells why when it is heard.
    if (send_tls_frame(pair_.get(), frame, socket.get(), theirs.get()) == IoState::would_block)
        fail_with(ETOOMANYREFS, "hand the connection to", tls_program);
    return ours;
}

void SecuredConnection::accept() { say({.word = TlsWord::accept}); }

void SecuredConnection::say_whole() { say({.word = TlsWord::whole}); }

// Where the relay has gone, hear tells.
void SecuredConnection::say(const TlsFrame& frame) { send_tls_frame(pair_.get(), frame); }

void SecuredConnection::hear() {
    while (pair_) {
        const TlsReceived got = receive_tls_frame(
            pair_.get(), {TlsWord::certificate, TlsWord::secured, TlsWord::ended, TlsWord::sent},
            Complaints::taken);
        if (got.state == IoState::would_block) return;
        if (got.state == IoState::vanished) continue; // it left words unread: what it has said follows
        if (got.state != IoState::done) {
            pair_.reset();
            if (fault_.empty()) fault_ = said_.empty() ? "suite-tls has ended" : said_;
            return;
        }
        if (!got.said.empty())
            said_ = escape(std::string_view{got.said}.substr(0, got.said.find_last_not_of('\n') + 1));
        else if (got.frame.word == TlsWord::certificate)
            certificate_ = unpack_certificate(got.frame.bytes);
        else if (got.frame.word == TlsWord::ended)
            heed_end(got.frame);
    }
}

// Of one that is killed, the stream may be closed before the pair.
void SecuredConnection::hear_end() {
    constexpr std::chrono::seconds longest{5}; // of one that is stopped, say
    const auto until = Clock::now() + longest;
    for (hear(); pair_ && !has_told_end_; hear())
        if (!wait_for_input(pair_.get(), until)) return;
}

void SecuredConnection::heed_end(const TlsFrame& frame) {
    has_told_end_ = true;
    const RelayEnd end = end_of(frame);
    has_bare_end_ = end == RelayEnd::bare;
    server_went_ = end == RelayEnd::gone;
    if (end == RelayEnd::cut || server_went_) fault_ = frame.bytes;
}

TlsClientOrders read_tls_client(std::span<char* const> arguments) {
    constexpr std::size_t count = 5; // with the program's name
    const auto pair = parse_number<int>(arguments.size() == count ? arguments[2] : "", 3);
    if (!pair) throw UsageError("suite-tls is started by other programs of the suite");
    set_close_on_exec(*pair);
    return {Fd{*pair}, arguments[3], arguments[4]};
}

} // namespace common
