// SPDX-License-Identifier: ISC
#include "ftpd/parent/xferlog.hh"

#include "common/errors.hh"
#include "common/text.hh"

#include <algorithm>
#include <array>
#include <atomic>
#include <fcntl.h>
#include <optional>
#include <sys/stat.h>
#include <unistd.h>

using namespace common;

namespace ftpd {
namespace {

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

// In this order with all that is stored before and after it.
void set(std::uint64_t& word, std::uint64_t value) {
    std::atomic_ref<std::uint64_t>{word}.store(value, std::memory_order_seq_cst);
}

struct Place {
    std::uint64_t device, file, size;
};
// None if the system does not tell: then a line is written all the same.
std::optional<Place> look_at(const Fd& fd) {
    struct stat found {};
    if (::fstat(fd.get(), &found) != 0) return {};
    return Place{static_cast<std::uint64_t>(found.st_dev), static_cast<std::uint64_t>(found.st_ino),
                 static_cast<std::uint64_t>(found.st_size)};
}

} // namespace

std::string format_xferlog(const Transfer& t, const std::string& host, std::time_t now) {
    const bool anonymous = t.user == "anonymous" || t.user == nobody_yet;
    return text(format_moment(now), ' ', std::max<std::uint64_t>(1, t.milliseconds / 1000), ' ',
                in_one_word(host), ' ', t.bytes, ' ', in_one_word(t.path), t.as_text ? " a _ " : " b _ ",
                t.direction == Direction::upload ? "i " : "o ", anonymous ? "a anonymous" : "r ",
                anonymous ? "" : in_one_word(t.user), " ftp 0 * ", t.complete ? "c" : "i", '\n');
}

Xferlog::Xferlog(Fd file, XferlogJournal& journal) : file_(std::move(file)), journal_(journal) {
    const Place now = look_at(file_).value_or(Place{});
    if (now.device == journal_.device && now.file == journal_.file) {
        look_at_last_line(now.size);
        return;
    }
    settle(); // it was written elsewhere
    set(journal_.is_torn, 0);
    set(journal_.device, now.device);
    set(journal_.file, now.file);
}

// What is no file has no size, and the line counts as not written.
void Xferlog::look_at_last_line(std::uint64_t size) {
    constexpr std::uint64_t longest = 8192; // bytes; no more than that is ever cut off
    if (journal_.session == 0) return;
    const std::uint64_t begun = size - journal_.size; // bytes of the line
    if (journal_.length > longest || size <= journal_.size || begun > journal_.length) return settle();
    if (begun == journal_.length) {
        written_ = {journal_.session, journal_.number};
        set(journal_.is_torn, 0);
        return;
    }
    // One that lets itself only be appended to has the torn line, too, and the whole one behind it.
    if (::ftruncate(file_.get(), static_cast<off_t>(journal_.size)) != 0) set(journal_.is_torn, 1);
    settle();
}

Fd Xferlog::open(const std::string& path) {
    return Fd{checked("open", path, [&] {
        return ::open(path.c_str(), O_WRONLY | O_APPEND | O_CREAT | O_NOCTTY | O_NONBLOCK | O_CLOEXEC, 0640);
    })};
}

void Xferlog::write(TransferId id, const Transfer& transfer, const std::string& host) {
    const std::string line =
        (journal_.is_torn != 0 ? "\n" : "") + format_xferlog(transfer, host, std::time(nullptr));
    settle();
    if (const std::optional<Place> now = look_at(file_)) {
        set(journal_.number, id.number);
        set(journal_.size, now->size);
        set(journal_.length, line.size());
        set(journal_.session, id.session);
    }
    const std::size_t written =
        write_some(file_.get(), line).bytes; // what a full disk takes no more of is lost
    if (written > 0) set(journal_.is_torn, line[written - 1] != '\n' ? 1 : 0);
    written_ = id;
}

void Xferlog::settle() {
    set(journal_.session, 0);
    written_ = {};
}

} // namespace ftpd
