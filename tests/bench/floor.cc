// SPDX-License-Identifier: ISC
// bench-floor KIND PORT [FILE]: bare loops that do the kernel's part of a server's work and nothing else, to
// tell how far the servers are from what is possible. A program of its own, linked statically: what forks
// here is as small as can be.
//
//   answer    accept, fork, send one line, exit
//   converse  accept, fork, answer each line of an FTP login and QUIT with a constant, exit
//   send      accept, send FILE with sendfile(2), close
//   receive   accept, recv(2) and write(2) to FILE in pieces of 256 KiB, close
//   fan-out   one process; each line that a client sends goes to each other client with a send(2) of its own
//   processes a process for each client, woken for each line; it reads it from FILE and sends it
#include "common/address.hh"
#include "common/errors.hh"
#include "common/fd.hh"
#include "common/poller.hh"
#include "common/text.hh"
#include "tests/bench/floor_processes.hh"

#include <array>
#include <fcntl.h>
#include <map>
#include <netinet/in.h>
#include <signal.h>
#include <sys/sendfile.h>
#include <sys/socket.h>
#include <unistd.h>

using common::checked;
using common::Fd;

namespace {

constexpr std::string_view greeting = "220 ready\r\n";

Fd listen_on_port(std::uint16_t port) {
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(port);
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    Fd listener{checked("socket", {}, [] { return ::socket(AF_INET, SOCK_STREAM, 0); })};
    const int on = 1;
    ::setsockopt(listener.get(), SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
    checked("bind", {},
            [&] { return ::bind(listener.get(), reinterpret_cast<sockaddr*>(&address), sizeof address); });
    checked("listen", {}, [&] { return ::listen(listener.get(), 4096); });
    return listener;
}

Fd accept_next(const Fd& listener) {
    return Fd{checked("accept", {}, [&] { return ::accept(listener.get(), nullptr, nullptr); })};
}

void send_all(int socket, std::string_view bytes) { common::write_some(socket, bytes); }

// Each read is taken for one line: the generator waits for each answer.
void converse(int socket) {
    send_all(socket, greeting);
    std::array<char, 512> line{};
    while (common::read_some(socket, line).state == common::IoState::done) {
        switch (line[0]) {
        case 'U': send_all(socket, "331 password\r\n"); break;
        case 'P': send_all(socket, "230 welcome\r\n"); break;
        default: send_all(socket, "221 goodbye\r\n"); return;
        }
    }
}

void send_file(int socket, const char* name) {
    const Fd file{checked("open", name, [&] { return ::open(name, O_RDONLY); })};
    while (common::retry([&] { return ::sendfile(socket, file.get(), nullptr, 1 << 30); }) > 0) {
    }
}

void receive_file(int socket, const char* name) {
    const Fd file{checked("open", name, [&] { return ::open(name, O_WRONLY | O_CREAT | O_TRUNC, 0644); })};
    static std::array<char, 256 * 1024> piece;
    for (common::IoResult got; (got = common::read_some(socket, piece)).state == common::IoState::done;)
        if (common::write_some(file.get(), {piece.data(), got.bytes}).bytes != got.bytes)
            common::fail("write", name);
}

// Takes whole lines: the generator's fit into one read, or the rest of one comes with the next.
[[noreturn]] void fan_out(const Fd& listener) {
    const auto poller = common::Poller::make(common::best_backend());
    poller->watch(listener.get(), common::Interest::read);
    std::map<int, std::string> clients; // and what each has sent of its next line
    std::array<char, 65536> piece{};
    for (;;) {
        for (const common::Event& event : poller->wait({})) {
            if (event.fd == listener.get()) {
                const int client = accept_next(listener).release();
                clients[client];
                poller->watch(client, common::Interest::read);
                send_all(client, "in\n");
                continue;
            }
            const common::IoResult got = common::read_some(event.fd, piece);
            if (got.state != common::IoState::done) {
                poller->forget(event.fd);
                clients.erase(event.fd);
                ::close(event.fd);
                continue;
            }
            std::string& sent = clients[event.fd].append(piece.data(), got.bytes);
            std::size_t from = 0;
            for (std::size_t end = 0; (end = sent.find('\n', from)) != sent.npos; from = end + 1)
                for (const auto& [client, unfinished] : clients)
                    if (client != event.fd)
                        send_all(client, std::string_view{sent}.substr(from, end + 1 - from));
            sent.erase(0, from);
        }
    }
}

[[noreturn]] void serve(std::string_view kind, const Fd& listener, const char* file) {
    if (kind == "fan-out") fan_out(listener);
    if (kind == "processes") bench::serve_by_processes(listener, file);
    ::signal(SIGCHLD, SIG_IGN); // nobody waits for the children
    for (;;) {
        Fd socket = accept_next(listener);
        if (kind == "send") {
            send_file(socket.get(), file);
        } else if (kind == "receive") {
            receive_file(socket.get(), file);
        } else if (::fork() == 0) {
            if (kind == "converse")
                converse(socket.get());
            else
                send_all(socket.get(), greeting);
            ::_exit(0);
        }
    }
}

} // namespace

int main(int argc, char** argv) {
    return common::report_errors("bench-floor", [&] {
        const auto port = argc >= 3 ? common::parse_number<std::uint16_t>(argv[2]) : std::nullopt;
        if (!port) throw common::UsageError("usage: bench-floor KIND PORT [FILE]");
        ::signal(SIGPIPE, SIG_IGN);
        serve(argv[1], listen_on_port(*port), argc > 3 ? argv[3] : "");
        return 0;
    });
}
