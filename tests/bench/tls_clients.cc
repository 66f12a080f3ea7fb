// SPDX-License-Identifier: ISC
// bench-tls: FTP clients under TLS, for bench, which links no TLS library itself.
//   logins PORT MS     4 clients: connect, AUTH TLS, a full handshake, log in, QUIT; prints how many a second
//   get PORT PATH SIZE a file over a private data connection, discarded; prints MiB/s from RETR to 226
//   put PORT PATH FILE the same the other way, from STOR to 226
//   idle PORT N READY  listens on that port of loopback once so many are logged in, and stays
// It believes any certificate.
#include "common/errors.hh"
#include "common/fd.hh"
#include "common/text.hh"

#include <atomic>
#include <chrono>
#include <cstdio>
#include <fcntl.h>
#include <gnutls/gnutls.h>
#include <memory>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <span>
#include <stdexcept>
#include <string>
#include <sys/mman.h>
#include <sys/socket.h>
#include <thread>
#include <unistd.h>
#include <vector>

namespace {

using Clock = std::chrono::steady_clock;

constexpr std::size_t record = 16384;

void insist(bool holds, const std::string& what) {
    if (!holds) throw std::runtime_error(what);
}

sockaddr_in loopback(std::uint16_t port) {
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(port);
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    return address;
}

common::Fd connect_to(std::uint16_t port) {
    common::Fd socket{::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)};
    const sockaddr_in address = loopback(port);
    insist(::connect(socket.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0,
           "cannot connect");
    const int yes = 1;
    ::setsockopt(socket.get(), IPPROTO_TCP, TCP_NODELAY, &yes, sizeof yes);
    return socket;
}

gnutls_certificate_credentials_t trust() {
    static const gnutls_certificate_credentials_t made = [] {
        gnutls_certificate_credentials_t all{};
        gnutls_certificate_allocate_credentials(&all);
        return all;
    }();
    return made;
}

class Tls {
public:
    explicit Tls(int socket) {
        gnutls_init(&session_, GNUTLS_CLIENT | GNUTLS_NO_SIGNAL);
        gnutls_priority_set_direct(session_, "NORMAL:-VERS-ALL:+VERS-TLS1.3", nullptr);
        gnutls_credentials_set(session_, GNUTLS_CRD_CERTIFICATE, trust());
        gnutls_transport_set_int(session_, socket);
        int result = 0;
        do result = gnutls_handshake(session_);
        while (result < 0 && gnutls_error_is_fatal(result) == 0);
        insist(result == 0, gnutls_strerror(result));
    }
    ~Tls() { gnutls_deinit(session_); }
    Tls(const Tls&) = delete;
    Tls& operator=(const Tls&) = delete;

