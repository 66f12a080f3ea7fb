// SPDX-License-Identifier: ISC
#include "tests/e2e/secured_chat.hh"

#include "common/text.hh"
#include "tests/e2e/proc.hh"

#include <csignal>

using common::text;

namespace e2e {

SecuredChat::SecuredChat(const Words& lines, bool children_fail) : own_(make_certificate(folder_, "own")) {
    Words all{"listen 127.0.0.1:0", "listen 127.0.0.1:0 tls",
              "room lobby",         "room plans code s3cret",
              "history-on-join 0",  "certificate " + own_.certificate.string() + ' ' + own_.key.string()};
    all.insert(all.end(), lines.begin(), lines.end());
    Daemon::Setting setting = chatd_with(all);
    setting.listeners = 2;
    setting.children_fail = children_fail;
    daemon_.emplace(setting);
}

std::string SecuredChat::place() const { return text("localhost:", port()); }

std::vector<pid_t> SecuredChat::processes(const std::string& role) const {
    std::vector<pid_t> all;
    for (const ProcessStatus& child : children_of(daemon_->pid()))
        if (!orphans_.contains(child.pid) &&
            command_line_of(child.pid).find('\0' + role + '\0') != std::string::npos)
            all.push_back(child.pid);
    return all;
}

pid_t SecuredChat::process(const std::string& role) const {
    wait_until("there is one " + role, [&] { return processes(role).size() == 1; });
    return processes(role).front();
}

std::vector<pid_t> SecuredChat::relays() const {
    std::vector<pid_t> all;
    for (const pid_t tlsd : processes("tlsd"))
        for (const ProcessStatus& relay : children_of(tlsd))
            if (relay.state != 'Z') all.push_back(relay.pid);
    return all;
}

std::vector<pid_t> SecuredChat::handlers() const {
    std::vector<pid_t> all;
    for (const std::string& line : common::split_lines(chatctl(daemon(), {"who"})))
        if (const auto pid = common::parse_number<pid_t>(line.substr(0, line.find(' ')))) all.push_back(*pid);
    return all;
}

pid_t SecuredChat::handler_of(const std::string& name) const {
    for (const std::string& line : common::split_lines(chatctl(daemon(), {"who"})))
        if (line.ends_with(' ' + name)) return std::stoi(line);
    throw Failure{"nobody is called " + name};
}

void SecuredChat::kill_and_wait(const std::string& role) {
    const pid_t before = process(role);
    for (const ProcessStatus& relay : children_of(before)) orphans_.insert(relay.pid); // the keeper's then
    ::kill(before, SIGKILL);
    wait_until("there is another " + role, [&] {
        const auto now = processes(role);
        return now.size() == 1 && now.front() != before;
    });
}

Words Guest::openssl(const SecuredChat& server, const Words& more) {
    Words words{"openssl", "s_client", "-connect",           server.place(),
                "-quiet",  "-CAfile",  server.certificate(), "-verify_return_error"};
    words.insert(words.end(), more.begin(), more.end());
    return words;
}

void Guest::enter(std::string_view name, std::string_view code) {
    say(text(name, '\n', code));
    hear("/resume ");
}

void Guest::say(std::string_view line) { program_.write(text(line, '\n')); }

void check_they_talk(Guest& guest, ChatClient& ann, std::string_view word) {
    guest.say(text(word, " from the guest"));
    ann.wait_for_line(text("guest say: ", word, " from the guest"));
    ann.say(text(word, " from ann"));
    guest.hear(text("ann say: ", word, " from ann\n"));
}

} // namespace e2e
