// SPDX-License-Identifier: ISC
#include "ftpd/parent/announcer.hh"

#include "common/config.hh"
#include "common/socket.hh"
#include "common/text.hh"
#include "ftpd/path.hh"

#include <algorithm>
#include <array>
#include <system_error>

using namespace common;

namespace ftpd {
namespace {

constexpr std::size_t longest_answer = 4096; // bytes

// RFC 3986, section 2.3, and the slash.
std::string encode_for_url(std::string_view path) {
    constexpr std::string_view digits = "0123456789ABCDEF";
    constexpr std::string_view plain = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~/";
    std::string encoded;
    for (const char c : path) {
        const auto byte = static_cast<unsigned char>(c);
        if (plain.find(c) != plain.npos)
            encoded += c;
        else
            encoded += {'%', digits[byte >> 4], digits[byte & 15]};
    }
    return encoded;
}

} // namespace

std::string describe_share(const Transfer& t, std::string_view server, std::string_view below) {
    const std::string_view path =
        std::string_view{t.path}.substr(below == "/" ? 0 : std::min(below.size(), t.path.size()));
    const bool has_link = !server.empty() && is_beneath(t.path, below);
    const std::string place = has_link ? text("ftp://", server, encode_for_url(path)) : escape(t.path);
    const std::string who = t.user == nobody_yet ? "anonymous" : escape(t.user);
    return text(who, " shared ", escape(last_component(t.path)), " (", human_size(t.size), "): ", place);
}

bool is_beneath(std::string_view path, std::string_view directory) {
    if (directory == "/") return true;
    return path.size() > directory.size() && path.substr(0, directory.size()) == directory &&
           path[directory.size()] == '/';
}

Announcer::~Announcer() {
    while (!questions_.empty()) forget(questions_.begin()->first);
}

void Announcer::announce(const Transfer& transfer, std::string_view server, std::string_view below) {
    for (const Announcement& rule : rules_)
        if (is_beneath(transfer.path, rule.directory)) tell(rule, describe_share(transfer, server, below));
}

void Announcer::tell(const Announcement& rule, const std::string& message) {
    if (questions_.size() >= most_at_once)
        return warn(rule.room, "too many announcements wait for an answer");
    try {
        Fd socket = start_connect(Address::of_path(rule.control));
        const std::string line = text("notice -r ", quote_word(rule.room), ' ', message, '\n');
        // So little fits into a fresh socket at once.
        if (write_some(socket.get(), line).bytes != line.size())
            return warn(rule.room, "its control socket takes nothing");
        const int fd = socket.get();
        questions_.insert_or_assign(
            fd, Question{std::move(socket), rule.room, {}, loop_.at(Clock::now() + patience, [this, fd] {
                             give_up(fd, text("no answer for ", patience.count(), " s"));
                         })});
        loop_.watch(fd, Interest::read, [this, fd](const Event&) { read_answer(fd); });
    } catch (const std::exception& error) {
        warn(rule.room, error.what());
    }
}

void Announcer::read_answer(int fd) {
    Question& question = questions_.at(fd);
    std::array<char, 1024> buffer{};
    const IoResult got = read_some(fd, buffer);
    if (got.state == IoState::would_block) return;
    if (got.state != IoState::done) return give_up(fd, "it has closed the connection");
    question.answer.append(buffer.data(), got.bytes);
    if (question.answer.size() > longest_answer) return give_up(fd, "its answer is too long");
    if (question.answer.back() != '\n') return;
    if (question.answer != "ok\n")
        return give_up(fd, escape(question.answer.substr(0, question.answer.size() - 1)));
    forget(fd);
}

void Announcer::give_up(int fd, std::string_view why) {
    warn(questions_.at(fd).room, why);
    forget(fd);
}

void Announcer::forget(int fd) {
    const auto question = questions_.find(fd);
    if (question == questions_.end()) return;
    loop_.cancel(question->second.deadline);
    loop_.forget(fd);
    questions_.erase(question);
}

void Announcer::warn(std::string_view room, std::string_view why) {
    log_.warning(text("not announced in ", escape(room), ": ", why));
}

} // namespace ftpd
