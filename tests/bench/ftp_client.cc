// SPDX-License-Identifier: ISC
#include "tests/bench/ftp_client.hh"

#include "common/text.hh"

#include <algorithm>

namespace bench {

FtpClient::FtpClient(std::uint16_t port) : control_(port) { read_reply("2"); }

char FtpClient::read_reply(std::string_view expected) {
    // A reply's last line begins with its code and a blank (RFC 959 4.2).
    do last_ = control_.read_line();
    while (last_.size() < 4 || last_[3] != ' ' || !common::parse_number<int>(last_.substr(0, 3)));
    if (expected.find(last_[0]) == expected.npos)
        throw Failure{"the server says: " + common::escape(last_, 100)};
    return last_[0];
}

void FtpClient::command(std::string_view line, std::string_view expected) {
    std::string sent{line};
    control_.send(sent.append("\r\n"));
    read_reply(expected);
}

void FtpClient::log_in(std::string_view user) {
    control_.send(common::text("USER ", user, "\r\n"));
    if (read_reply("23") == '3') command("PASS bench@", "2");
}

void FtpClient::quit() {
    command("QUIT", "2");
    control_.discard();
    control_.drop();
}

Connection FtpClient::open_data() {
    command("EPSV", "2");
    const auto from = last_.find("|||"), to = last_.rfind('|');
    const auto port = from == last_.npos || to < from + 3
                          ? std::nullopt
                          : common::parse_number<std::uint16_t>(last_.substr(from + 3, to - from - 3));
    if (!port) throw Failure{"no port in: " + common::escape(last_, 100)};
    return Connection{*port};
}

std::size_t FtpClient::receive(std::string_view line) {
    Connection data = open_data();
    command(line, "1");
    const std::size_t size = data.discard();
    data.drop();
    read_reply("2");
    return size;
}

std::size_t FtpClient::count_lines(std::string_view line) {
    Connection data = open_data();
    command(line, "1");
    std::size_t lines = 0;
    std::array<char, 65536> piece{};
    while (const std::size_t got = data.receive(piece))
        lines += static_cast<std::size_t>(std::count(piece.begin(), piece.begin() + got, '\n'));
    data.drop();
    read_reply("2");
    return lines;
}

void FtpClient::store(std::string_view name, const std::function<void(Connection& data)>& send) {
    {
        Connection data = open_data();
        command(std::string{"STOR "}.append(name), "1");
        send(data);
    }
    read_reply("2");
}

} // namespace bench
