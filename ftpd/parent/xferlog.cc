// SPDX-License-Identifier: ISC
#include "ftpd/parent/xferlog.hh"

#include "common/errors.hh"
#include "common/text.hh"

#include <algorithm>
#include <array>
#include <fcntl.h>

using namespace common;

namespace ftpd {
namespace {

Fd open_log(const std::string& path) {
    return Fd{checked("open", path, [&] {
        return ::open(path.c_str(), O_WRONLY | O_APPEND | O_CREAT | O_NOCTTY | O_CLOEXEC, 0640);
    })};
}

std::string in_one_word(std::string word) {
    std::ranges::replace_if(
        word, [](char c) { return c <= ' ' || c > '~'; }, '_');
    return word.empty() ? "_" : word;
}

// As ctime(3), which knows no years of five digits and is not to be asked for them.
std::string format_moment(std::time_t when) {
    std::tm parts{};
    ::localtime_r(&when, &parts);
    std::array<char, 64> moment{};
    const std::size_t size = std::strftime(moment.data(), moment.size(), "%a %b %e %H:%M:%S %Y", &parts);
    return {moment.data(), size};
}

} // namespace

std::string format_xferlog(const Transfer& t, const std::string& host, std::time_t now) {
    const bool anonymous = t.user == "anonymous" || t.user == "-";
    return text(format_moment(now), ' ', std::max<std::uint64_t>(1, t.milliseconds / 1000), ' ',
                in_one_word(host), ' ', t.bytes, ' ', in_one_word(t.path), t.as_text ? " a _ " : " b _ ",
                t.direction == Direction::upload ? "i " : "o ", anonymous ? "a anonymous" : "r ",
                anonymous ? "" : in_one_word(t.user), " ftp 0 * ", t.complete ? "c" : "i", '\n');
}

Xferlog::Xferlog(std::string path) : path_(std::move(path)), file_(open_log(path_)) {}

void Xferlog::write(const Transfer& transfer, const std::string& host) {
    const std::string line = format_xferlog(transfer, host, std::time(nullptr));
    write_some(file_.get(), line); // what a full disk takes no more of is lost, as a log's last words are
}

void Xferlog::reopen() { file_ = open_log(path_); }

} // namespace ftpd
