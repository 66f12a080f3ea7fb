// SPDX-License-Identifier: ISC
// ftpctl (and, under its other name, chatctl): says one line to a daemon's control socket and prints the
// answer; or edits the daemon's user file (ctl_commands.cc). A client program of whoever may open the one or
// the other; it trusts the daemon to have escaped what peers sent.
#include "common/config.hh"
#include "common/ctl/ctl_commands.hh"
#include "common/errors.hh"
#include "common/keeper/executable.hh"
#include "common/line_reader.hh"
#include "common/socket.hh"
#include "common/state.hh"
#include "common/text.hh"

#include <algorithm>
#include <array>
#include <cstdio>
#include <functional>
#include <optional>
#include <poll.h>
#include <sys/ioctl.h>
#include <termios.h>
#include <unistd.h>

using namespace common;
using Action = CtlOptions::Action;

namespace {

constexpr std::size_t max_answer_line = 65536; // bytes
constexpr std::chrono::seconds patience{10};   // for a daemon that does not answer

// The answer is not whole: the daemon's main process has ended.
struct Lost : UserError {
    using UserError::UserError;
};

// The control socket of a daemon that runs with this configuration and no -o for it.
std::string control_named_in(const std::string& file, std::string_view daemon) {
    std::string state, control;
    for (const ConfigLine& line : read_config(file, {})) {
        const bool is_control = line.words[0] == "control";
        if (!is_control && line.words[0] != "state") continue;
        if (line.words.size() != 2 || line.words[1].empty() || line.words[1][0] != '/')
            throw UserError(text(line.origin, ": ", line.words[0], " takes one path that begins with /: see ",
                                 daemon, " -n"));
        (is_control ? control : state) = line.words[1];
    }
    if (!control.empty()) return control;
    return (state.empty() ? default_state_directory(daemon) : state) + "/control";
}

// ftpctl speaks to ftpd, chatctl to chatd.
std::string daemon_of(std::string_view program) { return text(program.substr(0, program.find("ctl")), 'd'); }

// at_most: no value is for ever.
void wait_for(int fd, short events, std::optional<std::chrono::seconds> at_most = patience) {
    pollfd wait{fd, events, 0};
    const int timeout = at_most ? static_cast<int>(*at_most / std::chrono::milliseconds{1}) : -1;
    if (checked("wait", {}, [&] { return ::poll(&wait, 1, timeout); }) == 0)
        throw UserError(text("the daemon has not answered for ", at_most->count(), " seconds"));
}

void send_all(int fd, std::string_view bytes) {
    while (!bytes.empty()) {
        const IoResult wrote = send_some(fd, bytes);
        if (wrote.state == IoState::would_block)
            wait_for(fd, POLLOUT);
        else if (wrote.state != IoState::done)
            throw Lost("the daemon has closed the connection");
        bytes.remove_prefix(wrote.bytes);
    }
}

Line next_line(LineReader& reader, int fd, std::optional<std::chrono::seconds> at_most) {
    for (;;) {
        if (std::optional<Line> line = reader.next()) return *std::move(line);
        switch (reader.fill(fd)) {
        case IoState::done: break;
        case IoState::would_block:
            std::fflush(stdout); // all that is there is shown before more is waited for
            wait_for(fd, POLLIN, at_most);
            break;
        default: throw Lost("the daemon has closed the connection before the answer's end");
        }
    }
}

// A daemon that was told to stop closes its connections when the next one can start; how long it may take is
// up to its configuration.
void wait_for_end(int fd) {
    std::array<char, 512> rest{};
    for (;;) {
        const IoState state = read_some(fd, rest).state;
        if (state == IoState::ended || state == IoState::vanished) return;
        if (state == IoState::would_block) wait_for(fd, POLLIN, std::nullopt);
    }
}

Fd connect_to_daemon(const std::string& path) {
    try {
        return connect_to(std::vector{Address::of_path(path)}, std::chrono::steady_clock::now() + patience);
    } catch (const std::system_error& error) {
        throw UserError(
            text(error.what(),
                 "\nis the daemon running, and is this its control socket? -s selects another, and -f "
                 "the one that a configuration names"));
    }
}

bool is_follow(const std::string& word) { return word == "--follow" || word == "-f"; }

bool follows(Words words) {
    return words.front() == "history" && std::any_of(words.begin(), words.end(), is_follow);
}

// Gives each data line of the answer to on_line.
void ask(const Fd& socket, Words words, const std::function<void(std::string_view line)>& on_line) {
    std::string line;
    for (const std::string& word : words) line += (line.empty() ? "" : " ") + quote_word(word);
    send_all(socket.get(), line + '\n');

    // Who follows waits for whatever is said; an upgrade may take as long as a start of both versions.
    const bool may_be_long = words.front() == "upgrade" || follows(words);
    const auto limit = may_be_long ? std::nullopt : std::optional{patience};
    LineReader reader{max_answer_line, LineEnds::newline};
    for (;;) {
        const Line answer = next_line(reader, socket.get(), limit);
        if (answer.text == "ok") return words.front() == "shutdown" ? wait_for_end(socket.get()) : void();
        if (answer.text.rfind("error ", 0) == 0) throw UserError(answer.text.substr(6));
        on_line(std::string_view{answer.text}.substr(answer.text.empty() ? 0 : 1));
    }
}

void print_line(std::string_view line) { std::printf("%.*s\n", static_cast<int>(line.size()), line.data()); }

// Of a line of a room's log, as text (TIME NUMBER WORDS) or as JSON; 0: it has none.
std::uint64_t number_of(std::string_view line) {
    const std::string_view before = line.starts_with('{') ? ",\"line\":" : " ";
    const std::size_t at = line.find(before);
    if (at == line.npos) return 0;
    const std::string_view rest = line.substr(at + before.size());
    return parse_number<std::uint64_t>(rest.substr(0, rest.find_first_not_of("0123456789"))).value_or(0);
}

bool wants_no_old_line(Words words) {
    constexpr std::array<std::string_view, 2> none{"-n", "0"}, others{"--since", "--search"};
    return std::search(words.begin(), words.end(), none.begin(), none.end()) != words.end() &&
           std::find_first_of(words.begin(), words.end(), others.begin(), others.end()) == words.end();
}

// Prints a room's lines as they come. When the hub has died, or another has followed it for an upgrade, that
// one is asked from there on.
void follow(const std::string& path, Words words) {
    Fd socket = connect_to_daemon(path);
    std::vector<std::string> question{words.begin(), words.end()};
    const auto go_on_after = [&](std::uint64_t line) {
        question.assign(words.begin(), words.end());
        question.insert(question.end(), {"--since", text(line + 1)});
    };
    std::uint64_t last = 0;
    const auto hear = [&](std::string_view line) { last = number_of(line); };
    if (wants_no_old_line(words)) { // it must be known where those end
        std::erase_if(question, is_follow);
        question.insert(question.end(), {"-n", "1"});
        ask(socket, question, hear);
        go_on_after(last);
    }
    for (;;) {
        try {
            return ask(socket, question, [&](std::string_view line) {
                print_line(line);
                hear(line);
            });
        } catch (const Lost& lost) {
            try {
                socket = connect_to_daemon(path);
            } catch (const UserError&) {
                throw lost;
            }
        }
        if (last > 0) go_on_after(last);
    }
}

// The answer again and again, each in the place of the one before, until somebody interrupts. The lines are
// cut to the terminal's width, so that they stay where they are.
[[noreturn]] void ask_again_and_again(const std::string& path, Words words) {
    constexpr auto clear_screen = "\033[H\033[2J";
    constexpr int pause = 1000; // milliseconds
    for (;;) {
        std::string screen = clear_screen;
        winsize size{};
        ::ioctl(STDOUT_FILENO, TIOCGWINSZ, &size);
        const std::size_t width = size.ws_col > 0 ? size.ws_col : 80;
        std::size_t lines = size.ws_row > 1 ? size.ws_row - 1U : 23;
        ask(connect_to_daemon(path), words, [&](std::string_view line) {
            if (lines == 0) return;
            --lines;
            screen.append(line.substr(0, width)).append("\n");
        });
        std::fwrite(screen.data(), 1, screen.size(), stdout);
        std::fflush(stdout);
        ::poll(nullptr, 0, pause);
    }
}

} // namespace

