// SPDX-License-Identifier: ISC
#include "common/aside.hh"

#include "common/children.hh"
#include "common/errors.hh"
#include "common/fd.hh"
#include "common/sandbox.hh"
#include "common/text.hh"

#include <array>
#include <sys/wait.h>
#include <unistd.h>

namespace common {
namespace {

constexpr char answered = '+', refused = '-'; // the first byte

void write_whole(int fd, std::string_view bytes) {
    while (!bytes.empty()) {
        const IoResult wrote = write_some(fd, bytes);
        if (wrote.state != IoState::done) return;
        bytes.remove_prefix(wrote.bytes);
    }
}

int answer(const Fd& to, const std::function<std::string()>& question) {
    close_other_descriptors(std::array{STDIN_FILENO, STDOUT_FILENO, STDERR_FILENO, to.get()});
    hide_memory();
    std::string words;
    try {
        words = answered + question();
    } catch (const std::exception& error) {
        words = refused + std::string{error.what()};
    }
    write_whole(to.get(), words.substr(0, max_answer + 1));
    return 0;
}

std::string read_whole(int fd) {
    std::string whole;
    std::array<char, 4096> piece{};
    for (;;) {
        const IoResult got = read_some(fd, piece);
        if (got.state != IoState::done) return whole;
        whole.append(piece.data(), got.bytes);
    }
}

} // namespace

std::string ask_aside(const std::function<std::string()>& question) {
    std::array<int, 2> ends{};
    checked("create a pipe", {}, [&] { return ::pipe(ends.data()); });
    Fd reading{ends[0]}, writing{ends[1]};
    Children children;
    const std::optional<pid_t> pid =
        children.spawn({.role = "look"}, [&, &to = writing] { return answer(to, question); });
    if (!pid) fail_with(EAGAIN, "fork", "for a look aside");
    writing.reset();
    const std::string words = read_whole(reading.get());
    int status = 0;
    checked("wait for", "a look aside", [&] { return ::waitpid(*pid, &status, 0); });
    if (words.empty()) throw UserError(text("a look aside ended early: ", describe_status(status)));
    if (words[0] == refused) throw UserError(words.substr(1));
    return words.substr(1);
}

} // namespace common
