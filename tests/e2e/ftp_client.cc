// SPDX-License-Identifier: ISC
#include "tests/e2e/ftp_client.hh"

#include "common/errors.hh"
#include "common/socket.hh"
#include "common/text.hh"

#include <algorithm>
#include <poll.h>
#include <sys/stat.h>

namespace e2e {

using common::Address;
using common::text;

FtpClient::FtpClient(const Address& address, Seconds limit)
    : Connection(address, limit), server_(address), limit_(limit) {
    expect(220);
}

FtpClient& FtpClient::login() {
    command("USER anonymous", 331);
    command("PASS guest@example.org", 230);
    command("TYPE I", 200);
    return *this;
}

FtpClient connect_logged_in(const Daemon& daemon) {
    FtpClient client{daemon};
    client.login();
    return client;
}

Connection FtpClient::open_data() {
    return Connection{server_.with_port(passive_port(command("EPSV", 229))), limit_};
}

std::string FtpClient::fetch(std::string_view line) {
    Connection data = open_data();
    command(line, 150);
    std::string bytes = data.read_to_end();
    data.close();
    expect(226);
    return bytes;
}

std::string FtpClient::store(std::string_view line, std::string_view bytes) {
    Connection data = open_data();
    command(line, 150);
    data.send(bytes);
    data.close();
    return expect(226);
}

int FtpClient::code_of(std::string_view line) {
    send(text(line, "\r\n"));
    return read_reply().code;
}

std::string FtpClient::get(std::string_view path) {
    const std::string promise = command(text("GET ", path), 150);
    const auto size = common::parse_number<std::size_t>(promise.substr(4, promise.find(' ', 4) - 4));
    if (!size) throw Failure{"no size in: " + promise};
    std::string bytes = read_exactly(*size);
    const std::string last = expect(226);
    if (!last.starts_with(text("226 ", cksum_of(bytes), ' '))) throw Failure{"wrong sum: " + last};
    return bytes;
}

std::string FtpClient::put(std::string_view path, std::string_view bytes, int code) {
    send(text("ALLO ", bytes.size(), "\r\nPUT ", path, "\r\n", bytes));
    expect(200);
    if (code != 226) return expect(code);
    expect(150);
    std::string last = expect(226);
    if (!last.starts_with(text("226 ", cksum_of(bytes), ' '))) throw Failure{"wrong sum: " + last};
    return last;
}

bool has_ipv6() {
    try {
        common::listen_on(common::resolve_address("[::1]:0").at(0));
        return true;
    } catch (const std::exception&) {
        return false;
    }
}

DataListener::DataListener(std::string_view host)
    : listener_(common::listen_on(common::resolve_address(text(host, ":0")).at(0))),
      address_(common::local_address(listener_.get())) {}

std::string DataListener::port_argument() const {
    std::string argument = address_.host();
    std::ranges::replace(argument, '.', ',');
    return text(argument, ',', address_.port() / 256, ',', address_.port() % 256);
}

std::string DataListener::eprt_argument() const {
    return text('|', address_.family() == AF_INET ? 1 : 2, '|', address_.host(), '|', address_.port(), '|');
}

Connection DataListener::accept() {
    pollfd watched{listener_.get(), POLLIN, 0};
    const auto limit = std::chrono::milliseconds{patience}.count();
    const int ready = common::retry([&] { return ::poll(&watched, 1, static_cast<int>(limit)); });
    auto accepted = ready == 1 ? common::accept_from(listener_) : std::nullopt;
    if (!accepted) throw Failure{"nobody connected to " + address_.shown()};
    return Connection{std::move(accepted->socket)};
}

std::string cksum_of(std::string_view bytes) {
    std::string sum = run_client({"cksum"}, bytes).out;
    while (sum.ends_with('\n')) sum.pop_back();
    return sum;
}

void write_shared(const Path& path, std::string_view bytes) {
    write_file(path, bytes);
    common::checked("chmod", path.native(), [&] { return ::chmod(path.c_str(), 0666); });
}

Words names_in(const Path& folder) {
    Words names;
    for (const auto& entry : std::filesystem::directory_iterator{folder})
        names.push_back(entry.path().filename());
    std::ranges::sort(names);
    return names;
}

} // namespace e2e