    std::size_t read(std::span<char> into) {
        for (;;) {
            const ssize_t got = gnutls_record_recv(session_, into.data(), into.size());
            if (got >= 0) return static_cast<std::size_t>(got);
            if (got == GNUTLS_E_PREMATURE_TERMINATION) return 0;
            insist(gnutls_error_is_fatal(static_cast<int>(got)) == 0, gnutls_strerror(static_cast<int>(got)));
        }
    }
    void write(std::string_view bytes) {
        while (!bytes.empty()) {
            const ssize_t sent = gnutls_record_send(session_, bytes.data(), bytes.size());
            insist(sent >= 0 || gnutls_error_is_fatal(static_cast<int>(sent)) == 0, "cannot send");
            if (sent > 0) bytes.remove_prefix(static_cast<std::size_t>(sent));
        }
    }
    void end() { gnutls_bye(session_, GNUTLS_SHUT_WR); }

private:
    gnutls_session_t session_{};
};

class Client {
public:
    explicit Client(std::uint16_t port) : socket_(connect_to(port)) {
        reply("220");
        command("AUTH TLS", "234");
        tls_ = std::make_unique<Tls>(socket_.get());
        if (command("USER anonymous", "").starts_with("230")) return; // pure-ftpd
        command("PASS x", "230");
    }
    std::string command(std::string_view line, std::string_view code) {
        const std::string whole = std::string{line} + "\r\n";
        if (tls_)
            tls_->write(whole);
        else
            insist(::send(socket_.get(), whole.data(), whole.size(), MSG_NOSIGNAL) ==
                       static_cast<ssize_t>(whole.size()),
                   "cannot send");
        return reply(code);
    }
    // The last line of the next reply, which begins so.
    std::string reply(std::string_view code) {
        for (;;) {
            const std::size_t end = buffer_.find('\n');
            if (end != buffer_.npos) {
                const std::string line = buffer_.substr(0, end);
                buffer_.erase(0, end + 1);
                if (line.size() < 4 || line[3] != ' ' || line[0] < '1' || line[0] > '5') continue;
                insist(line.starts_with(code), line);
                return line;
            }
            char piece[4096];
            const std::size_t got = tls_ ? tls_->read(piece)
                                         : static_cast<std::size_t>(std::max<ssize_t>(
                                               ::read(socket_.get(), piece, sizeof piece), 0));
            insist(got > 0, "the server has closed");
            buffer_.append(piece, got);
        }
    }
    void protect() {
        command("PBSZ 0", "200");
        command("PROT P", "200");
        command("TYPE I", "200");
    }
    common::Fd open_data() {
        const std::string line = command("EPSV", "229");
        return connect_to(static_cast<std::uint16_t>(std::stoi(line.substr(line.find("|||") + 3))));
    }
    void quit() {
        command("QUIT", "221");
        char rest[256];
        while (::read(socket_.get(), rest, sizeof rest) > 0) {
        } // until the server has closed
    }

private:
    common::Fd socket_;
    std::unique_ptr<Tls> tls_;
    std::string buffer_;
};

double seconds_since(Clock::time_point start) {
    return std::chrono::duration<double>(Clock::now() - start).count();
}

double logins(std::uint16_t port, std::chrono::milliseconds duration) {
    constexpr unsigned clients = 4;
    std::atomic<unsigned> done{0};
    const auto start = Clock::now();
    std::vector<std::jthread> all;
    for (unsigned i = 0; i < clients; ++i)
        all.emplace_back([&] {
            while (Clock::now() - start < duration) {
                Client{port}.quit();
                ++done;
            }
        });
    all.clear();
    return done / seconds_since(start);
}

double get(std::uint16_t port, const std::string& path, std::size_t size) {
    Client client{port};
    client.protect();
    const common::Fd socket = client.open_data();
    const auto start = Clock::now();
    client.command("RETR " + path, "1");
    Tls data{socket.get()};
    std::vector<char> piece(record);
    std::size_t total = 0;
    while (const std::size_t got = data.read(piece)) total += got;
    data.end();
    client.reply("226");
    insist(total == size, "not all came");
    return static_cast<double>(size >> 20) / seconds_since(start);
}

double put(std::uint16_t port, const std::string& path, const std::string& file) {
    const common::Fd source{::open(file.c_str(), O_RDONLY | O_CLOEXEC)};
    const off_t size = ::lseek(source.get(), 0, SEEK_END);
    void* const mapped =
        ::mmap(nullptr, static_cast<std::size_t>(size), PROT_READ, MAP_SHARED, source.get(), 0);
    insist(mapped != MAP_FAILED, "cannot map the file");
    Client client{port};
    client.protect();
    common::Fd socket = client.open_data();
    const auto start = Clock::now();
    client.command("STOR " + path, "1");
    Tls data{socket.get()};
    data.write({static_cast<const char*>(mapped), static_cast<std::size_t>(size)});
    data.end();
    ::shutdown(socket.get(), SHUT_WR);
    client.reply("226");
    return static_cast<double>(size >> 20) / seconds_since(start);
}

[[noreturn]] void idle(std::uint16_t port, unsigned count, std::uint16_t ready) {
    std::vector<std::unique_ptr<Client>> all;
    for (unsigned i = 0; i < count; ++i) all.push_back(std::make_unique<Client>(port));
    const common::Fd socket{::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)};
    const sockaddr_in address = loopback(ready);
    insist(::bind(socket.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0 &&
               ::listen(socket.get(), 1) == 0,
           "cannot listen");
    for (;;) ::pause();
}

double run(std::span<char*> words) {
    insist(words.size() >= 4, "logins|get|put|idle PORT ...");
    const std::string what = words[1];
    const auto port = static_cast<std::uint16_t>(std::stoi(words[2]));
    if (what == "logins") return logins(port, std::chrono::milliseconds{std::stoi(words[3])});
    insist(words.size() == 5, "get PORT PATH SIZE, put PORT PATH FILE, or idle PORT N READY");
    if (what == "idle")
        idle(port, static_cast<unsigned>(std::stoi(words[3])),
             static_cast<std::uint16_t>(std::stoi(words[4])));
    return what == "get" ? get(port, words[3], std::stoul(words[4])) : put(port, words[3], words[4]);
}

} // namespace

int main(int argc, char** argv) {
    try {
        std::printf("%f\n", run({argv, static_cast<std::size_t>(argc)}));
        return 0;
    } catch (const std::exception& error) {
        std::fprintf(stderr, "bench-tls: %s\n", error.what());
        return 1;
    }
}