int main(int argc, char** argv) {
    const std::string_view path = argv[0];
    const std::string program{path.substr(path.rfind('/') + 1)};
    return report_errors(program, [&] {
        CtlOptions options;
        const std::vector<Option> table = ctl_options(options);
        const std::vector<std::string> words = parse_options(argc, argv, table);
        if (options.action == Action::show_version)
            return std::printf("%s %s\n", program.c_str(), SUITE_VERSION), 0;
        if (options.action == Action::show_usage)
            return std::printf("%s", usage_text(program, table, ctl_operands).c_str()), 0;
        if (words.empty()) throw UsageError("give a verb: `help' lists the daemon's verbs");
        if (words[0] == "user") return run_user_command(daemon_of(program), options, Words{words}.subspan(1));
        const std::string daemon = daemon_of(program);
        if (words[0] == "certificate")
            run_certificate_command(Invocation{{argv, static_cast<std::size_t>(argc)}}.path(), program,
                                    Words{words}.subspan(1));
        if (options.socket.empty())
            options.socket = options.config.empty() ? default_state_directory(daemon) + "/control"
                                                    : control_named_in(options.config, daemon);
        if (words[0] == "top" && ::isatty(STDOUT_FILENO) == 1) ask_again_and_again(options.socket, words);
        if (follows(words))
            follow(options.socket, words);
        else
            ask(connect_to_daemon(options.socket), words, print_line);
        return 0;
    });
}
